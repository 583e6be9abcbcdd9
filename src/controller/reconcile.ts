import { isDeepStrictEqual } from 'node:util';
import { converge, lookAhead, type Convergence, type Outlook } from '../core/converge.ts';
import { isFinal, nextConditions, type Phase, type StoredCondition } from '../core/conditions.ts';
import type { Pipeline } from '../core/desired.ts';
import { faultOf, type Fault } from '../core/fault.ts';
import type { FunctionCode } from '../core/function-code.ts';
import type { PipelineIdentity } from '../core/names.ts';
import type { Work } from '../core/observe.ts';
import type { Ports } from '../core/ports.ts';
import { statusOf, type PipelineStatus } from '../core/status.ts';
import { describeAction, isWrite, type Step } from '../core/step.ts';
import { neighboursOf } from './neighbours.ts';
import type { ControllerObserver } from './observer.ts';
import { outcomeOf, worstFault, type Outcome } from './outcome.ts';
import type { PropagationWatch } from './propagation-watch.ts';
import type { PipelineEvent, PipelineSource, Resource, ResourceStatus } from './source.ts';

export type ReconcileDeps = {
  readonly source: PipelineSource;
  /** The ports of a region; one lane to SES for all pipelines in it. */
  readonly portsOf: (region: string) => Ports;
  readonly installation: string;
  readonly propagation: PropagationWatch;
  readonly clock: Ports['clock'];
  readonly observer: Pick<ControllerObserver, 'planned' | 'driftDetected' | 'driftRepaired' | 'statusWritten' | 'told'>;
};

/**
 * Brings AWS in line with one pipeline. Level-based: it looks at what is, never at which event came. The status is
 * written here only, once, and only when it says something new.
 */
export async function reconcile(key: string, deps: ReconcileDeps, signal: AbortSignal): Promise<Outcome> {
  const resource = deps.source.get(key);
  if (resource === undefined) return { kind: 'forget' };
  if (resource.deleting) return tearDown(resource, deps, signal);
  const { manifest } = resource;
  if (manifest === undefined)
    return report(resource, { kind: 'stalled', fault: invalidManifest(resource) }, undefined, deps);
  if (!resource.claimed) {
    // The claim comes back as a change, and only the run that sees it writes to AWS.
    await deps.source.claim(resource);
    return { kind: 'forget' };
  }
  const { region } = manifest.spec;
  const ports = deps.portsOf(region);
  let pipeline: Pipeline;
  try {
    const identity = await identityOf(resource, region, deps, ports);
    pipeline = { manifest, identity, code: await deps.source.code(resource) };
  } catch (error) {
    return report(resource, phaseOf(faultToReport(error)), undefined, deps);
  }
  const neighbours = neighboursOf(resource.key, region, deps.source.list(), deps.installation);
  return bringAbout(resource, pipeline, { region, apply: [pipeline], remove: [], neighbours }, deps, ports, signal);
}

async function bringAbout(
  resource: Resource,
  pipeline: Pipeline,
  work: Work,
  deps: ReconcileDeps,
  ports: Ports,
  signal: AbortSignal,
): Promise<Outcome> {
  const outlook = await lookAhead(work, ports);
  const writes = writesOf(outlook);
  deps.observer.planned(resource, writes);
  if (writes.length === 0) return settle(resource, outlook, [], deps);
  const drifted = wasReady(resource) && hadCode(resource, pipeline.code);
  if (drifted) {
    deps.observer.driftDetected(resource, writes);
    tell(
      resource,
      { type: 'Warning', reason: 'DriftDetected', message: `On AWS something differs: ${namesOf(writes)}` },
      deps,
    );
  }
  const run = await converge(work, outlook, ports, { signal, waits: false });
  tellWhatHappened(resource, run, drifted, deps);
  return settle(resource, await lookAhead(work, ports), faultsOf(run), deps);
}

