import type { DevEvent } from '../cli/dev-events.ts';
import type { ControllerObserver } from '../controller/observer.ts';
import type { Resource, ResourceStatus } from '../controller/source.ts';
import { describeAction, isWrite, type Step } from '../core/step.ts';

export type DevObserver = {
  readonly controller: ControllerObserver;
  /** Somebody has saved what is about to be reconciled; undefined: nobody knows when. */
  readonly saved: (noticedAtMs: number | undefined) => void;
};

type Run = {
  readonly startedAtMs: number;
  readonly asked: boolean;
  readonly steps: string[];
  resource?: Resource;
  status?: ResourceStatus;
};

/** Tells what becomes of each save: live and after how long, or not and why. A drift check that finds nothing is silent. */
export function createDevObserver({
  tell,
  now,
}: {
  readonly tell: (event: DevEvent) => void;
  readonly now: () => number;
}): DevObserver {
  const runs = new Map<string, Run>();
  /** Since when a pipeline is waited for: a save may take several runs. */
  const waitedFor = new Map<string, number>();
  const steps = new Map<string, string[]>();
  const toldOf = new Map<string, string>();
  let savedAtMs: number | undefined;
  const ignore = (): void => {};

  const finished = (key: string): void => {
    const run = runs.get(key);
    runs.delete(key);
    if (run?.resource === undefined || run.status === undefined) return;
    const done = [...(steps.get(key) ?? []), ...run.steps];
    const ready = run.status.conditions.find(({ type }) => type === 'Ready');
    const at = new Date(now()).toISOString();
    if (ready?.status !== 'True') {
      steps.set(key, done);
      const message = ready?.message ?? 'nothing is known yet';
      if (toldOf.get(key) !== message) tell({ kind: 'notLive', at, pipeline: key, message });
      toldOf.set(key, message);
      return;
    }
    const wasTrouble = toldOf.delete(key);
    const sinceMs = waitedFor.get(key) ?? run.startedAtMs;
    waitedFor.delete(key);
    steps.delete(key);
    if (!run.asked && !wasTrouble && done.length === 0) return;
    const recipients = recipientsOf(run.resource);
    tell({ kind: 'live', at, pipeline: key, steps: done, afterMs: now() - sinceMs, recipients });
  };

  return {
    saved: (noticedAtMs) => {
      savedAtMs = noticedAtMs ?? now();
    },
    controller: {
      reconcileStarted: ({ key, trigger }) => {
        const asked = trigger === 'start' || trigger === 'change' || trigger === 'dependency';
        if (asked) waitedFor.set(key, savedAtMs ?? now());
        runs.set(key, { startedAtMs: now(), asked, steps: [] });
      },
      planned: ({ key }, planned) => {
        runs.get(key)?.steps.push(...namesOf(planned));
      },
      statusWritten: (resource, _result, status) => {
        const run = runs.get(resource.key);
        if (run !== undefined) Object.assign(run, { resource, status });
      },
      reconcileFinished: ({ key }) => finished(key),
      panicked: ({ key, error }) =>
        tell({
          kind: 'notLive',
          at: new Date(now()).toISOString(),
          pipeline: key,
          message: error instanceof Error ? error.message : String(error),
        }),
      faulted: ignore,
      timedOut: ignore,
      driftDetected: ignore,
      driftRepaired: ignore,
      told: ignore,
      gone: (key) => {
        for (const each of [runs, waitedFor, steps, toldOf]) each.delete(key);
      },
    },
  };
}

const namesOf = (steps: readonly Step[]): string[] =>
  steps
    .filter(({ action }) => isWrite(action))
    .map(({ action }) => {
      const { verb, target } = describeAction(action);
      return `${verb} ${target}`;
    });

const recipientsOf = ({ manifest }: Resource): string[] => [
  ...new Set(manifest?.spec.receiptRules.flatMap(({ recipients }) => recipients) ?? []),
];
