import { isDeepStrictEqual } from 'node:util';
import { RECONCILE_REQUESTED_AT } from '../core/annotations.ts';
import { isFinal, nextConditions, type Phase, type StoredCondition } from '../core/conditions.ts';
import { faultOf, type Fault } from '../core/fault.ts';
import type { Clock } from '../core/ports.ts';
import type { Condition, PipelineStatus } from '../core/status.ts';
import type { ControllerObserver } from './observer.ts';
import { outcomeOf, type Outcome } from './outcome.ts';
import type { PipelineEvent, PipelineSource, Resource, ResourceStatus } from './source.ts';

export type ReportDeps = {
  readonly source: Pick<PipelineSource, 'writeStatus' | 'tell'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly observer: Pick<ControllerObserver, 'statusWritten' | 'told' | 'faulted'>;
};

/**
 * Writes where a pipeline stands into its status, and only when that says something new.
 *
 * @param status what is known now; undefined: AWS could not be looked at, so what was known stays
 * @returns the status as it stands then
 */
export async function report(
  resource: Resource,
  phase: Phase,
  status: PipelineStatus | undefined,
  deps: ReportDeps,
): Promise<ResourceStatus> {
  if ('fault' in phase && phase.fault !== undefined) deps.observer.faulted(resource, phase.fault);
  const previous = resource.status?.conditions ?? [];
  const now = new Date(deps.clock.now()).toISOString().replace(/\.\d+Z$/, 'Z');
  const parts =
    status === undefined ? previous.filter(isPart) : status.conditions.map((part) => knownBetter(part, resource));
  const conditions = nextConditions(phase, parts as PipelineStatus['conditions'], previous, {
    now,
    generation: resource.generation,
  });
  const next: ResourceStatus = {
    ...(status ?? resource.status),
    ...handled(resource, phase),
    observedGeneration: resource.generation,
    conditions,
  };
  const changed = !sameStatus(next, resource.status);
  if (changed) await deps.source.writeStatus(resource, next);
  deps.observer.statusWritten(resource, changed ? 'written' : 'unchanged', next);
  tellTransition(resource, phase, conditions, deps);
  return next;
}

const isPart = ({ type }: StoredCondition): boolean =>
  type.endsWith('Ready') || type === 'RuleSetActive' || type === 'MailRouted';

/** That nobody answers is no reason to forget what was known of the same manifest. */
function knownBetter(part: Condition, { status, generation }: Resource): Pick<StoredCondition, keyof Condition> {
  if (part.type !== 'MailRouted' || part.status !== 'Unknown') return part;
  return (
    status?.conditions.find(
      ({ type, observedGeneration }) => type === part.type && observedGeneration === generation,
    ) ?? part
  );
}

/** Says it in an event, in the log and in the metrics. */
export function tell(
  resource: Resource,
  event: PipelineEvent,
  { source, observer }: Pick<ReportDeps, 'source' | 'observer'>,
): void {
  source.tell(resource, event);
  observer.told(resource, event);
}

/** When to look again, after what was reported. */
export function outcomeOfPhase(phase: Phase): Outcome {
  switch (phase.kind) {
    case 'settled':
    case 'drifted':
      return { kind: 'settled' };
    case 'suspended':
      return { kind: 'forget' };
    case 'working':
      return { kind: 'retry' };
    case 'retrying':
    case 'stalled':
      return outcomeOf(phase.fault);
    case 'deleting':
      return phase.fault === undefined ? { kind: 'retry' } : outcomeOf(phase.fault);
  }
}

export const phaseOf = (fault: Fault): Phase =>
  isFinal(fault.class) ? { kind: 'stalled', fault } : { kind: 'retrying', fault };

/**
 * The fault of something thrown, to be put into a status.
 *
 * @throws what has changed since it was read: that is nobody's fault, and the run is simply made again
 */
export function faultToReport(error: unknown): Fault {
  const fault = faultOf(error);
  if (fault.class === 'stale') throw error;
  return fault;
}

/** A request to look now was followed once a run has ended in which AWS was looked at. */
function handled({ annotations, status }: Resource, phase: Phase): Pick<ResourceStatus, 'lastHandledReconcileAt'> {
  const looked = phase.kind !== 'working' && phase.kind !== 'suspended';
  const request = (looked ? annotations[RECONCILE_REQUESTED_AT] : undefined) ?? status?.lastHandledReconcileAt;
  return request === undefined ? {} : { lastHandledReconcileAt: request };
}

/** In whatever order the members come: the API server sorts them. */
const sameStatus = (next: ResourceStatus, stored: ResourceStatus | undefined): boolean =>
  isDeepStrictEqual(JSON.parse(JSON.stringify(next)), stored);

/** Told once, when it begins. */
function tellTransition(
  resource: Resource,
  phase: Phase,
  conditions: readonly StoredCondition[],
  deps: ReportDeps,
): void {
  if (phase.kind === 'suspended') return;
  const stalled = conditions.find(({ type }) => type === 'Stalled');
  if (stalled === undefined) return;
  const before = resource.status?.conditions.find(({ type }) => type === 'Stalled');
  if (before?.message === stalled.message) return;
  const reason = phase.kind === 'deleting' ? 'DeletionBlocked' : 'Stalled';
  tell(resource, { type: 'Warning', reason, message: `${stalled.reason}: ${stalled.message}` }, deps);
}
