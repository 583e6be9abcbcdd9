import { AsyncLocalStorage } from 'node:async_hooks';
import type { PropagatingKind, SandboxContext } from './service.ts';

/** Everything a call learns that is not in the call itself: run with the same, it has the same effect. */
export type RecordedMoment = {
  /** Grows from one recorded thing to the next, through restarts. */
  readonly sequence: number;
  /** A call happens at one instant, milliseconds since 1970. */
  readonly atMs: number;
  readonly propagationMs: Readonly<Record<PropagatingKind, number>>;
  readonly createsAppend: boolean;
  /** Random digits in the order they were asked for. */
  readonly hex: readonly string[];
};

/** Time, randomness and faults as the services see them: noted down while something is recorded, given again later. */
export type ContextRecorder = {
  readonly context: SandboxContext;
  readonly record: <Result>(work: () => Result) => { readonly result: Result; readonly moment: RecordedMoment };
  readonly replay: <Result>(moment: RecordedMoment, work: () => Result) => Result;
  /** Whether the caller is inside of `record` or `replay`. */
  readonly active: () => boolean;
};

type Moment = Omit<RecordedMoment, 'hex'> & { readonly replays: boolean; readonly hex: (digits: number) => string };

/** Wraps the context that all services share. Work may be asynchronous: it keeps its own moment. */
export function recordedContext(real: SandboxContext): ContextRecorder {
  const moments = new AsyncLocalStorage<Moment>();
  const { clock, ids, faults } = real;
  let lastSequence = 0;
  return {
    context: {
      ...real,
      clock: { ...clock, now: () => moments.getStore()?.atMs ?? clock.now() },
      ids: { hex: (digits) => moments.getStore()?.hex(digits) ?? ids.hex(digits) },
      faults: {
        ...faults,
        propagationMs: (kind) => moments.getStore()?.propagationMs[kind] ?? faults.propagationMs(kind),
        createsAppend: () => moments.getStore()?.createsAppend ?? faults.createsAppend(),
        // What the pace refused was never recorded.
        sesCallsPerSecond: () => (moments.getStore()?.replays === true ? undefined : faults.sesCallsPerSecond()),
      },
    },
    record: (work) => {
      const hex: string[] = [];
      lastSequence += 1;
      const sequence = lastSequence;
      const modes = {
        sequence,
        atMs: clock.now(),
        propagationMs: {
          role: faults.propagationMs('role'),
          policy: faults.propagationMs('policy'),
          permission: faults.propagationMs('permission'),
        },
        createsAppend: faults.createsAppend(),
      };
      const note = (digits: number): string => {
        const value = ids.hex(digits);
        hex.push(value);
        return value;
      };
      const result = moments.run({ ...modes, replays: false, hex: note }, work);
      return { result, moment: { ...modes, hex } };
    },
    replay: (moment, work) => {
      lastSequence = Math.max(lastSequence, moment.sequence);
      const left = [...moment.hex];
      const hex = (digits: number): string => left.shift() ?? ids.hex(digits);
      return moments.run({ ...moment, replays: true, hex }, work);
    },
    active: () => moments.getStore() !== undefined,
  };
}
