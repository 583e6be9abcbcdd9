import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createElection } from '../../src/kubernetes/lease.ts';
import type { Lease } from '../../src/kubernetes/lease-record.ts';
import {
  candidate,
  LEASE_REF,
  leaseServer,
  type Candidate,
  type LeaseServer,
  type Trouble,
} from './support/lease-world.ts';
import { manualClock, settled } from './support/manual-clock.ts';

/** What somebody does to a lease by hand. */
const HAND_MADE = {
  'deletes it': (server) => server.remove(),
  'clears its holder': (server) => edit(server, { holderIdentity: '' }),
  'empties it': (server) => server.put({ metadata: server.lease?.metadata ?? LEASE_REF, spec: {} }),
  'makes it very short': (server) => edit(server, { leaseDurationSeconds: 1 }),
  'makes it very long': (server) => edit(server, { leaseDurationSeconds: 3_600 }),
  'says that it was renewed in the future': (server) => edit(server, { renewTime: '2999-01-01T00:00:00.000000Z' }),
  'deletes it and makes another': (server) => {
    server.remove();
    server.put({ metadata: LEASE_REF });
  },
} satisfies Readonly<Record<string, (server: LeaseServer) => void>>;

const keysOf = <Key extends string>(value: Readonly<Record<Key, unknown>>): readonly Key[] =>
  Object.keys(value) as Key[];

function edit(server: LeaseServer, spec: Lease['spec']): void {
  if (server.lease !== undefined) server.put({ ...server.lease, spec: { ...server.lease.spec, ...spec } });
}

