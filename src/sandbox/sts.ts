import { AwsError } from './aws-error.ts';
import type { Iam } from './iam.ts';
import { tagsOf } from './iam-input.ts';
import { sessionArn } from './principal-arn.ts';
import { principalTags } from './principal-tags.ts';
import { queryService, requiredString } from './query-service.ts';
import { homeOf, type Principal, type SandboxContext, type Service } from './service.ts';
import { stringParam, type QueryParams } from './wire/query-protocol.ts';

/** GetCallerIdentity and AssumeRole. A static access key is shown as the user `sandbox`. */
export function createSts(context: SandboxContext, iam: Pick<Iam, 'roles' | 'sessions'>): Service {
  const identityOf = (principal: Principal): { UserId: string; Account: string; Arn: string } => {
    const account = homeOf({ principal, region: '' }).account;
    if (principal.kind !== 'role') {
      return {
        UserId: 'AIDASANDBOX',
        Account: account,
        Arn: `arn:${context.partition}:iam::${account}:user/sandbox`,
      };
    }
    const id = iam.roles.byArn(principal.roleArn)?.id ?? 'AROADELETED';
    return {
      UserId: `${id}:${principal.sessionName}`,
      Account: principal.account,
      Arn: sessionArn(principal),
    };
  };

  return queryService({
    signingName: 'sts',
    namespace: 'https://sts.amazonaws.com/doc/2011-06-15/',
    emptyResults: false,
    operations: {
      GetCallerIdentity: (_params, call) => identityOf(call.principal),
      AssumeRole: (params, call) => {
        const roleArn = requiredString(params, 'RoleArn');
        const sessionName = requiredString(params, 'RoleSessionName');
        if (!/^[\w+=,.@-]{2,64}$/.test(sessionName)) {
          throw new AwsError(
            400,
            'ValidationError',
            `1 validation error detected: Value '${sessionName}' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]*`,
          );
        }
        const role = iam.roles.byArn(roleArn);
        const tags = Object.fromEntries(tagsOf(params));
        const asked = { caller: call.principal, roleArn, context: conditionsOf(params, sessionName, tags) };
        const missing = actionsOf(tags).find((action) => !mayAssume(iam, context, { ...asked, action }));
        if (role === undefined || missing !== undefined) {
          const { Arn } = identityOf(call.principal);
          throw new AwsError(
            403,
            'AccessDenied',
            `User: ${Arn} is not authorized to perform: ${missing ?? 'sts:AssumeRole'} on resource: ${roleArn}`,
          );
        }
        const seconds = durationOf(stringParam(params, 'DurationSeconds'), role.maxSessionDurationSeconds);
        const expiresAtMs = context.clock.now() + seconds * 1000;
        const credentials = iam.sessions.issue({ roleArn, sessionName, expiresAtMs, tags });
        return {
          Credentials: {
            AccessKeyId: credentials.accessKeyId,
            SecretAccessKey: credentials.secretAccessKey,
            SessionToken: credentials.sessionToken,
            Expiration: new Date(expiresAtMs).toISOString(),
          },
          AssumedRoleUser: {
            AssumedRoleId: `${role.id}:${sessionName}`,
            Arn: sessionArn({ roleArn, sessionName }),
          },
        };
      },
    },
  });
}

/** A session with tags takes a second permission. @see https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html */
const actionsOf = (tags: object): readonly string[] =>
  Object.keys(tags).length === 0 ? ['sts:AssumeRole'] : ['sts:AssumeRole', 'sts:TagSession'];

function conditionsOf(params: QueryParams, sessionName: string, tags: Readonly<Record<string, string>>) {
  const requested = Object.entries(tags).map(([key, value]) => [`aws:requesttag/${key.toLowerCase()}`, value]);
  return {
    ...Object.fromEntries(requested),
    'sts:externalid': stringParam(params, 'ExternalId'),
    'sts:rolesessionname': sessionName,
  };
}

type Asked = {
  readonly caller: Principal;
  readonly roleArn: string;
  readonly action: string;
  readonly context: ReturnType<typeof conditionsOf>;
};

/** The trust policy may name the caller itself, or its account; the latter leaves the decision to the caller's policies. */
function mayAssume(
  iam: Pick<Iam, 'roles'>,
  { partition }: SandboxContext,
  { caller, roleArn, action, context }: Asked,
): boolean {
  const { account } = homeOf({ principal: caller, region: '' });
  const root = `arn:${partition}:iam::${account}:root`;
  const known = {
    ...context,
    ...principalTags(caller),
    'aws:principalaccount': account,
    'aws:principalarn': caller.kind === 'role' ? caller.roleArn : undefined,
  };
  const trusts = (arn: string): boolean => {
    const principal = { kind: 'aws', account, arn } as const;
    return iam.roles.judgeTrust(roleArn, { action, principal, context: known }).decision === 'allow';
  };
  if (caller.kind !== 'role') return trusts(root);
  const own = iam.roles.judge(caller.roleArn, { action, resource: roleArn, context: known });
  if (own.decision === 'deny') return false;
  const sameAccount = roleArn.split(':')[4] === account;
  // Across accounts both sides have to agree; within one the trust policy may name the caller and is enough.
  if (sameAccount && trusts(caller.roleArn)) return true;
  return (trusts(caller.roleArn) || trusts(root)) && own.decision === 'allow';
}

function durationOf(text: string | undefined, maxSeconds: number): number {
  const seconds = text === undefined ? 3600 : Number(text);
  if (!Number.isInteger(seconds) || seconds < 900) {
    throw new AwsError(
      400,
      'ValidationError',
      `1 validation error detected: Value '${text}' at 'durationSeconds' failed to satisfy constraint: Member must have value greater than or equal to 900`,
    );
  }
  if (seconds > maxSeconds) {
    throw new AwsError(
      400,
      'ValidationError',
      'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.',
    );
  }
  return seconds;
}
