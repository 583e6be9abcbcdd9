import { hex, pipelineKey, ruleArn, rulePrefix, type PipelineIdentity } from './names.ts';

/** An IAM policy document as data. Other people's statements may hold any element, so a statement is open. */
export type PolicyDocument = {
  readonly Version?: string;
  readonly Id?: string;
  readonly Statement: readonly Statement[];
};
export type Statement = { readonly Sid?: string; readonly Effect: string } & { readonly [element: string]: unknown };

/** AWS gives a lone statement back without its list now and then. */
export function statementsOf(policy: PolicyDocument | undefined): readonly Statement[] {
  if (policy === undefined) return [];
  return Array.isArray(policy.Statement) ? policy.Statement : [policy.Statement as unknown as Statement];
}

/** Trust only Lambda. @see https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html */
export const LAMBDA_TRUST: PolicyDocument = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }],
};

/** Sid of the seed, with who it is for and a hash of what it says: a changed grant gets a new Sid. */
const BUCKET_GRANT_SID = 'PermitSESServiceToSaveEmailBody';

/** What the Sid of every statement of this pipeline begins with; nobody else's does. */
export function bucketGrantSidPrefix(identity: PipelineIdentity): string {
  return BUCKET_GRANT_SID + ownerHash(identity);
}

/**
 * Lets SES write bodies for this pipeline's rules, whatever their number and names.
 *
 * @param existingRules rules of the set that the pipeline took over under their own names
 * @see https://docs.aws.amazon.com/ses/latest/dg/receiving-email-permissions.html
 */
export function bucketGrant(
  identity: PipelineIdentity,
  bucketName: string,
  ruleSet: string,
  existingRules: readonly string[] = [],
): Statement {
  const ours = ruleArn(identity, ruleSet, `${rulePrefix(identity)}*`);
  const named = existingRules.map((name) => ruleArn(identity, ruleSet, name)).sort();
  const grant = {
    Effect: 'Allow',
    Principal: { Service: 'ses.amazonaws.com' },
    Action: 's3:PutObject',
    Resource: `arn:${identity.partition}:s3:::${bucketName}/*`,
    Condition: {
      StringEquals: { 'aws:SourceAccount': identity.account },
      ArnLike: { 'aws:SourceArn': named.length === 0 ? ours : [ours, ...named] },
    },
  };
  return { Sid: bucketGrantSidPrefix(identity) + hex([JSON.stringify(grant)]).slice(0, 10), ...grant };
}

/** One statement of a function's resource policy, as AddPermission takes it. */
export type InvokeGrant = {
  readonly statementId: string;
  readonly principal: 'ses.amazonaws.com';
  readonly action: 'lambda:InvokeFunction';
  readonly sourceAccount: string;
  readonly sourceArn: string;
};

const INVOKE_GRANT_ID = 'ses-';

/** What the id of every invoke statement of this pipeline begins with. */
export function invokeGrantIdPrefix(identity: PipelineIdentity): string {
  return `${INVOKE_GRANT_ID}${ownerHash(identity)}-`;
}

/**
 * Lets this pipeline's rules of one set invoke the function.
 * @param existingRule only this one, which the pipeline took over under its own name
 */
export function invokeGrant(identity: PipelineIdentity, ruleSet: string, existingRule?: string): InvokeGrant {
  const sourceArn = ruleArn(identity, ruleSet, existingRule ?? `${rulePrefix(identity)}*`);
  const hash = hex([identity.account, sourceArn]).slice(0, 10);
  return {
    statementId: invokeGrantIdPrefix(identity) + hash,
    principal: 'ses.amazonaws.com',
    action: 'lambda:InvokeFunction',
    sourceAccount: identity.account,
    sourceArn,
  };
}

/** The rule set that a grant names, read back from its source ARN. */
export function ruleSetOfArn(sourceArn: string): string | undefined {
  return /:receipt-rule-set\/([^:]+):receipt-rule\//.exec(sourceArn)?.[1];
}

export type Privilege = { readonly actions: readonly string[]; readonly resource: string };

/** What the function may do: write its own log, what its settings need, and what the manifest grants. */
export function rolePolicy(
  identity: PipelineIdentity,
  functionName: string,
  privileges: readonly Privilege[],
  rights: readonly Statement[],
): PolicyDocument {
  return {
    Version: '2012-10-17',
    Statement: [
      {
        Sid: OWN_LOG,
        Effect: 'Allow',
        Action: ['logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:PutLogEvents'],
        Resource: logOf(identity, functionName),
      },
      ...rights,
      ...privileges.map(({ actions, resource }, index) => ({
        Sid: `Privilege${index}`,
        Effect: 'Allow',
        Action: actions,
        Resource: resource,
      })),
    ],
  };
}

const OWN_LOG = 'WriteOwnLog';

function logOf({ partition, region, account }: PipelineIdentity, functionName: string): readonly string[] {
  const logGroup = `arn:${partition}:logs:${region}:${account}:log-group:/aws/lambda/${functionName}`;
  return [logGroup, `${logGroup}:*`];
}

/** The same for two functions, while one takes the place of the other. */
export function withLogOf(policy: PolicyDocument, identity: PipelineIdentity, functionName: string): PolicyDocument {
  const both = (resource: unknown) => [resource, logOf(identity, functionName)].flat();
  return {
    ...policy,
    Statement: policy.Statement.map((statement) =>
      statement.Sid === OWN_LOG ? { ...statement, Resource: both(statement['Resource']) } : statement,
    ),
  };
}

/**
 * Whether two documents or statements say the same: order of keys and of list members, scalar or list of one, the case
 * of condition keys, and account id or root ARN do not matter.
 */
export function samePolicy(a: unknown, b: unknown): boolean {
  return canonical(a) === canonical(b);
}

/** Elements whose members are a set, where one scalar means a list of one. */
const SETS = new Set([
  'Action',
  'NotAction',
  'Resource',
  'NotResource',
  'AWS',
  'Service',
  'Federated',
  'CanonicalUser',
  'Statement',
]);

function canonical(value: unknown, element = '', inCondition = false): string {
  if (Array.isArray(value)) {
    const members = value.map((member) => canonical(member, inCondition ? element : '', false)).sort();
    return members.length === 1 && (SETS.has(element) || inCondition) ? `[${members[0]}]` : `[${members.join(',')}]`;
  }
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).map(([key, member]) => {
      if (element === 'Condition') return [key, conditionOf(member)];
      return [key, canonical(asSet(key, member), key)];
    });
    return `{${entries
      .map(([key, text]) => `${key}:${text}`)
      .sort()
      .join(',')}}`;
  }
  const root = /^arn:[^:]+:iam::(\d{12}):root$/.exec(String(value))?.[1];
  return JSON.stringify(root ?? value);
}

function asSet(key: string, member: unknown): unknown {
  return SETS.has(key) && !Array.isArray(member) ? [member] : member;
}

/** Condition keys are case-insensitive, and a scalar equals a list of one. */
function conditionOf(operator: unknown): string {
  if (typeof operator !== 'object' || operator === null) return JSON.stringify(operator);
  const keys = Object.entries(operator).map(([key, value]) => {
    const members = (Array.isArray(value) ? value : [value]).map((member) => JSON.stringify(String(member))).sort();
    return `${key.toLowerCase()}:[${members.join(',')}]`;
  });
  return `{${keys.sort().join(',')}}`;
}

function ownerHash(identity: PipelineIdentity): string {
  return hex([identity.installation, pipelineKey(identity), identity.region]).slice(0, 10);
}
