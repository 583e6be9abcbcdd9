import { matchesArn, matchesWildcard } from './match.ts';

/** What is known about a call, by condition key in lower case: `aws:sourcearn`. */
export type ConditionContext = Readonly<Record<string, string | undefined>>;

/** One operator on one key. Several values mean "any of them" (for a negated operator: none of them). */
export type Condition = {
  readonly operator: Operator;
  readonly ifExists: boolean;
  /** Lower case: keys are case-insensitive. */
  readonly key: string;
  readonly keyAsWritten: string;
  readonly values: readonly string[];
};

export type Operator = (typeof OPERATORS)[number];

/** The operators the sandbox evaluates. Another one is refused when the policy is put, not answered wrongly later. */
export const OPERATORS = [
  'StringEquals',
  'StringNotEquals',
  'StringEqualsIgnoreCase',
  'StringNotEqualsIgnoreCase',
  'StringLike',
  'StringNotLike',
  'ArnEquals',
  'ArnNotEquals',
  'ArnLike',
  'ArnNotLike',
  'Bool',
  'Null',
] as const;

/**
 * True when the call meets the condition. A key the call lacks fails it, unless the operator is negated or `IfExists`.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
 */
export function isMet({ operator, ifExists, key, values }: Condition, context: ConditionContext): boolean {
  const given = context[key];
  if (operator === 'Null') return values.some((value) => (value.toLowerCase() === 'true') === (given === undefined));
  const negated = operator.includes('Not');
  if (given === undefined) return ifExists || negated;
  return values.some((value) => fits(operator, value, given)) !== negated;
}

/** Whether one value fits, for a negated operator before it is negated. */
function fits(operator: Exclude<Operator, 'Null'>, value: string, given: string): boolean {
  switch (operator) {
    case 'StringEquals':
    case 'StringNotEquals':
      return value === given;
    case 'StringEqualsIgnoreCase':
    case 'StringNotEqualsIgnoreCase':
    case 'Bool':
      return value.toLowerCase() === given.toLowerCase();
    case 'StringLike':
    case 'StringNotLike':
      return matchesWildcard(value, given);
    // AWS documents Equals and Like as identical.
    case 'ArnEquals':
    case 'ArnNotEquals':
    case 'ArnLike':
    case 'ArnNotLike':
      return matchesArn(value, given);
  }
}

/** For `why` texts: the condition and what the call has instead. */
export function explainMiss(condition: Condition, context: ConditionContext): string {
  const has = context[condition.key];
  const given = has === undefined ? 'the call has no such key' : `the call has "${has}"`;
  return `${condition.operator} ${condition.key} wants ${condition.values.map((value) => `"${value}"`).join(' or ')}, ${given}`;
}
