import { describe, expect, it, onTestFinished } from 'vitest';
import { createWorkQueue } from '../../src/controller/work-queue.ts';
import { fakeAws, type FakeAws } from '../core/support/fake-aws.ts';
import { manualClock } from '../kubernetes/support/manual-clock.ts';
import { controlling, MINUTE_MS } from './support/controlling.ts';
import { fakeSource } from './support/fake-source.ts';
import { controllerOver } from './support/reconciling.ts';
import { resource } from './support/resource.ts';
import { slowed } from './support/slow-aws.ts';

const PIPELINES = 200;
const EDITED = 'mail/p100';
const SECOND_MS = 1_000;

const specOf = (key: string, recipient = `${key.slice(5)}@example.com`) => ({
  messageBodyStorage: { logicalName: 'Special', placement: 'PerRule' },
  receiptRules: [{ name: 'Default', recipients: [recipient] }],
});

/** Two hundred settled pipelines in one set, each of whose rules somebody has switched off. */
async function drifted() {
  const aws = fakeAws();
  const keys = Array.from({ length: PIPELINES }, (_, index) => `mail/p${index}`);
  const source = fakeSource(...keys.map((key) => resource(specOf(key), { key })));
  await controllerOver(aws, source).run(keys);
  for (const [set, rules] of aws.sets)
    aws.sets.set(
      set,
      rules.map((rule) => ({ ...rule, enabled: false })),
    );
  aws.calls.length = 0;
  return { aws, resources: [...source.resources.values()] };
}

const rulesThatAre = (aws: FakeAws, enabled: boolean) =>
  [...aws.sets.values()].flat().filter((rule) => rule.enabled === enabled);

/** A controller that has just taken over, and repairs all that. */
async function repairing(maxResyncWaitMs: number) {
  const { aws, resources } = await drifted();
  const clock = manualClock();
  const world = controlling(resources, {
    clock,
    portsOf: () => ports,
    queue: createWorkQueue<string>({
      clock,
      minRetryMs: SECOND_MS,
      maxRetryMs: 5 * MINUTE_MS,
      groupOf: () => 'us-west-2',
      maxResyncWaitMs,
    }),
    driftIntervalMs: 60 * MINUTE_MS,
  });
  const ports = slowed(aws.ports, clock);
  onTestFinished(async () => {
    world.intake.abort();
    let ended = false;
    void world.ended.then(() => (ended = true));
    await clock.runUntil(() => ended, 10 * MINUTE_MS);
  });
  const edit = async (key: string, recipient: string): Promise<number> => {
    const known = world.source.resources.get(key);
    world.source.put({ ...resource(specOf(key, recipient), { key, generation: 2 }), status: known?.status });
    const editedAtMs = clock.now();
    const isThere = () => rulesThatAre(aws, true).some(({ recipients }) => recipients.includes(recipient));
    await clock.runUntil(isThere, 10 * MINUTE_MS);
    return clock.now() - editedAtMs;
  };
  return { ...world, clock, aws, edit };
}

/** When people edit: while AWS is looked at, right before the first repair, and in the middle of them. */
const MOMENTS_MS = [400, 1_700, 7_500];

describe('an urgent edit while 200 pipelines of one set are repaired', { timeout: 120_000 }, () => {
  it.each(MOMENTS_MS)('waits for the calls in flight, and not for a batch: %i ms after the start', async (atMs) => {
    const { clock, edit } = await repairing(MINUTE_MS);
    await clock.advance(atMs);

    const latencyMs = await edit(EDITED, 'edited@example.com');

    // What is in flight, a look at the set and the change: three turns at SES, and round trips of the other services.
    expect(latencyMs).toBeLessThan(4 * SECOND_MS);
  });

  it('would wait for a whole batch otherwise', async () => {
    const { clock, edit } = await repairing(0);
    await clock.advance(7_500);

    expect(await edit(EDITED, 'edited@example.com')).toBeGreaterThan(10 * SECOND_MS);
  });

  it('costs nobody else a repair, nor a call twice', async () => {
    const { clock, aws, edit, finished } = await repairing(MINUTE_MS);
    await clock.advance(7_500);
    await edit(EDITED, 'edited@example.com');

    await clock.runUntil(() => rulesThatAre(aws, false).length === 0, 10 * MINUTE_MS);

    const updates = aws.calls.filter((call) => call.startsWith('receiptRules.update'));
    expect(updates).toHaveLength(PIPELINES);
    expect(new Set(updates).size).toBe(PIPELINES);
    await clock.runUntil(() => new Set(finished.map((told) => told.split(' ')[0])).size === PIPELINES, MINUTE_MS);
  });

  it('does not starve the repairs, however often somebody edits', async () => {
    const { clock, aws, edit } = await repairing(MINUTE_MS);
    const until = clock.now() + 10 * MINUTE_MS;

    for (let count = 0; clock.now() < until && rulesThatAre(aws, false).length > 0; count += 1) {
      await clock.advance(500);
      await edit(EDITED, `edit-${count}@example.com`);
    }

    expect(rulesThatAre(aws, false)).toEqual([]);
  });
});
