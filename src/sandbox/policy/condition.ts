import { matchesArn, matchesWildcard } from './match.ts';

/** What is known about a call, by condition key in lower case: `aws:sourcearn`. */
export type ConditionContext = Readonly<Record<string, string | undefined>>;

/** One operator on one key. Several values mean "any of them" (for a negated operator: none of them). */
export type Condition = {
  readonly operator: Operator;
  readonly ifExists: boolean;
  /** Lower case: keys are case-insensitive. */
  readonly key: string;
  readonly values: readonly string[];
};

export type Operator = (typeof OPERATORS)[number];

/** The operators the sandbox evaluates. Another one is refused when the policy is put, not answered wrongly later. */
export const OPERATORS = ['StringEquals', 'StringNotEquals', 'StringLike', 'ArnEquals', 'ArnLike', 'Bool'] as const;

/**
 * True when the call meets the condition. A key the call lacks fails it, unless the operator is negated or `IfExists`.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
 */
export function isMet(condition: Condition, context: ConditionContext): boolean {
  const given = context[condition.key];
  if (given === undefined) return condition.ifExists || condition.operator === 'StringNotEquals';
  switch (condition.operator) {
    case 'StringEquals':
      return condition.values.includes(given);
    case 'StringNotEquals':
      return !condition.values.includes(given);
    case 'StringLike':
      return condition.values.some((value) => matchesWildcard(value, given));
    // AWS documents the two as identical.
    case 'ArnEquals':
    case 'ArnLike':
      return condition.values.some((value) => matchesArn(value, given));
    case 'Bool':
      return condition.values.some((value) => value.toLowerCase() === given.toLowerCase());
  }
}

/** For `why` texts: the condition and what the call has instead. */
export function explainMiss(condition: Condition, context: ConditionContext): string {
  const has = context[condition.key];
  const given = has === undefined ? 'the call has no such key' : `the call has "${has}"`;
  return `${condition.operator} ${condition.key} wants ${condition.values.map((value) => `"${value}"`).join(' or ')}, ${given}`;
}
