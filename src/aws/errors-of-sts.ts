import type { ErrorRow } from './error-row.ts';

/** What STS answers when a role is to be assumed; all else is shared. */
export const STS_ERRORS: readonly ErrorRow[] = [
  {
    of: 'sts',
    codes: ['AccessDenied'],
    text: /sts:TagSession/,
    class: 'denied',
    reason: 'AccessDenied',
    say: ({ resource }) =>
      `The controller may not put session tags on ${resource}: allow it sts:TagSession in the trust policy of the ` +
      'role and in its own policy.',
  },
  {
    of: 'sts',
    codes: ['AccessDenied'],
    text: /sts:AssumeRole/,
    class: 'denied',
    reason: 'AccessDenied',
    say: ({ resource, text }) =>
      `These credentials may not assume ${resource}: its trust policy must name ${callerIn(text)}, with the external id ` +
      'of the tenants file as sts:ExternalId, and their own policy must allow them sts:AssumeRole on the role.',
  },
  {
    of: 'sts',
    codes: ['PackedPolicyTooLarge', 'PackedPolicyTooLargeException', 'ValidationError', 'InvalidParameterValue'],
    class: 'denied',
    reason: 'TenancyDenied',
    say: ({ action, about, text }) =>
      `AWS refuses ${action}${about}: ${text}. Correct the entry of the namespace in the tenants file.`,
  },
];

/** AWS names the caller, whom the trust policy has to let in: a session by its own ARN, which stands for its role. */
const callerIn = (text: string): string => /User: (arn:\S+)/.exec(text)?.[1] ?? "the controller's own role";
