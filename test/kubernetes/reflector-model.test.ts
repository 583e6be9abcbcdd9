import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CONFIG_MAPS } from '../../src/kubernetes/api-object.ts';
import { refusedCall } from '../../src/kubernetes/api-error.ts';
import { createReflector, type ObjectChange } from '../../src/kubernetes/reflector.ts';
import { configMap, type TestObject } from './support/api-server.ts';
import { cluster, type Cluster, type ListScript, type WatchScript } from './support/cluster.ts';
import { manualClock } from './support/manual-clock.ts';

type Step =
  | { readonly kind: 'put' | 'remove'; readonly name: string }
  | { readonly kind: 'recreate'; readonly name: string }
  | { readonly kind: 'compact' | 'restart' }
  | { readonly kind: 'wait'; readonly ms: number };

const name = fc.constantFrom('a', 'b', 'c', 'd', 'e');
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('put' as const), name }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('remove' as const), name }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('recreate' as const), name }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('compact' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart' as const) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.nat(5_000) }) },
);
const listScript: fc.Arbitrary<ListScript> = fc.oneof(
  fc.record({ kind: fc.constantFrom('fine' as const, 'fails' as const, 'page-expires' as const) }),
  fc.record({ kind: fc.constant('lags' as const), versions: fc.nat(8) }),
);
const watchScript: fc.Arbitrary<WatchScript> = fc.record({
  events: fc.nat(4),
  end: fc.constantFrom('close', 'break', 'expired', 'error', 'rubbish'),
  bookmark: fc.boolean(),
});

describe('a reflector', () => {
  it('converges to what the server has and tells every difference once, whatever the server does', async () => {
    expect.hasAssertions();
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 30 }),
        fc.array(listScript, { maxLength: 6 }),
        fc.array(watchScript, { maxLength: 12 }),
        async (steps, lists, watches) => {
          const clock = manualClock();
          const server = cluster();
          const replica = replicaOf();
          server.script(lists, watches);
          const reflector = reflectorOf(server, clock, replica.apply);
          reflector.start();

          for (const each of steps) {
            await take(each, server, clock, reflector);
            expect(byName(reflector.list())).toEqual(byName([...replica.objects.values()]));
          }
          server.script([], []);
          await clock.advance(60_000);

          expect(byName(reflector.list())).toEqual(byName(server.objects()));
          expect(byName([...replica.objects.values()])).toEqual(byName(server.objects()));
          expect(replica.complaints).toEqual([]);
          reflector.stop();
        },
      ),
      { numRuns: 300 },
    );
  });

  it('backs off from 800 ms to 30 s, and from the start again after two healthy minutes', async () => {
    const clock = manualClock(() => 0.999_999);
    const delays: number[] = [];
    const server = cluster();
    const healthyMs = [119_000, 120_000];
    let lists = 0;
    const api: Cluster['api'] = {
      list: (resource, options) => {
        lists += 1;
        return lists <= 7 ? Promise.reject(refusedCall(CALL, 503, {})) : server.api.list(resource, options);
      },
      watch: async () => breakAfter(clock, healthyMs.shift() ?? 1e9),
    };
    const reflector = reflectorOf(
      { api },
      clock,
      () => {},
      (retryInMs) => delays.push(Math.round(retryInMs)),
    );
    reflector.start();

    await clock.advance(600_000);

    expect(delays).toEqual([1_600, 3_200, 6_400, 12_800, 25_600, 30_000, 30_000, 30_000, 1_600]);
    reflector.stop();
  });

  it('waits as long as a 429 asks for', async () => {
    const clock = manualClock();
    const server = cluster();
    let lists = 0;
    const api: Cluster['api'] = {
      ...server.api,
      list: (resource, options) => {
        lists += 1;
        return lists === 1 ? Promise.reject(refusedCall(CALL, 429, {}, 17_000)) : server.api.list(resource, options);
      },
    };
    const reflector = reflectorOf({ ...server, api }, clock, () => {});
    reflector.start();

    await clock.advance(16_999);
    expect(lists).toBe(1);
    await clock.advance(1);

    expect(reflector.synced()).toBe(true);
    reflector.stop();
  });

  it('does not hurry when every watch expires at once', async () => {
    const clock = manualClock();
    const server = cluster();
    let lists = 0;
    const api: Cluster['api'] = {
      list: (resource, options) => {
        lists += 1;
        return server.api.list(resource, options);
      },
      watch: () => Promise.reject(refusedCall(CALL, 410, {})),
    };
    const reflector = reflectorOf({ ...server, api }, clock, () => {});
    reflector.start();

    await clock.advance(30_000);

    expect(lists).toBeGreaterThan(3);
    expect(lists).toBeLessThan(10);
    reflector.stop();
  });

  it('ignores what a stopped generation still brings', async () => {
    const clock = manualClock();
    const server = cluster();
    const late = Promise.withResolvers<void>();
    let opened = 0;
    const deaf: Cluster['api'] = {
      ...server.api,
      watch: async (resource, options) => {
        opened += 1;
        if (opened > 1) return server.api.watch(resource, options);
        return (async function* events() {
          await late.promise; // takes no notice of the signal
          yield { kind: 'added' as const, object: configMap('ghost', '99') as never };
        })();
      },
    };
    const told: string[] = [];
    const reflector = reflectorOf(
      { ...server, api: deaf },
      clock,
      ({ object }) => void told.push(object.metadata.name),
    );
    reflector.start();
    await clock.advance(0);
    reflector.stop();
    reflector.start();
    await clock.advance(0);

    late.resolve();
    server.put('a');
    await clock.advance(10);

    expect(told).toEqual(['a']);
    expect(reflector.freshness().connectedSinceMs).toBeDefined();
    reflector.stop();
  });
});

