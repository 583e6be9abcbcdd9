import type { Convergence } from '../core/converge.ts';
import type { Fault } from '../core/fault.ts';
import type { Step } from '../core/step.ts';
import type { Admitted } from './admit.ts';
import { inputsChanged } from './changed-inputs.ts';
import type { Resource } from './source.ts';

/** A pipeline that something may have to be done about on AWS. */
export type Task = Exclude<Admitted, { readonly kind: 'ended' }>;

/** What was found out about one pipeline, its status as it was last written included. */
export type Round = { readonly task: Task; current: Resource };

/** AWS differs from what it was seen to be, although nobody has changed the pipeline. */
export const drifted = (task: Task, writes: readonly Step[]): boolean =>
  task.kind === 'keep' &&
  writes.length > 0 &&
  wasReady(task.resource) &&
  !inputsChanged(task.resource, task.pipeline, writes);

export const wasReady = ({ status, generation }: Resource): boolean =>
  status?.observedGeneration === generation &&
  status.conditions.some(({ type, status: value }) => type === 'Ready' && value === 'True');

/** What went wrong in a run, for a pipeline or for the rule set that it shares. */
export const faultsOf = (key: string, run: Convergence | undefined): readonly Fault[] =>
  (run?.results ?? []).flatMap((result) =>
    result.kind === 'failed' && (result.step.owner === key || result.step.owner === undefined) ? [result.fault] : [],
  );
