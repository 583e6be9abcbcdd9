import type { ControllerObserver } from '../controller/observer.ts';
import type { Resource, ResourceStatus } from '../controller/source.ts';
import type { StoredCondition } from '../core/conditions.ts';
import { intervalMsOf } from '../core/interval.ts';
import { PART_CONDITIONS } from '../core/status.ts';
import { combinations, PREFIX, secondsOf, type MetricMaker } from './metric-tools.ts';

const CONDITION_TYPES = [
  'Ready',
  'Reconciling',
  'Stalled',
  ...PART_CONDITIONS,
  'Suspended',
  'Drifted',
  'MailRouted',
] as const;
const STATUSES = ['True', 'False', 'Unknown'] as const;

const LIFE_SECONDS = [1, 2.5, 5, 10, 15, 20, 30, 45, 60, 120, 300, 600, 1800, 3600, 21_600, 86_400];

const DRIFT_AGE_HELP = 'For how long a pipeline has been known to differ from AWS; 0 when it does not.';
const DELETION_AGE_HELP = 'For how long a pipeline has been seen to be deleted; 0 when it is not.';
const INTERVAL_HELP = 'How often a settled pipeline is compared with AWS.';
const LAST_SUCCESS_HELP =
  'When a reconcile of a pipeline last ended well, in seconds since 1970; before the first, when it was first seen.';

/** What is remembered of one pipeline between its reconciles. */
type Known = {
  readonly seenAtMs: number;
  /** It had no status when this process first saw it, and has not been Ready since. */
  isNew: boolean;
  deletingSinceMs: number | undefined;
  driftSinceMs: number | undefined;
  /** How often it is looked at. */
  intervalMs: number;
  lastSuccessMs: number;
  conditions: readonly StoredCondition[];
};

type PipelineMetrics = Pick<
  ControllerObserver,
  | 'reconcileStarted'
  | 'reconcileFinished'
  | 'planned'
  | 'driftDetected'
  | 'driftRepaired'
  | 'statusWritten'
  | 'told'
  | 'gone'
>;

/**
 * State of every pipeline. Only here are namespace and name labels, and they go with the pipeline.
 *
 * @param now milliseconds since 1970
 * @param driftIntervalMs of a pipeline that does not say its own
 */
export function pipelineMetrics(maker: MetricMaker, now: () => number, driftIntervalMs: number): PipelineMetrics {
  const known = new Map<string, Known>();
  const startedAtMs = new Map<string, number>();
  // Gone while it was being reconciled: what that run still tells must not bring its series back.
  const ghosts = new Set<string>();
  const { condition, ofEach, writes, transitions, firstReady, deletion } = seriesOf(maker, known, now);

  const look = (resource: Resource): Known | undefined => {
    if (ghosts.has(resource.key)) return undefined;
    const found = known.get(resource.key) ?? begin(resource.key);
    if (resource.deleting) found.deletingSinceMs ??= startedAtMs.get(resource.key) ?? now();
    if (resource.manifest !== undefined) found.intervalMs = intervalMsOf(resource.manifest) ?? driftIntervalMs;
    return found;
  };
  const begin = (key: string): Known => {
    const seenAtMs = startedAtMs.get(key) ?? now();
    const fresh: Known = {
      seenAtMs,
      isNew: false,
      deletingSinceMs: undefined,
      driftSinceMs: undefined,
      intervalMs: driftIntervalMs,
      lastSuccessMs: seenAtMs,
      conditions: [],
    };
    known.set(key, fresh);
    return fresh;
  };

  const showConditions = (key: string, before: readonly StoredCondition[], after: readonly StoredCondition[]): void => {
    for (const { type } of before.filter((old) => !after.some((other) => other.type === old.type)))
      for (const status of STATUSES) condition.remove({ ...namesOf(key), type, status });
    for (const { type, status } of after.filter(isKnownType))
      for (const each of STATUSES) condition.set({ ...namesOf(key), type, status: each }, each === status ? 1 : 0);
  };

  const showStatus = (
    key: string,
    pipeline: Known,
    before: readonly StoredCondition[],
    { conditions }: ResourceStatus,
  ): void => {
    for (const old of changed(before, conditions))
      transitions.observe(
        { type: old.type, status: old.status },
        secondsOf(now() - Date.parse(old.lastTransitionTime)),
      );
    showConditions(key, pipeline.conditions, conditions);
    if (conditions.some(isDrifted)) pipeline.driftSinceMs ??= now();
    else if (pipeline.conditions.some(isDrifted)) pipeline.driftSinceMs = undefined;
    pipeline.conditions = conditions;
    if (!pipeline.isNew || !conditions.some(isReady)) return;
    firstReady.observe(secondsOf(now() - pipeline.seenAtMs));
    pipeline.isNew = false;
  };

  return {
    reconcileStarted: ({ key }) => {
      ghosts.delete(key);
      startedAtMs.set(key, now());
    },
    reconcileFinished: ({ key, result, stalled }) => {
      startedAtMs.delete(key);
      const pipeline = known.get(key);
      const wentWell = !stalled && (result === 'success' || result === 'requeue_after');
      if (pipeline !== undefined && wentWell) pipeline.lastSuccessMs = now();
    },
    planned: (resource, steps) => {
      const pipeline = look(resource);
      // What is only watched plans nothing, and differs nevertheless.
      if (pipeline !== undefined && steps.length === 0 && !pipeline.conditions.some(isDrifted))
        pipeline.driftSinceMs = undefined;
    },
    driftDetected: (resource) => {
      const pipeline = look(resource);
      if (pipeline !== undefined) pipeline.driftSinceMs ??= now();
    },
    driftRepaired: (resource) => {
      const pipeline = look(resource);
      if (pipeline !== undefined) pipeline.driftSinceMs = undefined;
    },
    statusWritten: (resource, result, status) => {
      writes.inc({ result });
      const pipeline = look(resource);
      if (pipeline === undefined || result === 'conflict') return;
      const isFirst = pipeline.conditions.length === 0;
      // The API server fills in a status that says nothing.
      const saidNothing = (resource.status?.conditions.length ?? 0) === 0;
      pipeline.isNew ||= isFirst && saidNothing;
      showStatus(resource.key, pipeline, isFirst ? (resource.status?.conditions ?? []) : pipeline.conditions, status);
    },
    told: (resource) => void look(resource),
    gone: (key) => {
      if (startedAtMs.has(key)) ghosts.add(key);
      const pipeline = known.get(key);
      known.delete(key);
      if (pipeline === undefined) return;
      if (pipeline.deletingSinceMs !== undefined) deletion.observe(secondsOf(now() - pipeline.deletingSinceMs));
      showConditions(key, pipeline.conditions, []);
      for (const gauge of ofEach) gauge.remove(namesOf(key));
    },
  };
}