describe('createElection', () => {
  it('creates the lease when there is none, and renews it', async () => {
    const { clock, server, a } = world();

    await clock.runUntil(a.election.isLeader, 1_000);
    await clock.advance(20_000);

    expect(a.log).toEqual(['elected']);
    expect(server.writes.length).toBeGreaterThanOrEqual(9);
    expect(server.writes[0]?.spec).toMatchObject({
      holderIdentity: 'a',
      leaseDurationSeconds: 15,
      leaseTransitions: 0,
    });
    expect(server.writes[0]?.spec?.renewTime).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
    const times = server.writes.map(({ spec }) => spec?.renewTime ?? '');
    expect(times).toEqual([...new Set(times)].toSorted());
    expect(new Set(server.writes.map(({ spec }) => spec?.acquireTime)).size).toBe(1);
    expect(server.calls.get).toBe(1);
  });

  it('lets a standby take over within 3 s of a release, by watching', async () => {
    const { clock, server, a, b } = await twoWithLeader();

    const stopped = a.election.stop();
    expect(a.election.isLeader()).toBe(false);
    await clock.advance(20);
    await stopped;
    expect(server.lease?.spec).toMatchObject({ holderIdentity: '', leaseDurationSeconds: 1, leaseTransitions: 0 });
    await clock.runUntil(b.election.isLeader, 3_000);

    expect(a.log).toEqual(['elected']);
    expect(server.lease?.spec).toMatchObject({ holderIdentity: 'b', leaseDurationSeconds: 15, leaseTransitions: 1 });
  });

  it('does not poll while it watches', async () => {
    const { clock, server } = await twoWithLeader();
    const before = server.calls.get;

    await clock.advance(60_000);

    expect(server.calls.get).toBe(before);
  });

  it('polls when it may not watch', async () => {
    const { clock, a, b } = await twoWithLeader({ watchable: false });

    void a.election.stop();

    await clock.runUntil(b.election.isLeader, 5_000);
    expect(b.log).toEqual(['elected']);
  });

  it.each([
    { how: 'watching', watchable: true, withinMs: 15_500 },
    { how: 'polling', watchable: false, withinMs: 19_500 },
  ])(
    'takes over from a leader that has gone, one lease duration after its last renewal, $how',
    async ({ watchable, withinMs }) => {
      const { clock, server, a, b } = await twoWithLeader({ watchable });
      const renewals = server.writes.length;
      await clock.runUntil(() => server.writes.length > renewals, 3_000);
      a.trouble = 'requests-lost';
      const renewedAtMs = clock.now();

      await clock.runUntil(b.election.isLeader, 20_000);

      expect(server.writes.length).toBe(renewals + 2);
      expect(clock.now() - renewedAtMs).toBeGreaterThanOrEqual(15_000);
      expect(clock.now() - renewedAtMs).toBeLessThan(withinMs);
      expect(a.log).toEqual(['elected', 'lost: not-renewed']);
    },
  );

  it('counts its time from when a renewal was sent, not from its late answer', async () => {
    const latency = { ms: 5 };
    const { clock, server, a } = world({ latencyMs: () => latency.ms });
    await clock.runUntil(a.election.isLeader, 1_000);
    latency.ms = 2_000;
    const renewals = server.writes.length;
    await clock.runUntil(() => server.writes.length > renewals, 5_000);
    const sentAtMs = clock.now() - latency.ms;
    await clock.advance(latency.ms + 1);
    expect(a.election.isLeader()).toBe(true);
    a.trouble = 'requests-lost';

    await clock.runUntil(() => !a.election.isLeader(), 15_000);

    expect(clock.now() - sentAtMs).toBeLessThanOrEqual(10_001);
  });

  it('stops acting at the renew deadline, though no call was ever answered', async () => {
    const { clock, a } = world();
    await clock.runUntil(a.election.isLeader, 1_000);
    const electedAtMs = clock.now();
    a.trouble = 'requests-lost';

    await clock.runUntil(() => !a.election.isLeader(), 11_000);

    expect(clock.now() - electedAtMs).toBeLessThanOrEqual(10_000);
    await clock.advance(1);
    expect(a.log).toEqual(['elected', 'lost: not-renewed']);
  });

  it('leads on when answers are lost for less than the renew deadline', async () => {
    const { clock, server, a } = world();
    await clock.runUntil(a.election.isLeader, 1_000);
    a.trouble = 'answers-lost';
    await clock.advance(6_000);
    a.trouble = 'none';

    await clock.advance(20_000);

    expect(a.log).toEqual(['elected']);
    expect(server.lease?.spec?.leaseTransitions).toBe(0);
  });

  it('says that it does not lead right after a pause, before any timer has run', async () => {
    const { clock, a, b } = await twoWithLeader();
    a.pause();

    await clock.runUntil(b.election.isLeader, 20_000);

    expect(a.election.isLeader()).toBe(false);
    expect(a.log).toEqual(['elected']);
    a.resume();
    await clock.advance(1);
    expect(a.log).toEqual(['elected', 'lost: not-renewed']);
  });

  it('gives way at once when another holds its lease', async () => {
    const { clock, server, a } = world();
    await clock.runUntil(a.election.isLeader, 1_000);

    server.put({
      metadata: LEASE_REF,
      spec: { holderIdentity: 'intruder', leaseDurationSeconds: 15, leaseTransitions: 4 },
    });
    await clock.runUntil(() => !a.election.isLeader(), 2_100);

    await settled();
    expect(a.log).toEqual(['elected', 'lost: taken']);
  });

  it('keeps leading when somebody only labels its lease', async () => {
    const { clock, server, a } = world();
    await clock.runUntil(a.election.isLeader, 1_000);

    if (server.lease !== undefined)
      server.put({ ...server.lease, metadata: { ...server.lease.metadata, labels: { x: 'y' } } });
    await clock.advance(10_000);

    expect(a.log).toEqual(['elected']);
    expect(server.lease?.metadata.labels).toEqual({ x: 'y' });
  });

  it.each(
    keysOf(HAND_MADE).flatMap((what) => [
      { what, how: 'watches', watchable: true },
      { what, how: 'polls', watchable: false },
    ]),
  )('keeps its lease, and leads alone, when somebody $what and the standby $how', async ({ what, watchable }) => {
    const { clock, server, a, b } = await twoWithLeader({ watchable });
    const renewals = server.writes.length;
    await clock.runUntil(() => server.writes.length > renewals, 3_000); // so it notices as late as can be

    HAND_MADE[what](server);
    await clock.advance(30_000);

    expect({ a: a.log, b: b.log }).toEqual({ a: ['elected'], b: [] });
    expect(server.lease?.spec).toMatchObject({ holderIdentity: 'a', leaseDurationSeconds: 15 });
  });

  it('keeps its lease, and leads alone, whatever people do to it in whatever order', async () => {
    // Without a holder and very short is what a leader leaves behind that lets it go: then it is meant.
    const kinds = keysOf(HAND_MADE).filter((what) => what !== 'makes it very short');
    const changes = fc.array(fc.record({ afterMs: fc.nat(4_000), what: fc.constantFrom(...kinds) }), {
      minLength: 2,
      maxLength: 8,
    });
    await fc.assert(
      fc.asyncProperty(changes, async (all) => {
        const { clock, server, a, b } = await twoWithLeader();

        for (const { afterMs, what } of all) {
          await clock.advance(afterMs);
          HAND_MADE[what](server);
        }
        await clock.advance(20_000);

        expect({ a: a.log, b: b.log }).toEqual({ a: ['elected'], b: [] });
      }),
      { numRuns: 50 },
    );
  });

  it.each([
    { how: 'deletes its lease', change: HAND_MADE['deletes it'] },
    { how: 'clears its holder', change: HAND_MADE['clears its holder'] },
    { how: 'deletes its lease, which somebody had made very long', change: HAND_MADE['deletes it'], seconds: 3_600 },
    { how: 'clears the holder of a lease that was very long', change: HAND_MADE['clears its holder'], seconds: 3_600 },
    { how: 'makes its lease very short', change: HAND_MADE['makes it very short'] },
    {
      how: 'makes its lease very short and nobody may watch',
      change: HAND_MADE['makes it very short'],
      watchable: false,
    },
  ])('is waited for as long as it can act when somebody $how', async ({ change, seconds, watchable }) => {
    const { clock, server, a, b } = await twoWithLeader({ watchable });
    const seenAtMs = clock.now();
    a.pause();
    if (seconds !== undefined) edit(server, { leaseDurationSeconds: seconds });
    await clock.advance(1_000);

    change(server);
    await clock.runUntil(b.election.isLeader, 17_000);

    expect(clock.now() - seenAtMs).toBeGreaterThanOrEqual(10_000);
  });

  it.each(['deletes it', 'clears its holder'] as const)(
    'is waited for as long as it says itself when its durations are longer than those of others and somebody %s',
    async (what) => {
      const { clock, server, a, b } = await twoWithLeader({
        durations: { leaseDurationMs: 60_000, renewDeadlineMs: 45_000 },
      });
      a.trouble = 'requests-lost';

      HAND_MADE[what](server);
      await clock.runUntil(b.election.isLeader, 70_000);

      expect(a.log).toEqual(['elected', 'lost: not-renewed']);
    },
  );

  it('is free at once when the lease is deleted long after its leader has gone', async () => {
    const { clock, server, a, b } = await twoWithLeader();
    a.pause();
    edit(server, { leaseDurationSeconds: 3_600 });
    await clock.advance(60_000);
    expect(b.log).toEqual([]);

    server.remove();

    await clock.runUntil(b.election.isLeader, 1_000);
  });

  it('is left to its holder as long as the lease says, without a call meanwhile', async () => {
    const { clock, server, a, b } = await twoWithLeader();
    a.pause();
    edit(server, { leaseDurationSeconds: 2_147_483_647 });
    await clock.advance(1_000);
    const before = server.calls.get;

    await clock.advance(600_000);

    expect(b.log).toEqual([]);
    expect(server.calls.get).toBe(before);
    // A longer one is over at once: https://nodejs.org/api/timers.html#settimeoutcallback-delay-args
    expect(Math.max(...clock.sleeping())).toBeLessThan(2 ** 31);
  });

  it('takes over from a stranger whose name somebody wrote into the lease', async () => {
    const { clock, server, a, b } = await twoWithLeader();

    edit(server, { holderIdentity: 'nobody-here' });
    await clock.advance(2_100);
    expect(a.log).toEqual(['elected', 'lost: taken']);
    void a.election.stop();

    await clock.runUntil(b.election.isLeader, 15_500);
  });

  it.each([undefined, {}, { holderIdentity: '' }, { leaseDurationSeconds: 3_600 }])(
    'takes a lease that never had a holder: %j',
    async (spec) => {
      const { clock, server, a } = world({ start: false });
      server.put({ metadata: LEASE_REF, ...(spec !== undefined && { spec }) });

      a.election.start();

      await clock.runUntil(a.election.isLeader, 1_000);
      expect(server.lease?.spec?.holderIdentity).toBe('a');
    },
  );

  it.each(['1999-01-01T00:00:00.000000Z', '2999-01-01T00:00:00.000000Z'])(
    'pays no heed to the times in the lease: %s',
    async (time) => {
      const { clock, server, a } = world({ start: false });
      server.put({
        metadata: LEASE_REF,
        spec: {
          holderIdentity: 'x',
          leaseDurationSeconds: 15,
          renewTime: time,
          acquireTime: time,
          leaseTransitions: 7,
        },
      });

      a.election.start();
      await clock.advance(14_000);
      expect(a.election.isLeader()).toBe(false);
      await clock.runUntil(a.election.isLeader, 5_000);

      expect(server.lease?.spec?.leaseTransitions).toBe(8);
    },
  );

  it('goes on when a callback throws', async () => {
    const { clock, a } = world({
      onElected: () => {
        throw new Error('callback');
      },
    });

    await clock.advance(20_000);

    expect(a.election.isLeader()).toBe(true);
  });

  it('stops before it was started', async () => {
    const { server, a } = world({ start: false });

    await a.election.stop();
    a.election.start();
    await settled();

    expect(server.calls.get).toBe(0);
  });

  it.each([
    { leaseDurationMs: 10_000, renewDeadlineMs: 10_000, retryPeriodMs: 2_000 },
    { leaseDurationMs: 15_000, renewDeadlineMs: 2_400, retryPeriodMs: 2_000 },
    { leaseDurationMs: 15_500, renewDeadlineMs: 10_000, retryPeriodMs: 2_000 },
  ])('refuses times that are not safe: $leaseDurationMs, $renewDeadlineMs, $retryPeriodMs', (times) => {
    const { clock } = world({ start: false });
    const callbacks = { onElected: () => {}, onLost: () => {} };

    expect(() =>
      createElection({
        ...times,
        ...callbacks,
        store: {} as never,
        ref: LEASE_REF,
        identity: 'a',
        clock,
        monotonicMs: clock.now,
      }),
    ).toThrow(/must be/);
  });
});