/** A watch that brings nothing and then breaks. */
function breakAfter(clock: ReturnType<typeof manualClock>, healthyMs: number): AsyncIterable<never> {
  const next = async (): Promise<never> => {
    await clock.sleep(healthyMs);
    throw refusedCall(CALL, 503, {});
  };
  return { [Symbol.asyncIterator]: () => ({ next }) };
}

const CALL = { operation: 'kubernetes:list', about: 'configmaps' };

function reflectorOf(
  { api }: Pick<Cluster, 'api'>,
  clock: ReturnType<typeof manualClock>,
  onChange: (change: ObjectChange<TestObject>) => void,
  failed: (retryInMs: number) => void = () => {},
) {
  return createReflector<TestObject>({
    api,
    clock,
    resource: CONFIG_MAPS,
    namespaces: 'all',
    onChange,
    observer: { failed: ({ retryInMs }) => failed(retryInMs) },
  });
}

async function take(
  step: Step,
  server: Cluster,
  clock: ReturnType<typeof manualClock>,
  reflector: ReturnType<typeof reflectorOf>,
): Promise<void> {
  switch (step.kind) {
    case 'put':
      return server.put(step.name);
    case 'remove':
      return server.remove(step.name);
    case 'recreate':
      server.remove(step.name);
      return server.put(step.name);
    case 'compact':
      return server.compact();
    case 'restart':
      reflector.stop();
      return reflector.start();
    case 'wait':
      return await clock.advance(step.ms);
  }
}

/** What somebody has who believes every change and nothing else. */
function replicaOf() {
  const objects = new Map<string, TestObject>();
  const complaints: string[] = [];
  const apply = (change: ObjectChange<TestObject>): void => {
    const { name, uid } = change.object.metadata;
    const known = objects.get(name);
    const told = `${change.kind} ${name}`;
    if (change.kind === 'deleted') objects.delete(name);
    else objects.set(name, change.object);
    if (change.kind === 'added' && known !== undefined) complaints.push(`${told} twice`);
    if (change.kind !== 'added' && known === undefined) complaints.push(`${told} before added`);
    if (change.kind !== 'added' && known?.metadata.uid !== uid) complaints.push(`${told} of another uid`);
    if (change.kind === 'updated' && change.before !== known) complaints.push(`${told} from what was never told`);
  };
  return { objects, complaints, apply };
}

function byName(objects: readonly TestObject[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    objects.map(({ metadata }) => [metadata.name, `${metadata.uid}@${metadata.resourceVersion}`]),
  );
}
