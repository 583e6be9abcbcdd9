import { refused, reread, type ErrorRow } from './error-row.ts';

/** Errors of SES receiving: all have status 400, so the code and at times its message decide. */
export const SES_ERRORS: readonly ErrorRow[] = [
  {
    of: 'ses',
    codes: ['Throttling', 'ThrottlingException', 'TooManyRequests'],
    class: 'throttled',
    reason: 'Throttled',
    say: () => 'SES allows one call a second in this account and region, and others use it too.',
  },
  {
    of: 'ses',
    codes: ['InvalidS3Configuration'],
    text: /No such bucket/i,
    class: 'dependency',
    reason: 'DependencyNotReady',
    say: ({ about, text }) =>
      `SES cannot find the bucket${about} (${text}). Create it, or correct spec.messageBodyStorage.`,
  },
  {
    of: 'ses',
    codes: ['InvalidS3Configuration'],
    text: /^(?!Could not write).*(KMS|encryption key)/i,
    class: 'invalid',
    reason: 'InvalidSpec',
    say: refused('Give the ARN of a KMS key in the region of the rule, or none.'),
  },
  {
    of: 'ses',
    codes: ['InvalidS3Configuration'],
    class: 'propagating',
    reason: 'WaitingForPropagation',
    say: ({ about, text }) =>
      `SES cannot yet write to the bucket${about} (${text}). A new bucket policy takes a moment to be seen; if ` +
      'this stays, ' +
      'look for a Deny in the bucket policy, the policy of its KMS key, or Object Lock.',
  },
  {
    of: 'ses',
    codes: ['InvalidLambdaFunction'],
    text: /Invalid Lambda function/i,
    class: 'invalid',
    reason: 'InvalidSpec',
    say: refused('The function must be named by its full ARN and be in the region of the rule.'),
  },
  {
    of: 'ses',
    codes: ['InvalidLambdaFunction'],
    class: 'propagating',
    reason: 'WaitingForPropagation',
    say: ({ about, text }) =>
      `SES cannot yet invoke the function${about} (${text}). A new permission takes a moment to be seen; if this ` +
      'stays, ' +
      'check that the function exists and that its resource policy admits ses.amazonaws.com.',
  },
  {
    of: 'ses',
    codes: ['InvalidSnsTopic'],
    text: /Invalid SNS topic/i,
    class: 'invalid',
    reason: 'InvalidSpec',
    say: refused('The topic must be named by its full ARN and be in the region of the rule.'),
  },
  {
    of: 'ses',
    codes: ['InvalidSnsTopic'],
    class: 'propagating',
    reason: 'WaitingForPropagation',
    say: ({ about, text }) =>
      `SES cannot yet publish to the topic${about} (${text}). If this stays, the topic's policy, or that of its ` +
      'KMS key, ' +
      'must admit ses.amazonaws.com.',
  },
  {
    of: 'ses',
    codes: ['InvalidParameterValue'],
    text: /Could not assume/i,
    class: 'propagating',
    reason: 'WaitingForPropagation',
    say: ({ about, text }) =>
      `SES cannot yet assume the role${about} (${text}). A new role takes a moment to be seen; if this stays, its ` +
      'trust ' +
      'policy must admit ses.amazonaws.com.',
  },
  {
    of: 'ses',
    codes: ['InvalidParameterValue', 'MessageRejected'],
    text: /not verified/i,
    class: 'dependency',
    reason: 'DependencyNotReady',
    say: ({ region, text }) => `SES in ${region} does not know this sender (${text}). Verify the identity there first.`,
  },
  {
    of: 'ses',
    codes: ['InvalidParameterValue'],
    text: /Positions for rules not found/i,
    class: 'stale',
    reason: 'ChangedMeanwhile',
    say: reread,
  },
  {
    of: 'ses',
    codes: ['InvalidParameterValue'],
    text: /Multiple positions found/i,
    class: 'bug',
    reason: 'InternalError',
    say: ({ text }) => `The new order of rules names one twice (${text}). Nothing was changed; please report it.`,
  },
  {
    of: 'ses',
    codes: ['InvalidParameterValue', 'ValidationError'],
    class: 'invalid',
    reason: 'InvalidSpec',
    say: refused('Correct spec.ruleSet or spec.receiptRules.'),
  },
  {
    of: 'ses',
    codes: ['AlreadyExists', 'RuleDoesNotExist', 'RuleSetDoesNotExist'],
    class: 'stale',
    reason: 'ChangedMeanwhile',
    say: reread,
  },
  {
    of: 'ses',
    codes: ['CannotDelete'],
    class: 'delete-blocked',
    reason: 'DeletionBlocked',
    say: ({ resource, text }) =>
      `SES does not delete ${resource ?? 'the rule set'} (${text}). An active rule set must be switched off first.`,
  },
  {
    of: 'ses',
    codes: ['LimitExceeded'],
    class: 'invalid',
    reason: 'QuotaExceeded',
    say: ({ about, text }) =>
      `A fixed quota of SES receiving is used up${about} (${text}): 200 rules a set, 10 actions a rule, 40 sets a ` +
      'region. ' +
      'Remove what is not needed, or unite rules.',
  },
];
