import type { Outlook } from './converge.ts';
import { mailRouting } from './mail-routing.ts';
import type { Warning } from './plan.ts';
import type { RoutingFacts } from './routing-facts.ts';
import { ruleSetsAfter } from './rule-sets-after.ts';

/** Why mail would not arrive, or not as somebody may expect, once the plan has been run. */
export function routingWarnings(
  { observation, steps }: Pick<Outlook, 'observation' | 'steps'>,
  facts: RoutingFacts,
): readonly Warning[] {
  if (observation === undefined) return [];
  const { pipelines, ruleSets } = observation.input;
  const then = ruleSetsAfter(ruleSets, steps);
  return pipelines.flatMap(({ desired }) => {
    const { findings, unknown } = mailRouting(desired, then, facts);
    const open = unknown && `Whether mail would arrive is not known: ${unknown.message}`;
    return [
      ...findings.map(({ kind, message }): Warning => ({ owner: desired.key, message, routing: kind })),
      ...(open === undefined ? [] : [{ owner: desired.key, message: open, routing: 'unknown' } as const]),
    ];
  });
}
