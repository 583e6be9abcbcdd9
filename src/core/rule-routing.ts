import type { ObservedRuleSet } from './observed.ts';
import { canStop, endingOf, type ReceiptRule } from './receipt-rule.ts';
import type { RoutingFinding } from './routing-finding.ts';
import { ownsRule, type RuleBlock } from './rule-block.ts';
import { createEvaluator, type AddressSet, type Evaluator } from './rule-effects.ts';

/** What a set does to mail, worked out once for all pipelines that have rules in it. */
type Evaluation = Pick<Evaluator, 'addresses'> & { readonly runs: ReadonlyMap<string, AddressSet> };

const evaluations = new WeakMap<ObservedRuleSet, Evaluation>();

function evaluationOf(set: ObservedRuleSet): Evaluation {
  const known = evaluations.get(set);
  if (known !== undefined) return known;
  const { addresses, evaluate } = createEvaluator(set.rules, () => undefined);
  const made = { addresses, runs: evaluate(set.rules, true).runs };
  evaluations.set(set, made);
  return made;
}

/**
 * What keeps mail from the rules of one pipeline, or brings it to them twice. A rule that is not there, or not enabled,
 * is not looked at.
 */
export function judgeRules(
  block: Pick<RuleBlock, 'prefix' | 'existingRules' | 'rules'>,
  set: ObservedRuleSet,
): readonly RoutingFinding[] {
  const wanted = new Set(block.rules.map(({ name }) => name));
  const ours = set.rules.filter(({ name, enabled }) => enabled && wanted.has(name));
  const evaluation = evaluationOf(set);
  return [...ours.flatMap((rule) => stopsBefore(rule, block, set, evaluation)), ...doubled(ours, evaluation)];
}

function stopsBefore(
  rule: ReceiptRule,
  block: Pick<RuleBlock, 'prefix' | 'existingRules'>,
  set: ObservedRuleSet,
  { addresses, runs }: Evaluation,
): readonly RoutingFinding[] {
  const wanted = addresses(rule);
  const lost = wanted & ~(runs.get(rule.name) ?? 0n);
  const earlier = set.rules.slice(0, set.rules.indexOf(rule));
  const stops = earlier.filter((other) => endingOf(other) === 'always' && ((runs.get(other.name) ?? 0n) & lost) !== 0n);
  const foreign = stops.filter(({ name }) => !ownsRule(block, name));
  const [stop] = foreign;
  if (stop !== undefined) {
    const takenByThem = foreign.reduce((taken, { name }) => taken | (runs.get(name) ?? 0n), 0n) & wanted;
    const howMuch = takenByThem === wanted ? 'any of its mail' : 'some of its mail';
    return [
      {
        kind: 'stoppedByOther',
        rule: rule.name,
        message: `${whose(foreign)} the evaluation before rule ${rule.name} sees ${howMuch}. Ask its owner to move it behind, or to take the stop or the shared recipients out of it`,
      },
    ];
  }
  const [own] = stops;
  if (own !== undefined && lost === wanted)
    return [
      {
        kind: 'unreachable',
        rule: rule.name,
        message: `Rule ${rule.name} is never reached: ${own.name} of the same pipeline ends the evaluation of all its mail. List it before that rule, or take the stop out there`,
      },
    ];
  const reached = runs.get(rule.name) ?? 0n;
  const doubtful = earlier.find(
    (other) =>
      canStop(other) &&
      endingOf(other) !== 'always' &&
      !ownsRule(block, other.name) &&
      ((runs.get(other.name) ?? 0n) & reached) !== 0n,
  );
  if (doubtful === undefined) return [];
  return [
    {
      kind: 'mayBeStopped',
      rule: rule.name,
      message: `Rule ${doubtful.name}, which is not of this pipeline, may end the evaluation before rule ${rule.name}. "explain --to" with an address says why; ask its owner to move it behind if mail is missing`,
    },
  ];
}

function whose(stops: readonly ReceiptRule[]): string {
  const more = stops.length > 1 ? ` and ${stops.length - 1} more` : '';
  return `Rule ${stops[0]?.name ?? ''}${more}, not of this pipeline, ${stops.length > 1 ? 'end' : 'ends'}`;
}

/** Each rule once, with the first before it that invokes the same function for some of its mail. */
function doubled(ours: readonly ReceiptRule[], { runs }: Evaluation): readonly RoutingFinding[] {
  return ours.flatMap((rule, index): RoutingFinding[] => {
    const functions = new Set(functionsOf(rule));
    const first = ours
      .slice(0, index)
      .find(
        (other) =>
          ((runs.get(other.name) ?? 0n) & (runs.get(rule.name) ?? 0n)) !== 0n &&
          functionsOf(other).some((arn) => functions.has(arn)),
      );
    if (first === undefined) return [];
    return [
      {
        kind: 'doubled',
        rule: rule.name,
        message: `Rules ${first.name} and ${rule.name} both take some mail, so their function runs twice for it. If that is not wanted, let the first stop, or take the shared recipients out of one`,
      },
    ];
  });
}

const functionsOf = ({ actions }: ReceiptRule): readonly string[] =>
  actions.flatMap((action) => (action.kind === 'lambda' ? [action.functionArn] : []));
