import { explainMiss, isMet, type ConditionContext } from './condition.ts';
import type { Named, PolicyDocument, Principals, Statement } from './document.ts';
import { matchesAction, matchesWildcard } from './match.ts';

/** Whom a statement's Principal is compared with. `aws` is an account's root or a role, by ARN. */
export type PolicyPrincipal =
  | { readonly kind: 'service'; readonly service: string }
  | { readonly kind: 'aws'; readonly account: string; readonly arn: string };

export type Question = {
  readonly documents: readonly PolicyDocument[];
  readonly principal: PolicyPrincipal;
  /** `s3:PutObject` */
  readonly action: string;
  /** Undefined when there is none to name (a trust policy), or when any will do. */
  readonly resource?: string | undefined;
  readonly context?: ConditionContext;
};

/** `none` is the implicit deny: nothing allowed it, nothing denied it. `why` is a sentence for people. */
export type Verdict = { readonly decision: 'allow' | 'deny' | 'none'; readonly why: string };

/** A verdict with what led to it. */
export type Evaluation = Verdict & {
  /** All that deny, or else all that allow; none when nothing did either. */
  readonly deciding: readonly Statement[];
  /** Condition keys of the statements in question that the call lacks, as they were written. */
  readonly missingKeys: readonly string[];
};

/**
 * An explicit Deny wins over every Allow; without an Allow the answer is `none`.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
 */
export function evaluate(question: Question): Evaluation {
  const context = question.context ?? {};
  const statements = question.documents.flatMap((document) => document.statements);
  const addressed = statements.filter((statement) => concerns(statement, question));
  const { met, missed } = splitByConditions(addressed, context);
  const missing = addressed.flatMap(({ conditions }) => conditions.filter(({ key }) => context[key] === undefined));
  const missingKeys = [...new Set(missing.map(({ keyAsWritten }) => keyAsWritten))];

  const denying = met.filter(({ effect }) => effect === 'Deny');
  if (denying[0] !== undefined)
    return { decision: 'deny', why: `${nameOf(denying[0])} denies ${asked(question)}`, deciding: denying, missingKeys };
  const [allowing] = met;
  if (allowing !== undefined)
    return { decision: 'allow', why: `${nameOf(allowing)} allows ${asked(question)}`, deciding: met, missingKeys };

  const near = missed.find(({ statement }) => statement.effect === 'Allow');
  const hint = near === undefined ? '' : `; ${nameOf(near.statement)} would, but ${near.why}`;
  return { decision: 'none', why: `no statement allows ${asked(question)}${hint}`, deciding: [], missingKeys };
}

function concerns(statement: Statement, question: Question): boolean {
  const { principals, resources, actions, effect } = statement;
  return (
    (principals === undefined || namesPrincipal(principals, question.principal, effect)) &&
    actions.patterns.some((action) => matchesAction(action, question.action)) !== actions.allBut &&
    (resources === undefined || namesResource(resources, question.resource))
  );
}

function namesPrincipal(principals: Principals, principal: PolicyPrincipal, effect: Statement['effect']): boolean {
  if (principals.everyone) return true;
  if (principal.kind === 'service') return principals.services.includes(principal.service);
  if (principals.aws.includes(principal.arn)) return true;
  // Naming an account denies to everybody in it, but allows nobody by itself: it leaves that to their own policies.
  const namesAccount = principals.aws.some((each) => each === principal.account || isRootOf(each, principal.account));
  return namesAccount && (effect === 'Deny' || isRootOf(principal.arn, principal.account));
}

function isRootOf(arn: string, account: string): boolean {
  return arn.startsWith('arn:') && arn.endsWith(`:iam::${account}:root`);
}

function namesResource({ patterns, allBut }: Named, resource: string | undefined): boolean {
  return resource === undefined || patterns.some((pattern) => matchesWildcard(pattern, resource)) !== allBut;
}

function splitByConditions(
  statements: readonly Statement[],
  context: ConditionContext,
): { met: readonly Statement[]; missed: readonly { statement: Statement; why: string }[] } {
  const met: Statement[] = [];
  const missed: { statement: Statement; why: string }[] = [];
  for (const statement of statements) {
    const miss = statement.conditions.find((condition) => !isMet(condition, context));
    if (miss === undefined) met.push(statement);
    else missed.push({ statement, why: explainMiss(miss, context) });
  }
  return { met, missed };
}

function nameOf({ sid, effect }: Statement): string {
  return sid === undefined ? `a statement (${effect})` : `statement "${sid}"`;
}

function asked({ action, resource, principal }: Question): string {
  const who = principal.kind === 'service' ? principal.service : principal.arn;
  return `${action}${resource === undefined ? '' : ` on ${resource}`} for ${who}`;
}
