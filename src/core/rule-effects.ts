import { canStop, type ReceiptRule } from './receipt-rule.ts';
import { recipientsFor, sampleAddressesOf } from './recipients.ts';

/**
 * A set of sample addresses, one bit each. What rules do to mail is then computed for all addresses at once, which
 * keeps the planner's look at every intermediate state cheap even with thousands of recipients.
 */
export type AddressSet = bigint;

/** What the rules of a set do to a mail, for every sample address at once. */
export type Effects = {
  /** Addresses for which the rule is reached and applies. */
  readonly runs: ReadonlyMap<string, AddressSet>;
  /** Addresses for which a function of ours runs. */
  readonly served: AddressSet;
  /** Addresses for which this rule of ours runs its function without a stored body. */
  readonly unstored: ReadonlyMap<string, AddressSet>;
};

export type Evaluator = {
  readonly addresses: (rule: ReceiptRule) => AddressSet;
  /** @param sure true: only stop actions end the evaluation; false: synchronous functions do as well */
  readonly evaluate: (rules: readonly ReceiptRule[], sure: boolean) => Effects;
};

/**
 * @param recipients every recipient of every rule version that will be looked at
 * @param bucketOf the bucket in which the bodies for a rule of ours belong; undefined for others' rules
 */
export function createEvaluator(
  recipients: Iterable<string>,
  bucketOf: (ruleName: string) => string | undefined,
): Evaluator {
  const samples = sampleAddressesOf(recipients);
  const everyone = (1n << BigInt(samples.length)) - 1n;
  const byRecipient = new Map<string, AddressSet>();
  for (const [index, sample] of samples.entries())
    for (const recipient of recipientsFor(sample))
      byRecipient.set(recipient, (byRecipient.get(recipient) ?? 0n) | (1n << BigInt(index)));

  const known = new WeakMap<ReceiptRule, AddressSet>();
  const addresses = (rule: ReceiptRule): AddressSet => {
    const cached = known.get(rule);
    if (cached !== undefined) return cached;
    const found = !rule.enabled
      ? 0n
      : rule.recipients.length === 0
        ? everyone
        : rule.recipients.reduce((set, recipient) => set | (byRecipient.get(recipient.toLowerCase()) ?? 0n), 0n);
    known.set(rule, found);
    return found;
  };

  const evaluate = (rules: readonly ReceiptRule[], sure: boolean): Effects => {
    const runs = new Map<string, AddressSet>();
    const unstored = new Map<string, AddressSet>();
    const storedIn = new Map<string, AddressSet>();
    let reaching = everyone;
    let served = 0n;
    for (const rule of rules) {
      const here = addresses(rule) & reaching;
      runs.set(rule.name, here);
      const bucket = bucketOf(rule.name);
      for (const action of rule.actions) {
        if (action.kind === 's3') storedIn.set(action.bucketName, (storedIn.get(action.bucketName) ?? 0n) | here);
        if (action.kind === 'lambda' && bucket !== undefined) {
          served |= here;
          unstored.set(rule.name, here & ~(storedIn.get(bucket) ?? 0n));
        }
        if (action.kind === 'stop') reaching &= ~here;
      }
      if (!sure && canStop(rule)) reaching &= ~here;
    }
    return { runs, served, unstored };
  };
  return { addresses, evaluate };
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
  for (const [rule, unstored] of now.unstored) {
    const allowed = (before.unstored.get(rule) ?? 0n) | (after.unstored.get(rule) ?? 0n);
    if ((unstored & ~allowed) !== 0n) return 'lost';
  }
  let extra = false;
  for (const rule of new Set([...before.runs.keys(), ...after.runs.keys(), ...now.runs.keys()])) {
    const was = before.runs.get(rule) ?? 0n;
    const willBe = after.runs.get(rule) ?? 0n;
    const is = now.runs.get(rule) ?? 0n;
    if ((was & willBe & ~is) !== 0n) return 'lost';
    extra ||= !isStorageRule(rule) && (is & ~(was | willBe)) !== 0n;
  }
  return extra ? 'extra' : 'none';
}
