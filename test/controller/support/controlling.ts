import { onTestFinished } from 'vitest';
import { createController, type ControllerOptions } from '../../../src/controller/controller.ts';
import type { Resource } from '../../../src/controller/source.ts';
import { createTenants } from '../../../src/controller/tenants.ts';
import { createWorkQueue } from '../../../src/controller/work-queue.ts';
import { fakeAws } from '../../core/support/fake-aws.ts';
import { manualClock } from '../../kubernetes/support/manual-clock.ts';
import { fakeSource } from './fake-source.ts';

export const MINUTE_MS = 60_000;
const ignore = (): void => {};

/** A controller that runs, over one account, in time that passes only when a test says so. */
export function controlling(first: readonly Resource[], over: Partial<ControllerOptions> = {}) {
  const clock = manualClock();
  const aws = fakeAws();
  const source = fakeSource(...first);
  const finished: string[] = [];
  const started: string[] = [];
  const panicked: unknown[] = [];
  const timedOut: string[] = [];
  const gone: string[] = [];
  let ids = 0;
  const controller = createController({
    source,
    portsOf: () => aws.ports,
    tenants: createTenants(undefined, 'slp'),
    queue: createWorkQueue<string>({ clock, minRetryMs: 1_000, maxRetryMs: 5 * MINUTE_MS }),
    clock,
    after: () => () => {},
    newReconcileId: () => `run ${(ids += 1)}`,
    installation: 'slp',
    concurrency: 2,
    driftIntervalMs: 10 * MINUTE_MS,
    driftJitter: 0.1,
    reconcileTimeoutMs: 60_000,
    observer: {
      reconcileStarted: ({ key, trigger }) => void started.push(`${key} ${trigger}`),
      reconcileFinished: ({ key, result, noop, stalled }) =>
        void finished.push([key, result, ...(noop ? ['noop'] : []), ...(stalled ? ['stalled'] : [])].join(' ')),
      panicked: ({ error }) => void panicked.push(error),
      timedOut: ({ key }) => void timedOut.push(key),
      faulted: ignore,
      planned: ignore,
      driftDetected: ignore,
      driftRepaired: ignore,
      statusWritten: ignore,
      told: ignore,
      gone: (key) => void gone.push(key),
    },
    ...over,
  });
  const intake = new AbortController();
  const calls = new AbortController();
  const ended = controller.run(intake.signal, calls.signal);
  onTestFinished(async () => {
    intake.abort();
    await ended;
  });
  const runs = (count: number, maxMs = 0) => clock.runUntil(() => finished.length >= count, maxMs);
  return { clock, aws, source, started, finished, panicked, timedOut, gone, intake, calls, ended, runs };
}