describe('any number of candidates', () => {
  type Fault = {
    readonly who: number;
    readonly atMs: number;
    readonly forMs: number;
    readonly what: Trouble | 'pause' | 'stop' | 'blind';
  };
  const fault: fc.Arbitrary<Fault> = fc.record({
    who: fc.nat(2),
    atMs: fc.nat(60_000),
    forMs: fc.integer({ min: 100, max: 25_000 }),
    what: fc.constantFrom('pause', 'pause', 'requests-lost', 'answers-lost', 'refused', 'blind', 'stop'),
  });
  const clocks = fc.array(
    fc.record({ skewMs: fc.integer({ min: -1e7, max: 1e7 }), speed: fc.double({ min: 0.95, max: 1.05, noNaN: true }) }),
    {
      minLength: 3,
      maxLength: 3,
    },
  );

  it('have never two leaders, and one again when the trouble is over', async () => {
    const latency = fc.infiniteStream(
      fc.oneof({ weight: 9, arbitrary: fc.nat(40) }, { weight: 1, arbitrary: fc.nat(7_000) }),
    );
    const random = fc.infiniteStream(fc.double({ min: 0, max: 0.999, noNaN: true }));

    await fc.assert(
      fc.asyncProperty(
        fc.array(fault, { maxLength: 10 }),
        clocks,
        latency,
        random,
        async (faults, clocks, latency, random) => {
          const clock = manualClock(() => random.next().value ?? 0);
          const server = leaseServer();
          let calm = false;
          const latencyMs = (): number => (calm ? 5 : (latency.next().value ?? 0));
          const all: Candidate[] = [];
          const atMostOne = (): void => {
            const leaders = all
              .filter((each) => !each.paused() && each.election.isLeader())
              .map(({ identity }) => identity);
            if (leaders.length > 1) throw new Error(`Two leaders at ${clock.now()}: ${leaders.join(', ')}`);
          };
          let broken: unknown;
          const check = (): void => {
            try {
              atMostOne();
            } catch (error) {
              broken ??= error;
            }
          };
          for (const [index, each] of clocks.entries()) {
            all.push(candidate({ ...each, server, clock, identity: `c${index}`, latencyMs, onElected: check }));
          }
          const stopped = new Set<Candidate>();
          const suffer = async ({ who, atMs, forMs, what }: Fault): Promise<void> => {
            const victim = all[who];
            if (victim === undefined) return;
            await clock.sleep(atMs);
            if (what === 'stop') {
              stopped.add(victim);
              void victim.election.stop();
            } else if (what === 'pause') victim.pause();
            else if (what === 'blind') victim.watchable = false;
            else victim.trouble = what;
            await clock.sleep(forMs);
            victim.resume();
            check();
            victim.watchable = true;
            if (what !== 'stop') victim.trouble = 'none';
          };
          const everyTenth = async (): Promise<void> => {
            for (;;) {
              await clock.sleep(100);
              check();
            }
          };
          void everyTenth();
          for (const each of all) each.election.start();
          for (const each of faults) void suffer(each);

          await clock.advance(90_000);
          calm = true;
          for (const each of all) each.trouble = 'none';
          await clock.advance(45_000);

          expect(broken).toBeUndefined();
          const leaders = all.filter((each) => each.election.isLeader()).map(({ identity }) => identity);
          const holder = server.lease?.spec?.holderIdentity ?? '';
          expect(leaders).toEqual(stopped.size < all.length ? [holder] : []);
        },
      ),
      { numRuns: 40 },
    );
  });
});

type WorldOptions = { readonly start?: boolean } & Pick<
  Parameters<typeof candidate>[0],
  'onElected' | 'latencyMs' | 'durations'
>;

function world({ start = true, ...options }: WorldOptions = {}) {
  const clock = manualClock();
  const server = leaseServer();
  const a = candidate({ ...options, server, clock, identity: 'a' });
  if (start) a.election.start();
  return { clock, server, a };
}

type TwoOptions = Pick<WorldOptions, 'durations'> & { readonly watchable?: boolean | undefined };

/** @param options durations: of the leader alone */
async function twoWithLeader({ watchable = true, ...options }: TwoOptions = {}) {
  const { clock, server, a } = world(options);
  const b = candidate({ server, clock, identity: 'b' });
  b.watchable = watchable;
  await clock.runUntil(a.election.isLeader, 1_000);
  b.election.start();
  await clock.advance(4_500);
  return { clock, server, a, b };
}
