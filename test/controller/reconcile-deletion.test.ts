import { describe, expect, it } from 'vitest';
import { ABANDON } from '../../src/core/annotations.ts';
import type { Fault } from '../../src/core/fault.ts';
import { bucket } from '../core/support/fake-aws.ts';
import { BUCKET_NAME, manifest } from '../core/support/pipeline.ts';
import { change, ready, reconciling, SUMMARY } from './support/reconciling.ts';
import { KEY, resource } from './support/resource.ts';

const MINUTE_MS = 60_000;
const AWAY: Fault = { class: 'transient', reason: 'AwsUnavailable', message: 'Lambda answers with 503' };
const DELETING = { messageBodyStorage: { logicalName: 'Special', deletionPolicy: 'Delete' } };

describe('a pipeline that is deleted', () => {
  it('is read as it is now before anything is deleted, and released when AWS is empty', async () => {
    const world = await ready(DELETING);
    change(world, { deleting: true });
    const order: string[] = [];
    world.source.before = (method) => void order.push(method);
    world.aws.before = (call) => void order.push(call);

    const { outcome, events } = await world.next();

    expect(outcome).toEqual({ kind: 'forget' });
    expect(events).toEqual(['Deleted']);
    expect(order.indexOf('read')).toBeLessThan(order.findIndex((call) => /\.delete/.test(call)));
    expect(order.at(-1)).toBe('release');
    expect([world.aws.functions.size, world.aws.roles.size, world.aws.buckets.size]).toEqual([0, 0, 0]);
    expect([...world.aws.sets.values()].flat()).toEqual([]);
  });

  it.each([
    { what: 'managementPolicy NoDelete', leaving: resource({ managementPolicy: 'NoDelete' }) },
    { what: 'managementPolicy Observe', leaving: resource({ managementPolicy: 'Observe' }) },
    {
      what: 'the annotation abandon',
      leaving: { ...resource({}), manifest: manifest({}, { annotations: { [ABANDON]: 'true' } }) },
    },
    {
      what: 'the annotation abandon although its spec cannot be read',
      leaving: { ...resource({}), manifest: undefined, annotations: { [ABANDON]: 'true' } },
    },
  ])('leaves everything in place with $what, and AWS is not asked', async ({ leaving }) => {
    const world = await ready();
    const calls = world.aws.calls.length;
    change(world, { ...leaving, deleting: true });

    expect(await world.next()).toMatchObject({ outcome: { kind: 'forget' }, events: ['LeftInPlace'] });

    expect(world.source.releases).toEqual([KEY]);
    expect(world.aws.calls.length).toBe(calls);
    expect(world.aws.functions.size).toBe(1);
  });

  it('is judged by the deletionPolicy that it has now, not by the one it had when it was deleted', async () => {
    const world = await ready(DELETING);
    world.aws.objects.set(BUCKET_NAME, [{ key: 'a mail' }]);
    change(world, { deleting: true });
    await world.reconcile();
    expect(world.source.releases).toEqual([]);

    change(world, { ...resource(), deleting: true, generation: 2 });
    await world.reconcile();

    expect(world.source.releases).toEqual([KEY]);
    expect([...world.aws.buckets.keys()]).toEqual([BUCKET_NAME]);
  });

  it('keeps its bucket with deletionPolicy Retain', async () => {
    const world = await ready();
    change(world, { deleting: true });

    await world.reconcile();

    expect(world.source.releases).toEqual([KEY]);
    expect([...world.aws.buckets.keys()]).toEqual([BUCKET_NAME]);
  });

  it('is held back by mail in a bucket that only goes when empty, and tells it once', async () => {
    const world = await ready(DELETING);
    world.aws.objects.set(BUCKET_NAME, [{ key: 'a mail' }]);
    change(world, { deleting: true });

    expect(await world.next()).toMatchObject({
      outcome: { kind: 'after', delayMs: MINUTE_MS },
      statuses: 1,
      events: ['DeletionBlocked'],
    });
    expect(await world.next()).toMatchObject({ writes: [], statuses: 0, events: [] });

    expect(world.conditions(...SUMMARY)).toEqual(['Ready=False DeletionBlocked', 'Stalled=True DeletionBlocked']);
    expect(world.source.releases).toEqual([]);
    expect(world.aws.objects.get(BUCKET_NAME)).toEqual([{ key: 'a mail' }]);

    world.aws.objects.clear();
    await world.reconcile();
    expect(world.source.releases).toEqual([KEY]);
    expect(world.aws.buckets.size).toBe(0);
  });

  it('is not released while something cannot be deleted', async () => {
    const world = await ready();
    change(world, { deleting: true });
    world.aws.before = (call) => (call.startsWith('functions.delete') ? AWAY : undefined);

    expect((await world.next()).outcome).toEqual({ kind: 'retry' });

    expect(world.source.releases).toEqual([]);
    expect(world.conditions(...SUMMARY)).toEqual(['Ready=False AwsUnavailable', 'Reconciling=True Deleting']);
    expect(world.aws.functions.size).toBe(1);
  });

  it.each([
    { name: 'has another UID now', live: { deleting: true, uid: 'a later one' } },
    { name: 'is not being deleted any more', live: { deleting: false } },
  ])('deletes nothing when the resource $name', async ({ live }) => {
    const world = await ready();
    change(world, { deleting: true });
    world.source.live.set(KEY, resource({}, live));

    expect(await world.next()).toEqual({ outcome: { kind: 'retry' }, writes: [], statuses: 0, events: [] });

    expect(world.source.releases).toEqual([]);
  });

  it('deletes nothing when the resource is gone', async () => {
    const world = await ready();
    change(world, { deleting: true });
    world.source.live.set(KEY, undefined);

    expect(await world.next()).toMatchObject({ outcome: { kind: 'retry' }, writes: [] });
  });

  it('deletes nothing that was never claimed', async () => {
    const world = await ready();
    change(world, { deleting: true, claimed: false });

    expect(await world.next()).toMatchObject({ outcome: { kind: 'forget' }, writes: [] });
  });

  it('leaves a bucket of the same name that is not ours', async () => {
    const world = reconciling(resource(DELETING, { deleting: true }));
    world.aws.buckets.set(BUCKET_NAME, bucket(BUCKET_NAME));

    await world.reconcile();

    expect([...world.aws.buckets.keys()]).toEqual([BUCKET_NAME]);
    expect(world.aws.writes()).toEqual([]);
  });

  it('stays when its manifest can no longer be read: nobody knows what to delete', async () => {
    const world = await ready();
    change(world, { deleting: true, manifest: undefined });

    expect(await world.next()).toMatchObject({ writes: [], events: ['DeletionBlocked'] });

    expect(world.conditions(...SUMMARY)).toEqual(['Ready=False InvalidSpec', 'Stalled=True InvalidSpec']);
    expect(world.source.releases).toEqual([]);
  });
});
