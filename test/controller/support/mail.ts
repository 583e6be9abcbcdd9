import { decodeDiscovery } from '../../../src/core/discovery.ts';
import { isRuleOf } from '../../../src/core/names.ts';
import type { ObservedBucket, ObservedFunction } from '../../../src/core/observed.ts';
import type { PolicyDocument } from '../../../src/core/policy-document.ts';
import type { ReceiptRule } from '../../../src/core/receipt-rule.ts';
import { matchingConditions } from '../../../src/sandbox/ses-recipient.ts';
import type { FakeAws } from '../../core/support/fake-aws.ts';

/** An account as far as mail meets it, at one moment. */
export type Moment = {
  readonly sets: ReadonlyMap<string, readonly ReceiptRule[]>;
  readonly active: string | undefined;
  readonly functions: ReadonlyMap<string, ObservedFunction>;
  readonly buckets: ReadonlyMap<string, ObservedBucket>;
};

export const momentOf = ({ sets, active, functions, buckets }: FakeAws): Moment => ({
  sets: new Map(sets),
  active,
  functions: new Map(functions),
  buckets: new Map(buckets),
});

/** What becomes of one mail. */
export type Handling = {
  /** Rules of ours that were reached and applied. */
  readonly applied: ReadonlySet<string>;
  /** Of those the ones whose function ran, and found the body where its discovery says. */
  readonly served: ReadonlySet<string>;
  /** Of those the ones whose function could not run, or ran without finding the body. */
  readonly unserved: ReadonlyMap<string, string>;
};

/**
 * Follows one mail through a rule set, rule by rule: written from SES's documentation, with nothing of the planner in it.
 * A synchronous function lets the mail go on.
 *
 * @param prefixes what names of our rules begin with
 */
export function deliver(
  moment: Moment,
  set: string | undefined,
  address: string,
  prefixes: readonly string[],
): Handling {
  const applied = new Set<string>();
  const served = new Set<string>();
  const unserved = new Map<string, string>();
  const stored: string[] = [];
  for (const rule of moment.sets.get(set ?? '') ?? []) {
    if (!rule.enabled || matchingConditions(rule.recipients, address).length === 0) continue;
    const prefix = prefixes.find((one) => isRuleOf(one, rule.name));
    if (prefix !== undefined) applied.add(rule.name);
    const source = `receipt-rule-set/${set}:receipt-rule/${prefix}*`;
    for (const action of rule.actions) {
      if (action.kind === 's3' && grants(moment.buckets.get(action.bucketName)?.policy, source))
        stored.push(`${action.bucketName}/${action.objectKeyPrefix ?? ''}`);
      if (action.kind === 'lambda' && prefix !== undefined) {
        const trouble = invoke(moment, action.functionArn, source, stored);
        if (trouble === undefined) served.add(rule.name);
        else unserved.set(rule.name, trouble);
      }
    }
    if (rule.actions.some(({ kind }) => kind === 'stop')) break;
  }
  return { applied, served, unserved };
}

/** Why the function does not find the mail; undefined: it does. */
function invoke(moment: Moment, arn: string, source: string, stored: readonly string[]): string | undefined {
  const fn = moment.functions.get(arn.split(':').at(-1) ?? '');
  if (fn === undefined) return 'no function';
  if (!grants(fn.policy, source)) return 'no permission to invoke';
  const places = placesIn(fn.environment);
  return stored.some((place) => places.includes(place)) ? undefined : `no body in ${places.join(' or ')}`;
}

const grants = (policy: PolicyDocument | undefined, source: string): boolean =>
  (policy?.Statement ?? []).some((statement) => JSON.stringify(statement).includes(source));

/** Every bucket with every prefix, as the function is told. */
function placesIn(environment: Readonly<Record<string, string>>): string[] {
  return Object.values(decodeDiscovery(environment) ?? {}).flatMap((entry) =>
    typeof entry === 'object' ? (entry.ObjectKeyPrefixes ?? ['']).map((prefix) => `${entry.Ref}/${prefix}`) : [],
  );
}
