import type { ManifestSpec } from './manifest.ts';
import { GREEN, installationMark } from './names.ts';
import type { Neighbour } from './neighbour.ts';
import type { ObservedRuleSet, ObservedRuleSets } from './observed.ts';
import { sameRule, type ReceiptRule } from './receipt-rule.ts';

/** The name under which a set is built anew while the first is in use; after the switch it is the other way round. */
export const greenNameOf = (ruleSet: string): string => ruleSet + GREEN;

type SetOptions = Pick<ManifestSpec['ruleSet'], 'name' | 'rollout'>;

/** Both names under which a set has to be looked for; a clone only where one may have been made. */
export const namesToLookFor = ({ name, rollout }: SetOptions): readonly string[] =>
  rollout === 'BlueGreen' ? [name, greenNameOf(name)] : [name];

/** Where the rules of a set are now, and where its clone is or would be. */
export type Home = {
  readonly live: string;
  /** Undefined where there is no clone and none will be made. */
  readonly twin: string | undefined;
};

/**
 * A set and its clone are one set under two names. The active one is the one in use; that is known from AWS alone, so a
 * rollout that was cut short is continued by whoever looks next.
 *
 * Who asks for `InPlace` takes the second name for theirs only if rules of this installation stand there.
 *
 * @param mark what the names of all rules of the installation begin with
 */
export function homeOf(asked: SetOptions, mark: string, { active, sets }: ObservedRuleSets): Home {
  const { name, rollout } = asked;
  const green = greenNameOf(name);
  const holdsOurs = (ruleSet: string) => sets.get(ruleSet)?.rules.some((rule) => rule.name.startsWith(mark)) ?? false;
  const isGreenLive =
    active === green
      ? rollout === 'BlueGreen' || holdsOurs(green)
      : active !== name && !sets.has(name) && holdsOurs(green);
  const [live, other] = isGreenLive ? [green, name] : [name, green];
  return { live, twin: rollout === 'BlueGreen' || holdsOurs(other) ? other : undefined };
}

/** A pipeline that is told under which name its set is in use. */
export function atHome<Lodger extends { readonly ruleSet: SetOptions; readonly block: { readonly prefix: string } }>(
  lodger: Lodger,
  ruleSets: ObservedRuleSets,
): Lodger & { readonly twin: string | undefined } {
  const { live, twin } = homeOf(lodger.ruleSet, installationMark(lodger.block.prefix), ruleSets);
  return { ...lodger, ruleSet: { ...lodger.ruleSet, name: live }, twin };
}

export function neighbourAtHome(neighbour: Neighbour, ruleSets: ObservedRuleSets): Neighbour {
  const { ruleSet, activates } = neighbour;
  const { live } = homeOf(ruleSet, installationMark(neighbour.prefix), ruleSets);
  return { ...neighbour, ruleSet: { ...ruleSet, name: live }, activates: activates === undefined ? undefined : live };
}

/**
 * A rule of somebody else that the inactive twin holds otherwise than the set in use, or that only it holds: somebody
 * has worked on either, so the twin may not be thrown away. Undefined where nothing would be lost.
 *
 * Under the second name nobody else has any business, so a clone of ours there is out of date, no more.
 */
export function unlikeRule(
  twin: ObservedRuleSet,
  live: ObservedRuleSet | undefined,
  isOurs: (ruleName: string) => boolean,
): string | undefined {
  if (twin.name.endsWith(GREEN) && twin.rules.some(({ name }) => isOurs(name))) return undefined;
  const standing = new Map((live?.rules ?? []).map((rule) => [rule.name, rule]));
  return twin.rules.find((rule) => {
    const other = standing.get(rule.name);
    return !isOurs(rule.name) && (other === undefined || !sameRule(rule, other));
  })?.name;
}

/** Whether both lists are the same rules in the same order. */
export function sameRules(a: readonly ReceiptRule[], b: readonly ReceiptRule[]): boolean {
  return (
    a.length === b.length &&
    a.every((rule, index) => {
      const other = b[index];
      return other !== undefined && rule.name === other.name && sameRule(rule, other);
    })
  );
}
