import { logsNeeds, stsNeeds, iamNeeds } from './call-needs-plain.ts';
import { lambdaNeeds } from './call-needs-lambda.ts';
import type { AwsErrorShape, Call } from './service.ts';
import type { ConditionContext } from './policy/condition.ts';

/** One question that IAM asks itself about the caller of an operation. */
export type Need = {
  readonly action: string;
  readonly resource: string;
  /** Keys in lower case, beyond those of the caller. */
  readonly context: ConditionContext;
  /** Without it the call succeeds, and its answer lacks something. */
  readonly onlyForMore?: true;
  /** How the service words it when the answer is no; left out: as IAM does. */
  readonly refusal?: (refused: Refused) => AwsErrorShape;
};

/** `sentence` is IAM's own: who may not do what, on which resource, and why. */
export type Refused = { readonly sentence: string };

/** What an account has now, as far as IAM judges by it. */
export type AccountView = {
  readonly partition: string;
  readonly role: (
    account: string,
    name: string,
  ) => { readonly arn: string; readonly boundaryArn: string | undefined } | undefined;
  /** By ARN without a qualifier. */
  readonly fn: (
    arn: string,
  ) => { readonly tags: Readonly<Record<string, string>>; readonly kmsKeyArn: string | undefined } | undefined;
};

/** Nobody needs leave to ask who he is. @see https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html */
const FREE = ['sts:GetCallerIdentity'];

/**
 * What IAM judges a call by: the action, which does not always bear the operation's name, and what else AWS asks about
 * for the same call. S3 judges its calls by itself.
 *
 * @see https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
 */
export function needsOf(operation: string, call: Call, account: AccountView): readonly Need[] {
  if (FREE.includes(operation)) return [];
  const [service = '', name = ''] = operation.split(':');
  const everywhere = { 'aws:requestedregion': call.region };
  return needsIn(service, name, call, account).map((need) => ({
    ...need,
    context: { ...everywhere, ...need.context },
  }));
}

function needsIn(service: string, name: string, call: Call, account: AccountView): readonly Need[] {
  switch (service) {
    case 's3':
      return [];
    case 'iam':
      return iamNeeds(name, call, account);
    case 'lambda':
      return lambdaNeeds(name, call, account);
    case 'logs':
      return logsNeeds(name, call, account);
    case 'sts':
      return stsNeeds(name, call);
    default:
      return [{ action: `${service}:${name}`, resource: '*', context: {} }];
  }
}
