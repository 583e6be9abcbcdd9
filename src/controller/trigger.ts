import type { Change } from './source.ts';

/**
 * Why a run is made. For people who read the log; what the run does never depends on it.
 *
 * - `change`: the manifest is new, has changed or is gone
 * - `dependency`: something that the manifest names has changed
 * - `requested`: somebody asked for it
 * - `rules`: a look at the rule set, for another pipeline, has found its rules changed by somebody else
 * - `start`: the controller has just begun to lead
 * - `retry`: the last run ended with something that is tried again
 * - `resync`: its drift check is due
 */
export type Trigger = 'change' | 'dependency' | 'requested' | 'rules' | 'start' | 'retry' | 'resync';

/** What comes first says most about why the run cannot wait. */
const URGENCY: readonly Trigger[] = ['change', 'dependency', 'requested', 'rules', 'start', 'retry', 'resync'];

const TRIGGERS: Readonly<Record<Change['kind'], Trigger>> = {
  spec: 'change',
  gone: 'change',
  dependency: 'dependency',
};

export type Triggers = {
  readonly note: (key: string, trigger: Trigger) => void;
  /** Why the key is run now; what is noted from here on belongs to its next run. */
  readonly take: (key: string) => Trigger;
};

export const triggerOf = ({ kind }: Change): Trigger => TRIGGERS[kind];

/** Why each key waits in the queue. The queue joins what waits into one run, which is made for the most urgent cause. */
export function createTriggers(): Triggers {
  const waiting = new Map<string, Trigger>();
  return {
    note: (key, trigger) => {
      const before = waiting.get(key);
      if (before === undefined || URGENCY.indexOf(trigger) < URGENCY.indexOf(before)) waiting.set(key, trigger);
    },
    take: (key) => {
      const trigger = waiting.get(key) ?? 'resync';
      waiting.delete(key);
      return trigger;
    },
  };
}