/** The phase follows from what went wrong and from what is still to do. */
function settle(
  resource: Resource,
  outlook: Outlook,
  runFaults: readonly Fault[],
  deps: ReconcileDeps,
): Promise<Outcome> {
  const faults = [...runFaults, ...outlook.problems.map((problem) => problem.fault)];
  const worst = deps.propagation.judge(resource.key, worstFault(faults));
  const left = writesOf(outlook);
  const status = statusFrom(outlook);
  if (worst !== undefined) return report(resource, phaseOf(worst), status, deps);
  if (left.length > 0)
    return report(resource, { kind: 'working', message: `Still to do: ${namesOf(left)}` }, status, deps);
  return report(resource, { kind: 'settled' }, status, deps);
}

async function tearDown(resource: Resource, deps: ReconcileDeps, signal: AbortSignal): Promise<Outcome> {
  if (!resource.claimed) return { kind: 'forget' };
  const live = await deps.source.read(resource.key);
  if (live === undefined || live.uid !== resource.uid || !live.deleting) return { kind: 'retry' };
  const { manifest } = live;
  if (manifest === undefined) return report(live, { kind: 'deleting', fault: invalidManifest(live) }, undefined, deps);
  const ports = deps.portsOf(manifest.spec.region);
  let identity: PipelineIdentity;
  try {
    identity = await identityOf(live, manifest.spec.region, deps, ports);
  } catch (error) {
    return report(live, { kind: 'deleting', fault: faultToReport(error) }, undefined, deps);
  }
  const work: Work = { region: identity.region, apply: [], remove: [{ manifest, identity }] };
  const outlook = await lookAhead(work, ports);
  deps.observer.planned(live, writesOf(outlook));
  const run = await converge(work, outlook, ports, { signal, waits: false });
  const left = await lookAhead(work, ports);
  const worst = worstFault([...faultsOf(run), ...left.problems.map((problem) => problem.fault)]);
  if (worst !== undefined) return report(live, { kind: 'deleting', fault: worst }, undefined, deps);
  if (writesOf(left).length > 0) return { kind: 'retry' };
  // Seen to be gone: only now may the resource go.
  tell(live, { type: 'Normal', reason: 'Deleted', message: 'What the pipeline owned on AWS is gone' }, deps);
  await deps.source.release(live);
  return { kind: 'forget' };
}

async function identityOf(
  resource: Resource,
  region: string,
  deps: ReconcileDeps,
  ports: Ports,
): Promise<PipelineIdentity> {
  const { account, partition } = await ports.identity.caller();
  const [namespace = '', name = ''] = resource.key.split('/');
  return { partition, account, region, installation: deps.installation, namespace, name };
}

async function report(
  resource: Resource,
  phase: Phase,
  status: PipelineStatus | undefined,
  deps: ReconcileDeps,
): Promise<Outcome> {
  const previous = resource.status?.conditions ?? [];
  const now = new Date(deps.clock.now()).toISOString().replace(/\.\d+Z$/, 'Z');
  const parts = status?.conditions ?? previous.filter(({ type }) => type.endsWith('Ready') || type === 'RuleSetActive');
  const conditions = nextConditions(phase, parts as PipelineStatus['conditions'], previous, {
    now,
    generation: resource.generation,
  });
  const known = status ?? resource.status ?? {};
  const next: ResourceStatus = { ...known, observedGeneration: resource.generation, conditions };
  const changed = !sameStatus(next, resource.status);
  if (changed) await deps.source.writeStatus(resource, next);
  deps.observer.statusWritten(resource, changed ? 'written' : 'unchanged', next);
  tellTransition(resource, phase, conditions, deps);
  return outcomeOfPhase(phase);
}

function outcomeOfPhase(phase: Phase): Outcome {
  switch (phase.kind) {
    case 'settled':
      return { kind: 'settled' };
    case 'working':
      return { kind: 'retry' };
    case 'retrying':
    case 'stalled':
      return outcomeOf(phase.fault);
    case 'deleting':
      return phase.fault === undefined ? { kind: 'retry' } : outcomeOf(phase.fault);
  }
}

