import { ADOPT } from './annotations.ts';
import type { Desired } from './desired.ts';
import type { Fault } from './fault.ts';
import { withoutQualifier, type PipelineIdentity } from './names.ts';
import type { ObservedPipeline, ObservedRuleSets } from './observed.ts';
import { bucketGrantSidPrefix, invokeGrantIdPrefix, statementsOf } from './policy-document.ts';
import type { ReceiptRule } from './receipt-rule.ts';
import type { RuleInSet } from './rule-block.ts';

/**
 * Rules that the pipeline's own grants name by their exact ARN. Rules have no tags, so such a grant is the mark that a
 * rule under somebody else's name was taken over; the prefix covers the names that we make.
 */
export function grantedRules(identity: PipelineIdentity, observed: ObservedPipeline): RuleInSet[] {
  const { bucket, function: fn, formerFunction: former } = observed;
  const policies = [fn?.policy, fn?.alias?.policy, former?.policy, former?.alias?.policy];
  const own = [
    ...policies.flatMap(statementsOf).filter(({ Sid }) => Sid?.startsWith(invokeGrantIdPrefix(identity)) === true),
    ...statementsOf(bucket?.policy).filter(({ Sid }) => Sid?.startsWith(bucketGrantSidPrefix(identity)) === true),
  ];
  const found = own.flatMap(({ Condition: condition }) =>
    [...JSON.stringify(condition ?? '').matchAll(/:receipt-rule-set\/([^:"]+):receipt-rule\/([^"]+)"/g)].map(
      ([, ruleSet = '', name = '']) => ({ ruleSet, name }),
    ),
  );
  const exact = found.filter(({ name }) => !name.endsWith('*'));
  return [...new Map(exact.map((rule) => [`${rule.ruleSet} ${rule.name}`, rule])).values()];
}

/**
 * Which rules under others' names are the pipeline's, once AWS was looked at: those that the manifest lists, also in a
 * set that it moves out of, and those that it listed once and that still rely on its function or bucket.
 */
export function withExistingRules(desired: Desired, observed: ObservedPipeline, ruleSets: ObservedRuleSets): Desired {
  const own = desired.twin === undefined ? [desired.ruleSet.name] : [desired.ruleSet.name, desired.twin];
  const listed = new Set(desired.block.existingRules);
  const standing = grantedRules(desired.identity, observed).flatMap(({ ruleSet, name }) => {
    const rule = ruleSets.sets.get(ruleSet)?.rules.find((other) => other.name === name);
    return rule === undefined ? [] : [{ ruleSet, name, relies: reliesOn(desired, observed, rule) }];
  });
  const elsewhere = standing.filter(({ ruleSet, name }) => listed.has(name) && !own.includes(ruleSet));
  return {
    ...desired,
    existingRules: [...own.flatMap((ruleSet) => [...listed].map((name) => ({ ruleSet, name }))), ...elsewhere],
    formerRules: standing.filter(({ name, relies }) => relies && !listed.has(name)),
  };
}

const reliesOn = (desired: Desired, { formerFunction }: ObservedPipeline, { actions }: ReceiptRule): boolean =>
  actions.some(
    (action) =>
      (action.kind === 'lambda' &&
        [desired.function.arn, formerFunction?.arn].includes(withoutQualifier(action.functionArn))) ||
      (action.kind === 's3' && action.bucketName === desired.bucket.name),
  );

/** Which of them need a grant of their own, once the pipeline's rules stand in these sets. */
export const grantedByName = (
  { existingRules, formerRules }: Pick<Desired, 'existingRules' | 'formerRules'>,
  ruleSets: readonly string[],
): readonly RuleInSet[] => [...existingRules.filter(({ ruleSet }) => ruleSets.includes(ruleSet)), ...formerRules];

/** Rules of a departing pipeline under others' names: listed in its manifest, and marked by its grants. */
export function takenRules(
  listed: readonly string[],
  identity: PipelineIdentity,
  observed: ObservedPipeline,
): readonly RuleInSet[] {
  return grantedRules(identity, observed).filter(({ name }) => listed.includes(name));
}

/**
 * A rule that the manifest lists, that stands on AWS and that was never ours: whoever made it has to know.
 *
 * @returns undefined when there is none, or adoption is asked for
 */
export function unconfirmedRule(
  desired: Desired,
  observed: ObservedPipeline,
  ruleSets: ObservedRuleSets,
): Fault | undefined {
  if (desired.adopts) return undefined;
  const set = desired.ruleSet.name;
  const taken = grantedRules(desired.identity, observed).flatMap(({ ruleSet, name }) =>
    ruleSet === set ? [name] : [],
  );
  const standing = ruleSets.sets.get(set)?.rules ?? [];
  const unconfirmed = standing.find(({ name }) => desired.block.existingRules.includes(name) && !taken.includes(name));
  if (unconfirmed === undefined) return undefined;
  return {
    class: 'conflict',
    reason: 'OwnershipConflict',
    message: `Rule ${unconfirmed.name} of ${set} was not made by ses-lambda-pipeline; it is left untouched. To take it over, annotate the pipeline with ${ADOPT}: "true"`,
  };
}

/** Two pipelines cannot keep one rule as they like: the first by namespace and name has it. @returns who has not */
export function doublyListed(pipelines: readonly Desired[]): ReadonlyMap<string, Fault> {
  const owners = new Map<string, string>();
  const lost = new Map<string, Fault>();
  for (const { key, existingRules } of [...pipelines].sort((a, b) => (a.key < b.key ? -1 : 1)))
    for (const { ruleSet, name } of existingRules) {
      const rule = `${ruleSet} ${name}`;
      const owner = owners.get(rule) ?? key;
      owners.set(rule, owner);
      if (owner !== key)
        lost.set(key, {
          class: 'conflict',
          reason: 'OwnershipConflict',
          message: `Rule ${name} of ${ruleSet} is listed by pipeline ${owner} as well; take it out of one of the two`,
        });
    }
  return lost;
}

/** What to know about rules that stay behind, one sentence each. */
export function warnOfFormerRules({ formerRules }: Desired): readonly string[] {
  return formerRules.map(
    ({ ruleSet, name }) =>
      `rule ${name} of ${ruleSet} is no longer listed as a ruleName, so it is nobody's business here any more: it stays as it is, and a mail that it matches may be handled twice. Delete it, or list it again`,
  );
}
