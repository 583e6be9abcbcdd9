import { describe, expect, it } from 'vitest';
import { EVENTS, type ApiObject } from '../../src/kubernetes/api-object.ts';
import { createEventRecorder } from '../../src/kubernetes/events.ts';
import type { PipelineEvent } from '../../src/controller/source.ts';
import { settled } from './support/manual-clock.ts';

const ABOUT: ApiObject = {
  apiVersion: 'ses-lambda-pipeline.dev/v1alpha1',
  kind: 'SesLambdaPipeline',
  metadata: { name: 'app', namespace: 'mail', uid: 'u1', resourceVersion: '7' },
};
const EVENT: PipelineEvent = { type: 'Normal', reason: 'Created', message: 'create function x' };
const START_MS = Date.parse('2026-01-01T12:00:00.123Z');
const MINUTE_MS = 60_000;

type Created = ApiObject & { readonly note: string; readonly [member: string]: unknown };

function recorder() {
  const created: Created[] = [];
  const patched: { readonly name: string; readonly patch: unknown }[] = [];
  const failures: unknown[] = [];
  const state: { nowMs: number; failing: Error | undefined } = { nowMs: START_MS, failing: undefined };
  const refuse = (): void => {
    if (state.failing !== undefined) throw state.failing;
  };
  const { tell } = createEventRecorder({
    api: {
      create: async (resource, object) => {
        expect(resource).toBe(EVENTS);
        refuse();
        created.push(object as unknown as Created);
        return object;
      },
      patch: async (resource, { name }, patch) => {
        expect(resource).toBe(EVENTS);
        refuse();
        patched.push({ name, patch });
        return undefined;
      },
    },
    clock: { now: () => state.nowMs, random: () => 0.5 },
    instance: 'pod-1',
    onFailure: (error) => void failures.push(error),
  });
  return { tell, created, patched, failures, state };
}

describe('createEventRecorder', () => {
  it('creates an event about the pipeline', async () => {
    const { tell, created, failures } = recorder();

    tell(ABOUT, EVENT);
    await settled();

    expect(failures).toEqual([]);
    expect(created).toEqual([
      {
        apiVersion: 'events.k8s.io/v1',
        kind: 'Event',
        metadata: { name: expect.stringMatching(/^app\.[0-9a-f]+$/), namespace: 'mail' },
        eventTime: '2026-01-01T12:00:00.123000Z',
        type: 'Normal',
        reason: 'Created',
        note: 'create function x',
        action: 'Reconcile',
        reportingController: 'ses-lambda-pipeline.dev/controller',
        reportingInstance: 'pod-1',
        regarding: {
          apiVersion: 'ses-lambda-pipeline.dev/v1alpha1',
          kind: 'SesLambdaPipeline',
          namespace: 'mail',
          name: 'app',
          uid: 'u1',
          resourceVersion: '7',
        },
      },
    ]);
  });

  it('counts the same again on the event that is there', async () => {
    const { tell, created, patched, state } = recorder();

    tell(ABOUT, EVENT);
    state.nowMs += MINUTE_MS;
    tell(ABOUT, EVENT);
    state.nowMs += 5 * MINUTE_MS;
    tell(ABOUT, EVENT);
    await settled();

    expect(created).toHaveLength(1);
    const name = created[0]?.metadata.name;
    expect(patched).toEqual([
      {
        name,
        patch: { kind: 'merge', body: { series: { count: 2, lastObservedTime: '2026-01-01T12:01:00.123000Z' } } },
      },
      {
        name,
        patch: { kind: 'merge', body: { series: { count: 3, lastObservedTime: '2026-01-01T12:06:00.123000Z' } } },
      },
    ]);
  });

  it.each<{ name: string; about?: ApiObject; event?: PipelineEvent; laterMs?: number }>([
    { name: 'another message', event: { ...EVENT, message: 'create role y' } },
    { name: 'another reason', event: { ...EVENT, reason: 'Updated' } },
    { name: 'another type', event: { ...EVENT, type: 'Warning' } },
    { name: 'a later pipeline of the name', about: { ...ABOUT, metadata: { ...ABOUT.metadata, uid: 'u2' } } },
    { name: 'the same after a long silence', laterMs: 6 * MINUTE_MS },
  ])('creates another event for $name', async ({ about = ABOUT, event = EVENT, laterMs = 1 }) => {
    const { tell, created, patched, state } = recorder();

    tell(ABOUT, EVENT);
    state.nowMs += laterMs;
    tell(about, event);
    await settled();

    expect(new Set(created.map(({ metadata }) => metadata.name)).size).toBe(2);
    expect(patched).toEqual([]);
  });

  it('tells of a failure without throwing, and begins anew', async () => {
    const { tell, created, failures, state } = recorder();
    state.failing = new Error('no permission');

    tell(ABOUT, EVENT);
    await settled();
    expect(failures).toEqual([state.failing]);

    state.failing = undefined;
    tell(ABOUT, EVENT);
    await settled();
    expect(created).toHaveLength(1);
  });

  it.each([
    { text: 'x'.repeat(2000), note: 'x'.repeat(1024) },
    { text: `x${'€'.repeat(500)}`, note: `x${'€'.repeat(341)}` },
    { text: `xx${'😀'.repeat(300)}`, note: `xx${'😀'.repeat(255)}` },
  ])('cuts a note at 1024 bytes, between characters: $text', async ({ text, note }) => {
    const { tell, created } = recorder();

    tell(ABOUT, { ...EVENT, message: text });
    await settled();

    expect(created[0]?.note).toBe(note);
    expect(Buffer.byteLength(note)).toBeLessThanOrEqual(1024);
  });
});