/** What has changed since it was read is nobody's fault: the run is simply made again. */
function faultToReport(error: unknown): Fault {
  const fault = faultOf(error);
  if (fault.class === 'stale') throw error;
  return fault;
}

/** In whatever order the members come: the API server sorts them. */
const sameStatus = (next: ResourceStatus, stored: ResourceStatus | undefined): boolean =>
  isDeepStrictEqual(JSON.parse(JSON.stringify(next)), stored);

const writesOf = ({ steps }: Outlook): Step[] => steps.filter((step) => isWrite(step.action));

const phaseOf = (fault: Fault): Phase =>
  isFinal(fault.class) ? { kind: 'stalled', fault } : { kind: 'retrying', fault };

function statusFrom({ observation, steps, problems }: Outlook): PipelineStatus | undefined {
  const pipeline = observation?.input.pipelines[0];
  if (observation === undefined || pipeline === undefined) return undefined;
  return statusOf({ ...pipeline, ruleSets: observation.input.ruleSets, steps, problems });
}

function tellWhatHappened(resource: Resource, run: Convergence, drifted: boolean, deps: ReconcileDeps): void {
  const done = run.results.flatMap((result) =>
    result.kind === 'done' && isWrite(result.step.action) ? [result.step] : [],
  );
  if (done.length === 0) return;
  const created = done.some((step) => step.action.kind === 'createFunction');
  const reason = drifted ? 'DriftRepaired' : created ? 'Created' : 'Updated';
  if (drifted) deps.observer.driftRepaired(resource, done);
  tell(resource, { type: 'Normal', reason, message: namesOf(done) }, deps);
  const bucket = done.find((step) => step.action.kind === 'createBucket');
  if (bucket !== undefined && !created)
    tell(resource, { type: 'Warning', reason: 'BucketRecreated', message: bucket.why }, deps);
}

/** Told once, when it begins. */
function tellTransition(
  resource: Resource,
  phase: Phase,
  conditions: readonly StoredCondition[],
  deps: ReconcileDeps,
): void {
  const stalled = conditions.find(({ type }) => type === 'Stalled');
  if (stalled === undefined) return;
  const before = resource.status?.conditions.find(({ type }) => type === 'Stalled');
  if (before?.message === stalled.message) return;
  const reason = phase.kind === 'deleting' ? 'DeletionBlocked' : 'Stalled';
  tell(resource, { type: 'Warning', reason, message: `${stalled.reason}: ${stalled.message}` }, deps);
}

function tell(resource: Resource, event: PipelineEvent, { source, observer }: ReconcileDeps): void {
  source.tell(resource, event);
  observer.told(resource, event);
}

const wasReady = ({ status, generation }: Resource): boolean =>
  status?.observedGeneration === generation &&
  status.conditions.some(({ type, status: value }) => type === 'Ready' && value === 'True');

/** New code in a ConfigMap is no drift, although the spec is the same. */
const hadCode = ({ status }: Resource, code: FunctionCode): boolean =>
  code.kind !== 'zip' || status?.function === undefined || status.function.codeSha256 === code.sha256;

const faultsOf = (run: Convergence): Fault[] =>
  run.results.flatMap((result) => (result.kind === 'failed' ? [result.fault] : []));

const MOST_NAMED = 5;

function namesOf(steps: readonly Step[]): string {
  const names = steps.slice(0, MOST_NAMED).map(({ action }) => {
    const { verb, target } = describeAction(action);
    return `${verb} ${target}`;
  });
  return steps.length > MOST_NAMED ? `${names.join(', ')} and ${steps.length - MOST_NAMED} more` : names.join(', ');
}

function invalidManifest({ issues }: Resource): Fault {
  const [first] = issues;
  const where = first?.path.join('.') ?? '';
  return { class: 'invalid', reason: 'InvalidSpec', message: `${where}: ${first?.message ?? 'is not valid'}` };
}
