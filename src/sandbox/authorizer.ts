import { needsOf, type AccountView, type Need } from './call-needs.ts';
import type { RoleBook } from './iam-roles.ts';
import type { Verdict } from './policy/evaluate.ts';
import { sessionArn } from './principal-arn.ts';
import { principalTags } from './principal-tags.ts';
import type { AwsErrorShape, Call, Principal } from './service.ts';

/** STS asks the trust policy of the role too, and judges by itself. */
const ASKED_ELSEWHERE = ['sts:AssumeRole'];

/**
 * Keeps a role's session from what its policies do not allow, as AWS does: each call with all that it needs, by resource
 * and condition. S3 judges by itself. A static key is the account, which may do everything.
 */
export function createAuthorizer(
  roles: Pick<RoleBook, 'judge'>,
  account: AccountView,
): (operation: string, call: Call) => AwsErrorShape | undefined {
  return (operation, call) => {
    const { principal } = call;
    if (principal.kind !== 'role' || ASKED_ELSEWHERE.includes(operation)) return undefined;
    for (const need of needsOf(operation, call, account).filter(({ onlyForMore }) => onlyForMore !== true)) {
      const verdict = judge(roles, principal, need);
      if (verdict.decision !== 'allow') return refusal(operation, principal, need, verdict);
    }
    return undefined;
  };
}

type Session = Extract<Principal, { readonly kind: 'role' }>;

/** What the policies of the session's role say. */
export const judge = (
  roles: Pick<RoleBook, 'judge'>,
  principal: Session,
  { action, resource, context }: Need,
): Verdict =>
  roles.judge(principal.roleArn, {
    action,
    resource,
    context: {
      ...principalTags(principal),
      'aws:principalaccount': principal.account,
      'aws:principalarn': principal.roleArn,
      ...context,
    },
  });

/** In IAM's words, with the sandbox's reason behind them. @see https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html */
function refusal(operation: string, principal: Session, need: Need, { decision, why }: Verdict): AwsErrorShape {
  const because =
    decision === 'deny'
      ? 'with an explicit deny in an identity-based policy'
      : `because no identity-based policy allows the ${need.action} action`;
  const sentence = `User: ${sessionArn(principal)} is not authorized to perform: ${need.action} on resource: ${need.resource} ${because}`;
  if (need.refusal !== undefined) return need.refusal({ sentence });
  return { ...shapeOf(operation), message: `${sentence}. Sandbox: ${why}` };
}

/** @see https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/CommonErrors.html */
function shapeOf(operation: string): Pick<AwsErrorShape, 'status' | 'code'> {
  if (operation.startsWith('logs:')) return { status: 400, code: 'AccessDeniedException' };
  return { status: 403, code: operation.startsWith('lambda:') ? 'AccessDeniedException' : 'AccessDenied' };
}
