import type { SandboxContext } from './service.ts';

/** What X-Ray knows one invocation by. */
export type Trace = { readonly traceId: string; readonly segmentId: string; readonly sampled: boolean };

/**
 * A trace of its own for an invocation. Sampled when the function traces actively, which nobody receives here.
 *
 * @see https://docs.aws.amazon.com/xray/latest/devguide/xray-api-sendingdata.html#xray-api-traceids
 */
export function newTrace({ clock, ids }: Pick<SandboxContext, 'clock' | 'ids'>, tracing: unknown): Trace {
  const seconds = Math.floor(clock.now() / 1000)
    .toString(16)
    .padStart(8, '0');
  const sampled = (tracing as { Mode?: unknown } | undefined)?.Mode === 'Active';
  return { traceId: `1-${seconds}-${ids.hex(24)}`, segmentId: ids.hex(16), sampled };
}

/** As `Lambda-Runtime-Trace-Id` has it. https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader */
export function traceHeader({ traceId, segmentId, sampled }: Trace): string {
  return `Root=${traceId};Parent=${segmentId};Sampled=${sampled ? 1 : 0}`;
}
