import type { Clock, Ports } from '../core/ports.ts';
import { createMailRoutingLooks } from './mail-routing-looks.ts';
import { createRememberedReads, type Depth } from './remembered-reads.ts';
import { createRuleSetLooks } from './rule-set-looks.ts';

/** The ports of a region, with what is known already in front of them. */
export type Looks = {
  /**
   * To plan with.
   *
   * @param asOfMs milliseconds since 1970: the rule sets as they were then, or later
   */
  readonly planning: (asOfMs: number, depth: Depth) => Ports;
  /**
   * Where mail comes from: what SES and DNS say of it.
   *
   * @param asOfMs milliseconds since 1970: what they said then, or later
   */
  readonly routing: (asOfMs: number) => Pick<Ports, 'mailIdentities' | 'dns'>;
  /** To act with. */
  readonly acting: Ports;
  /** Milliseconds since 1970 of the look at the rule sets that `planning` goes by. */
  readonly takenAtMs: () => number;
};

/** @param onChangedByOthers told the names of rules that somebody else has changed since the look before */
export function createLooks(
  ports: Ports,
  clock: Pick<Clock, 'now'>,
  onChangedByOthers?: (rules: readonly string[]) => void,
): Looks {
  const reads = createRememberedReads(ports);
  const ruleSets = createRuleSetLooks({ ports, clock, ...(onChangedByOthers !== undefined && { onChangedByOthers }) });
  const mailRouting = createMailRoutingLooks({ ports, clock });
  return {
    planning: (asOfMs, depth) => ({ ...ports, ...reads.planning(depth), ...ruleSets.planning(asOfMs) }),
    routing: mailRouting.planning,
    acting: { ...ports, ...reads.acting, ...ruleSets.acting },
    takenAtMs: ruleSets.takenAtMs,
  };
}
