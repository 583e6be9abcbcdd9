import type { z } from 'zod';

/** One thing that is wrong in a document. */
export type ManifestIssue = {
  /** Keys and indexes from the document's root. */
  readonly path: readonly (string | number)[];
  readonly message: string;
  /** Set for a field that does not exist. */
  readonly unknownField?: string;
};

/** What zod found wrong, in our words. */
export function toIssues(issue: z.core.$ZodIssue): ManifestIssue[] {
  const path = issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part));
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({ path: [...path, key], message: 'unknown field', unknownField: key }));
  if (issue.code === 'invalid_key') return issue.issues.map((inner) => ({ path, message: plainMessage(inner) }));
  return [{ path, message: plainMessage(issue) }];
}

function plainMessage(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return issue.message
        .replace(/^Invalid input: expected (\w+), received undefined$/, 'is required ($1)')
        .replace(/^Invalid input: expected int, received number$/, 'must be a whole number')
        .replace(/^Invalid input: expected (\w+), received (\w+)$/, 'must be of type $1, not $2');
    case 'invalid_value':
      return `must be ${issue.values.map((value) => JSON.stringify(value)).join(' or ')}`;
    case 'too_big':
      return `${tooWhat(issue.origin, 'at most')} ${issue.maximum}`;
    case 'too_small':
      return `${tooWhat(issue.origin, 'at least')} ${issue.minimum}`;
    case 'custom':
    case 'invalid_element':
    case 'invalid_format':
    case 'invalid_key':
    case 'invalid_union':
    case 'not_multiple_of':
    case 'unrecognized_keys':
      return issue.message;
  }
}

function tooWhat(origin: string, bound: string): string {
  if (origin === 'string') return `its length must be ${bound}`;
  if (origin === 'array') return `the number of items must be ${bound}`;
  return `must be ${bound}`;
}
