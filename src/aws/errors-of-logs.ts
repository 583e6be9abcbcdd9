import { again, refused, reread, type ErrorRow } from './error-row.ts';

/** Errors of CloudWatch Logs; what else it answers is shared. */
export const LOGS_ERRORS: readonly ErrorRow[] = [
  {
    of: 'logs',
    codes: ['ResourceAlreadyExistsException', 'ResourceNotFoundException'],
    class: 'stale',
    reason: 'ChangedMeanwhile',
    say: reread,
  },
  {
    of: 'logs',
    codes: ['OperationAbortedException', 'ServiceUnavailableException'],
    class: 'transient',
    reason: 'AwsUnavailable',
    say: again,
  },
  {
    of: 'logs',
    codes: ['LimitExceededException', 'TooManyTagsException'],
    class: 'invalid',
    reason: 'QuotaExceeded',
    say: ({ action, about, text }) =>
      `A quota of CloudWatch Logs does not admit ${action}${about}: ${text}. Remove log groups or tags that are not needed, or have it raised.`,
  },
  {
    of: 'logs',
    codes: ['InvalidParameterException', 'ValidationException'],
    class: 'invalid',
    reason: 'InvalidSpec',
    say: refused('Correct spec.function.logRetentionDays or spec.function.tags.'),
  },
];
