import { invalidParameter, sesError } from './ses-error.ts';

const CHARSET = '^[a-zA-Z0-9_.-]+$';
const ALPHANUMERIC_ENDS = /^[a-zA-Z0-9](?:.*[a-zA-Z0-9])?$/;
const MAX_LENGTH = 64;

/** A value with the place the error message calls it by, such as `rule.name`. */
export type NamedValue = { readonly at: string; readonly value: string | undefined };

/**
 * SES's first layer: presence and charset, every violation joined into one `ValidationError`.
 * The set's charset has `.` too: that is what SES accepts, though its documentation leaves it out.
 */
export function requireNames(...names: readonly NamedValue[]): void {
  const violations = names.flatMap(({ at, value }) => violationOf(at, value));
  if (violations.length === 0) return;
  const count = violations.length === 1 ? '1 validation error' : `${violations.length} validation errors`;
  throw sesError('ValidationError', `${count} detected: ${violations.join('; ')}`);
}

/** SES's second layer: length and ends, the first violation answers. `what` is `ruleSetName` or `ruleName`. */
export function requireWellFormed(what: 'ruleSetName' | 'ruleName' | 'filterName', name: string): string {
  if (name.length > MAX_LENGTH || !ALPHANUMERIC_ENDS.test(name)) throw invalidParameter(`Not a valid ${what}: ${name}`);
  return name;
}

function violationOf(at: string, value: string | undefined): string[] {
  if (value === undefined) return [`Value null at '${at}' failed to satisfy constraint: Member must not be null`];
  if (new RegExp(CHARSET).test(value)) return [];
  return [`Value at '${at}' failed to satisfy constraint: Member must satisfy regular expression pattern: ${CHARSET}`];
}
