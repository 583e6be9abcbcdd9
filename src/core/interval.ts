import { z } from 'zod';
import { cel } from './cel.ts';
import { DURATION, parseDurationMs } from './duration.ts';
import type { Manifest } from './manifest.ts';

const LEAST = '30s';
const MOST = '24h';
const MESSAGE = `must be a duration from ${LEAST} to ${MOST}, such as 90s, 10m or 1h30m`;

/** A duration as text, since that is what the resource keeps. */
export const intervalSchema = z
  .string()
  .max(32)
  .regex(DURATION, MESSAGE)
  .refine((text) => !DURATION.test(text) || isWithinBounds(text), MESSAGE)
  .optional()
  .meta({
    description:
      'How often the controller looks for differences, such as 90s, 10m or 1h30m. Not set: the drift interval of the controller.',
    ...cel({
      rule: `duration(self) >= duration('${LEAST}') && duration(self) <= duration('${MOST}')`,
      message: MESSAGE,
    }),
  });

/** Milliseconds between two looks at the pipeline; undefined: whatever the controller's setting says. */
export function intervalMsOf({ spec }: Pick<Manifest, 'spec'>): number | undefined {
  return spec.interval === undefined ? undefined : parseDurationMs(spec.interval);
}

function isWithinBounds(text: string): boolean {
  const [ms = 0, leastMs = 0, mostMs = 0] = [text, LEAST, MOST].map(parseDurationMs);
  return ms >= leastMs && ms <= mostMs;
}
