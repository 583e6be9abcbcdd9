import { canStop, type ReceiptRule } from './receipt-rule.ts';
import { normaliseRecipient, recipientsFor, sampleAddressesOf } from './recipients.ts';

/**
 * A set of addresses: one bit for all that the rules at hand treat alike. What rules do to mail is then computed for
 * every address at once, which keeps the planner's look at every intermediate state cheap.
 */
export type AddressSet = bigint;

/** What the rules of a set do to a mail, for every address at once. */
export type Effects = {
  /** Addresses for which the rule is reached and applies. */
  readonly runs: ReadonlyMap<string, AddressSet>;
  /** Addresses for which a function of ours runs. */
  readonly served: AddressSet;
  /** Those of them for which it finds the stored body. */
  readonly handled: AddressSet;
  /** Addresses for which this rule of ours runs its function without a stored body. */
  readonly unstored: ReadonlyMap<string, AddressSet>;
};

export type Evaluator = {
  readonly addresses: (rule: ReceiptRule) => AddressSet;
  /** @param sure true: only stop actions end the evaluation; false: synchronous functions do as well */
  readonly evaluate: (rules: readonly ReceiptRule[], sure: boolean) => Effects;
};

/**
 * Addresses that all rules treat alike share one bit, so a set of 200 rules takes some hundred bits, however many
 * recipients they name.
 *
 * @param versions every version of every rule that will be looked at; unions of their recipients may be as well
 * @param bucketOf the bucket in which the bodies for a rule of ours belong; undefined for others' rules
 */
export function createEvaluator(
  versions: readonly ReceiptRule[],
  bucketOf: (ruleName: string) => string | undefined,
): Evaluator {
  const { everyone, byRecipient } = addressClasses(versions);
  const known = new WeakMap<ReceiptRule, AddressSet>();
  const addresses = (rule: ReceiptRule): AddressSet => {
    const cached = known.get(rule);
    if (cached !== undefined) return cached;
    const found = !rule.enabled
      ? 0n
      : rule.recipients.length === 0
        ? everyone
        : rule.recipients.reduce((set, recipient) => set | (byRecipient.get(normaliseRecipient(recipient)) ?? 0n), 0n);
    known.set(rule, found);
    return found;
  };

  const evaluate = (rules: readonly ReceiptRule[], sure: boolean): Effects => {
    const runs = new Map<string, AddressSet>();
    const unstored = new Map<string, AddressSet>();
    const storedIn = new Map<string, AddressSet>();
    let reaching = everyone;
    let served = 0n;
    let handled = 0n;
    for (const rule of rules) {
      const here = addresses(rule) & reaching;
      runs.set(rule.name, here);
      const bucket = bucketOf(rule.name);
      for (const action of rule.actions) {
        if (action.kind === 's3') storedIn.set(action.bucketName, (storedIn.get(action.bucketName) ?? 0n) | here);
        if (action.kind === 'lambda' && bucket !== undefined) {
          const stored = storedIn.get(bucket) ?? 0n;
          served |= here;
          handled |= here & stored;
          unstored.set(rule.name, here & ~stored);
        }
        if (action.kind === 'stop') reaching &= ~here;
      }
      if (!sure && canStop(rule)) reaching &= ~here;
    }
    return { runs, served, handled, unstored };
  };
  return { addresses, evaluate };
}

/** One bit for each set of lists of recipients that some address belongs to: versions with the same list are one. */
function addressClasses(versions: readonly ReceiptRule[]): {
  readonly everyone: AddressSet;
  readonly byRecipient: ReadonlyMap<string, AddressSet>;
} {
  const lists = new Map(versions.map(({ recipients }) => [recipients.join(), recipients]));
  const namedBy = new Map<string, Set<number>>();
  for (const [index, recipients] of [...lists.values()].entries())
    for (const recipient of recipients.map(normaliseRecipient)) {
      const found = namedBy.get(recipient) ?? new Set();
      namedBy.set(recipient, found.add(index));
    }
  const bits = new Map<string, AddressSet>();
  const byRecipient = new Map<string, AddressSet>();
  for (const sample of sampleAddressesOf(namedBy.keys())) {
    const matching = recipientsFor(sample).filter((recipient) => namedBy.has(recipient));
    const treating = new Set(matching.flatMap((recipient) => [...(namedBy.get(recipient) ?? [])]));
    const treatment = [...treating].sort((a, b) => a - b).join();
    const bit = bits.get(treatment) ?? 1n << BigInt(bits.size);
    bits.set(treatment, bit);
    for (const recipient of matching) byRecipient.set(recipient, (byRecipient.get(recipient) ?? 0n) | bit);
  }
  return { everyone: (1n << BigInt(bits.size)) - 1n, byRecipient };
}

/**
 * What a state between `before` and `after` does to mail that neither of them did.
 *
 * - `none`: each rule does to a mail what it did or what it will do, who was served and will be is served, no function
 *   runs without its stored body where it had one or will have one
 * - `extra`: all of that, but some rule also applies to a mail to which it did not and will not
 * - `lost`: some rule does not apply to a mail to which it did and will, or a body is missing
 *
 * @param isStorageRule a storage rule may store more than it did or will: that harms nobody
 */
export function harmBetween(
  before: Effects,
  after: Effects,
  now: Effects,
  isStorageRule: (ruleName: string) => boolean,
): 'none' | 'extra' | 'lost' {
  if ((before.served & after.served & ~now.served) !== 0n) return 'lost';
  if ((before.handled & after.handled & ~now.handled) !== 0n) return 'lost';
  for (const [rule, unstored] of now.unstored) {
    const allowed = (before.unstored.get(rule) ?? 0n) | (after.unstored.get(rule) ?? 0n);
    if ((unstored & ~allowed) !== 0n) return 'lost';
  }
  for (const [rule, was] of before.runs)
    if ((was & (after.runs.get(rule) ?? 0n) & ~(now.runs.get(rule) ?? 0n)) !== 0n) return 'lost';
  for (const [rule, is] of now.runs) {
    const known = (before.runs.get(rule) ?? 0n) | (after.runs.get(rule) ?? 0n);
    if ((is & ~known) !== 0n && !isStorageRule(rule)) return 'extra';
  }
  return 'none';
}
