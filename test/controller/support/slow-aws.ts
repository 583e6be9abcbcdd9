import { createLane } from '../../../src/aws/lane.ts';
import type { Clock, Ports } from '../../../src/core/ports.ts';

const ROUND_TRIP_MS = 150;
/** Ports whose calls share SES's pace. */
const PACED = ['receiptRules', 'mailIdentities'];

/** The same AWS in time that passes: each call takes a round trip, and those of SES wait for their turn. */
export function slowed(ports: Ports, clock: Clock): Ports {
  const lane = createLane({ clock, callsPerSecond: 1 });
  const slowPorts = Object.entries(ports).map(([name, port]) => [
    name,
    Object.fromEntries(
      Object.entries(port).map(([method, call]) => {
        const send = async (args: readonly unknown[]): Promise<unknown> => {
          await clock.sleep(ROUND_TRIP_MS);
          return (call as (...given: readonly unknown[]) => unknown)(...args);
        };
        return [
          method,
          (...args: readonly unknown[]) => (PACED.includes(name) ? lane.run(() => send(args)) : send(args)),
        ];
      }),
    ),
  ]);
  return { ...(Object.fromEntries(slowPorts) as Ports), clock };
}
