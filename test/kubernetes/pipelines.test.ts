import { describe, expect, it } from 'vitest';
import { FINALIZER, toResource, type PipelineObject } from '../../src/kubernetes/pipelines.ts';
import { document } from '../core/support/pipeline.ts';

function object(metadata: object = {}, over: object = {}): PipelineObject {
  const made = document({}, { uid: 'u1', generation: 4, resourceVersion: '9', managedFields: [], ...metadata });
  return { ...made, ...over } as PipelineObject;
}

describe('toResource', () => {
  it('reads what the controller works with', () => {
    expect(toResource(object())).toMatchObject({
      key: 'mail/app',
      uid: 'u1',
      generation: 4,
      manifest: { metadata: { name: 'app' }, spec: { region: 'us-west-2' } },
      issues: [],
      deleting: false,
      claimed: false,
      status: undefined,
    });
  });

  it('keeps an object that the schema refuses, with what is wrong with it', () => {
    const resource = toResource(object({}, { spec: { region: 7 } }));

    expect(resource.manifest).toBeUndefined();
    expect(resource.key).toBe('mail/app');
    expect(resource.issues.map(({ path }) => path.join('.'))).toContain('spec.region');
  });

  it.each([
    { finalizers: undefined, claimed: false },
    { finalizers: ['somebody.else/cleanup'], claimed: false },
    { finalizers: ['somebody.else/cleanup', FINALIZER], claimed: true },
  ])('is claimed by our finalizer alone: $finalizers', ({ finalizers, claimed }) => {
    expect(toResource(object({ finalizers })).claimed).toBe(claimed);
  });

  it.each([
    { creationTimestamp: '2026-01-01T00:00:01Z', createdAtMs: 1_767_225_601_000 },
    { creationTimestamp: undefined, createdAtMs: undefined },
  ])('is as old as $creationTimestamp says', ({ creationTimestamp, createdAtMs }) => {
    expect(toResource(object({ creationTimestamp })).createdAtMs).toBe(createdAtMs);
  });

  it('is being deleted once it has a time for that', () => {
    expect(toResource(object({ deletionTimestamp: '2026-01-01T00:00:00Z' })).deleting).toBe(true);
  });

  it.each([
    { status: null, expected: undefined },
    { status: {}, expected: { observedGeneration: -1, conditions: [] } },
    { status: { observedGeneration: 4 }, expected: { observedGeneration: 4, conditions: [] } },
    {
      status: { conditions: [{ type: 'Ready' }] },
      expected: { observedGeneration: -1, conditions: [{ type: 'Ready' }] },
    },
    {
      status: { role: { name: 'r' }, observedGeneration: 1, conditions: [] },
      expected: { role: { name: 'r' }, observedGeneration: 1, conditions: [] },
    },
  ])('reads the status $status', ({ status, expected }) => {
    expect(toResource(object({}, { status })).status).toEqual(expected);
  });
});