/** The metrics themselves; what grows with time is brought up to date at a scrape. */
function seriesOf({ counter, gauge, histogram }: MetricMaker, known: ReadonlyMap<string, Known>, now: () => number) {
  const states = combinations({ type: CONDITION_TYPES, status: STATUSES });

  const sinceMs = (ms: number | undefined): number => (ms === undefined ? 0 : now() - ms);
  const oneOfEach = (name: string, help: string, msOf: (pipeline: Known) => number) =>
    gauge<'namespace' | 'name'>(`${PREFIX}${name}`, help, {
      labels: ['namespace', 'name'],
      collect: (metric) => {
        for (const [key, pipeline] of known) metric.set(namesOf(key), secondsOf(msOf(pipeline)));
      },
    });

  const condition = gauge(
    `${PREFIX}condition`,
    'Conditions of each pipeline: 1 for the status that a condition has, 0 for the others.',
    {
      labels: ['namespace', 'name', 'type', 'status'],
    },
  );
  const ofEach = [
    oneOfEach('drift_age_seconds', DRIFT_AGE_HELP, ({ driftSinceMs }) => sinceMs(driftSinceMs)),
    oneOfEach('deletion_age_seconds', DELETION_AGE_HELP, ({ deletingSinceMs }) => sinceMs(deletingSinceMs)),
    oneOfEach('interval_seconds', INTERVAL_HELP, ({ intervalMs }) => intervalMs),
    oneOfEach('last_success_timestamp_seconds', LAST_SUCCESS_HELP, ({ lastSuccessMs }) => lastSuccessMs),
  ];
  const counting = (name: string, help: string, holds: (condition: StoredCondition) => boolean): void => {
    const collect = (metric: { readonly set: (value: number) => void }): void =>
      metric.set([...known.values()].filter(({ conditions }) => conditions.some(holds)).length);
    gauge(name, help, { collect });
  };
  counting(`${PREFIX}suspended`, 'Pipelines that say suspend: true.', ({ type }) => type === 'Suspended');
  counting(
    `${PREFIX}nonconverging_objects`,
    'Pipelines that were given up because the same plan kept coming back.',
    ({ type, reason }) => type === 'Stalled' && reason === 'NotConverging',
  );
  const writes = counter(
    `${PREFIX}status_writes_total`,
    'Statuses after a reconcile: written, unchanged and so not written, or refused as outdated.',
    combinations({ result: ['written', 'unchanged', 'conflict'] }),
  );
  const transitions = histogram(
    `${PREFIX}condition_transition_seconds`,
    'How long a condition had a status when it changed.',
    LIFE_SECONDS,
    { series: states },
  );
  const firstReady = histogram(
    `${PREFIX}first_time_to_ready_seconds`,
    'From the first sight of a new pipeline until it was Ready.',
    LIFE_SECONDS,
  );
  const deletion = histogram(
    `${PREFIX}deletion_seconds`,
    'From the first sight of a deletion until the pipeline was gone.',
    LIFE_SECONDS,
  );
  return { condition, ofEach, writes, transitions, firstReady, deletion };
}

function namesOf(key: string): { readonly namespace: string; readonly name: string } {
  const [namespace = '', name = ''] = key.split('/');
  return { namespace, name };
}

/** Conditions as they were, whose status is another now; one that has vanished was True and is no more. */
function changed(before: readonly StoredCondition[], after: readonly StoredCondition[]): StoredCondition[] {
  return before.filter(isKnownType).filter((old) => after.find(({ type }) => type === old.type)?.status !== old.status);
}

const isKnownType = ({ type }: StoredCondition): boolean => (CONDITION_TYPES as readonly string[]).includes(type);
const isDrifted = ({ type, status }: StoredCondition): boolean => type === 'Drifted' && status === 'True';
const isReady = ({ type, status }: StoredCondition): boolean => type === 'Ready' && status === 'True';
