import type { Outcome } from '../../../src/controller/outcome.ts';
import { createConvergenceWatch } from '../../../src/controller/convergence-watch.ts';
import { createFaultStreaks } from '../../../src/controller/fault-streaks.ts';
import { createPropagationWatch } from '../../../src/controller/propagation-watch.ts';
import { reconcile, type ReconcileDeps } from '../../../src/controller/reconcile.ts';
import { createLooks, type Looks } from '../../../src/controller/looks.ts';
import type { ControllerObserver } from '../../../src/controller/observer.ts';
import type { Resource } from '../../../src/controller/source.ts';
import { createTenants, placeKey, type Place } from '../../../src/controller/tenants.ts';
import { UNTRACED } from '../../../src/controller/tracing.ts';
import type { RoleSession, Tenancy } from '../../../src/core/tenancy.ts';
import { describeAction, type Step } from '../../../src/core/step.ts';
import { everyObserver, silentObserver } from '../../../src/service/observers.ts';
import { fakeAws, type FakeAws } from '../../core/support/fake-aws.ts';
import { fakeSource, type FakeSource } from './fake-source.ts';
import { KEY, resource } from './resource.ts';

/** One source, one account, and what came of each reconcile. */
export type Reconciling = {
  readonly aws: FakeAws;
  readonly source: FakeSource;
  /** What the observer was told, such as `drift detected: update function x`. */
  readonly told: string[];
  /** As whom AWS was connected to; undefined for the controller itself. */
  readonly roles: () => readonly (RoleSession | undefined)[];
  readonly reconcile: (key?: string, signal?: AbortSignal) => Promise<Outcome>;
  /** Has one more observer told everything. */
  readonly listen: (observer: ControllerObserver) => void;
  /** Several at once: they share a look at the rule sets, and a plan. */
  readonly reconcileAll: (...keys: readonly string[]) => Promise<ReadonlyMap<string, Outcome>>;
  /** The run under way has taken longer than five seconds; told once. */
  readonly takesLong: () => void;
  /** Reconciles, and gives what was done meanwhile. */
  readonly next: (key?: string) => Promise<{
    readonly outcome: Outcome;
    readonly writes: readonly string[];
    readonly statuses: number;
    readonly events: readonly string[];
  }>;
  /** `Ready=True Succeeded` and so on, as it stands. */
  readonly conditions: (...types: readonly string[]) => readonly string[];
};

/** A controller's one pass over some pipelines, with all that it remembers between passes. */
export function controllerOver(
  aws: Pick<FakeAws, 'ports'>,
  source: FakeSource,
  over: Partial<Pick<ReconcileDeps, 'after' | 'observer' | 'portsOf' | 'tenants'>> = {},
) {
  const looks = new Map<string, Looks>();
  const looksOf = (place: Place): Looks => {
    const made = looks.get(placeKey(place)) ?? createLooks(aws.ports, aws.ports.clock);
    looks.set(placeKey(place), made);
    return made;
  };
  const deps: ReconcileDeps = {
    source,
    portsOf: () => aws.ports,
    tenants: createTenants(undefined, 'slp'),
    looksOf,
    installation: 'slp',
    streaks: createFaultStreaks(),
    convergence: createConvergenceWatch(),
    after: () => () => {},
    propagation: createPropagationWatch(aws.ports.clock),
    clock: aws.ports.clock,
    observer: silentObserver,
    tracing: UNTRACED,
    ...over,
  };
  const run = async (
    keys: readonly string[],
    signal = new AbortController().signal,
    giveWay = new AbortController().signal,
  ) => {
    await aws.ports.clock.sleep(1); // each run looks anew
    const nowMs = aws.ports.clock.now();
    return reconcile(
      { keys, lookedAfterMs: nowMs, readAfterMs: nowMs, routedAfterMs: nowMs - 3_600_000, depth: 'full', giveWay },
      deps,
      signal,
    );
  };
  return { run };
}

export const reconciling = (...resources: readonly Resource[]): Reconciling =>
  reconcilingUnder(undefined, ...resources);

/** With namespaces kept apart; every role leads to the same account. */
export function reconcilingUnder(tenancy: Tenancy | undefined, ...resources: readonly Resource[]): Reconciling {
  const places = new Map<string, Place>();
  const aws = fakeAws();
  const source = fakeSource(...resources);
  const told: string[] = [];
  const note = (what: string) => (_: unknown, steps: readonly Step[]) =>
    void told.push(`${what}: ${steps.map(({ action }) => describeAction(action).verb).join(' ')}`);
  const listening = { observer: silentObserver };
  let whenLong: (() => void) | undefined;
  const { run: runAll } = controllerOver(aws, source, {
    portsOf: (place) => {
      places.set(placeKey(place), place);
      return aws.ports;
    },
    tenants: createTenants(tenancy, 'slp'),
    after: (_, call) => {
      whenLong = call;
      return () => void (whenLong = undefined);
    },
    observer: everyObserver([
      {
        ...silentObserver,
        planned: note('planned'),
        driftDetected: note('drift detected'),
        driftRepaired: note('drift repaired'),
        statusWritten: (_, result) => void told.push(`status ${result}`),
        told: (_, event) => void told.push(`event ${event.reason}`),
      },
      new Proxy(silentObserver, { get: (_, name: keyof ControllerObserver) => listening.observer[name] }),
    ]),
  });
  const run = async (key = KEY, signal?: AbortSignal): Promise<Outcome> => {
    const outcome = (await runAll([key], signal)).get(key);
    if (outcome === undefined) throw new Error(`nothing came of ${key}`);
    if (outcome.kind === 'threw') throw outcome.error;
    return outcome;
  };
  return {
    aws,
    source,
    told,
    roles: () => [...places.values()].map(({ role }) => role),
    listen: (observer) => {
      listening.observer = observer;
    },
    reconcile: run,
    reconcileAll: (...keys) => runAll(keys),
    takesLong: () => {
      const call = whenLong;
      whenLong = undefined;
      call?.();
    },
    next: async (key) => {
      const before = { writes: aws.writes().length, statuses: source.statuses.length, events: source.events.length };
      const outcome = await run(key);
      return {
        outcome,
        writes: aws.writes().slice(before.writes),
        statuses: source.statuses.length - before.statuses,
        events: source.events.slice(before.events).map(({ reason }) => reason),
      };
    },
    conditions: (...types) =>
      (source.resources.get(KEY)?.status?.conditions ?? [])
        .filter(({ type }) => types.includes(type))
        .map(({ type, status, reason }) => `${type}=${status} ${reason}`),
  };
}

export const SUMMARY = ['Ready', 'Reconciling', 'Stalled'] as const;

/** A pipeline that was brought about and told to be so. */
export async function ready(spec: object = {}): Promise<Reconciling> {
  const world = reconciling(resource(spec));
  await world.reconcile();
  const summary = world.conditions('Ready').join();
  if (summary !== 'Ready=True Succeeded') throw new Error(`it did not become Ready: ${summary}`);
  return world;
}

/** Another state of the pipeline, as its source would see it. */
export function change({ source }: Reconciling, over: Partial<Resource>): void {
  const before = source.resources.get(KEY);
  if (before !== undefined) source.resources.set(KEY, { ...before, ...over });
}
