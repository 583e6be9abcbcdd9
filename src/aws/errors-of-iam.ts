import { again, refused, reread, type ErrorRow } from './error-row.ts';

/** Errors of IAM. A full quota is never a throttle, although its name is on the SDK's list of those. */
export const IAM_ERRORS: readonly ErrorRow[] = [
  { of: 'iam', codes: ['EntityAlreadyExists'], class: 'stale', reason: 'ChangedMeanwhile', say: reread },
  {
    of: 'iam',
    codes: ['LimitExceeded'],
    class: 'invalid',
    reason: 'QuotaExceeded',
    say: ({ about, text }) =>
      `An IAM quota is used up${about} (${text}). Have it raised in Service Quotas, or remove what is not needed.`,
  },
  {
    of: 'iam',
    operation: 'SimulatePrincipalPolicy',
    codes: ['NoSuchEntity', 'InvalidInput'],
    class: 'dependency',
    reason: 'DependencyNotReady',
    say: ({ resource, text }) =>
      `IAM cannot say what ${resource ?? 'the role'} may do: ${text}. Give the ARN of a role or user of this account, with its path.`,
  },
  {
    of: 'iam',
    codes: ['NoSuchEntity'],
    text: /arn:[^:]*:iam::[^:]*:policy\//i,
    class: 'dependency',
    reason: 'DependencyNotReady',
    say: ({ about, text }) =>
      `A managed policy is missing${about} (${text}). Create it, or correct its ARN under spec.role, or in the ` +
      'tenants file where it is the boundary that is forced.',
  },
  {
    of: 'iam',
    codes: ['NoSuchEntity'],
    class: 'propagating',
    reason: 'WaitingForPropagation',
    say: ({ resource, text }) => `IAM does not yet show ${resource ?? 'the role'} everywhere (${text}).`,
  },
  {
    of: 'iam',
    codes: ['MalformedPolicyDocument', 'InvalidInput', 'ValidationError', 'PolicyNotAttachable'],
    class: 'invalid',
    reason: 'InvalidSpec',
    say: refused('Correct spec.role.'),
  },
  {
    of: 'iam',
    codes: ['UnmodifiableEntity'],
    class: 'conflict',
    reason: 'OwnershipConflict',
    say: refused('The role belongs to an AWS service; name another one.'),
  },
  {
    of: 'iam',
    codes: ['DeleteConflict'],
    class: 'delete-blocked',
    reason: 'DeletionBlocked',
    say: ({ resource, text }) =>
      `IAM does not delete ${resource ?? 'the role'} while something is attached to it (${text}). Detach what ` +
      'others attached.',
  },
  {
    of: 'iam',
    codes: ['ConcurrentModification', 'EntityTemporarilyUnmodifiable', 'ServiceFailure'],
    class: 'transient',
    reason: 'AwsUnavailable',
    say: again,
  },
];
