import type { StoredCondition } from '../core/conditions.ts';
import { API_GROUP } from '../core/api-group.ts';
import { API_VERSION, KIND, parseManifest } from '../core/manifest.ts';
import type { Resource, ResourceStatus } from '../controller/source.ts';
import { keyOf, type ApiObject, type ApiResource } from './api-object.ts';

/** Holds a resource back until AWS was cleaned up. Qualified by the group, as the API server asks for. */
export const FINALIZER = `${API_GROUP}/aws-cleanup`;

export const PIPELINES: ApiResource = { apiVersion: API_VERSION, kind: KIND, plural: 'seslambdapipelines' };

/** A pipeline as the API server sends it. */
export type PipelineObject = ApiObject & { readonly spec?: unknown; readonly status?: unknown };

// A run looks at every pipeline of its region; an object of the store never changes, so it is parsed once.
const parsedObjects = new WeakMap<PipelineObject, Resource>();

/** What the controller works with; an object that the schema refuses is kept, with what is wrong with it. */
export function toResource(object: PipelineObject): Resource {
  const known = parsedObjects.get(object) ?? parseObject(object);
  parsedObjects.set(object, known);
  return known;
}

function parseObject(object: PipelineObject): Resource {
  const { metadata } = object;
  const parsed = parseManifest({
    apiVersion: object.apiVersion,
    kind: object.kind,
    metadata: { name: metadata.name, namespace: metadata.namespace, annotations: metadata.annotations },
    spec: object.spec,
  });
  return {
    key: keyOf(object),
    uid: metadata.uid ?? '',
    generation: metadata.generation ?? 0,
    createdAtMs: timeOf(metadata.creationTimestamp),
    manifest: parsed.ok ? parsed.manifest : undefined,
    issues: parsed.ok ? [] : parsed.issues,
    annotations: metadata.annotations ?? {},
    deleting: metadata.deletionTimestamp !== undefined,
    claimed: metadata.finalizers?.includes(FINALIZER) === true,
    status: toStatus(object.status),
  };
}

function timeOf(timestamp: string | undefined): number | undefined {
  const timeMs = Date.parse(timestamp ?? '');
  return Number.isNaN(timeMs) ? undefined : timeMs;
}

function toStatus(status: unknown): ResourceStatus | undefined {
  if (typeof status !== 'object' || status === null) return undefined;
  const { conditions, observedGeneration } = status as { conditions?: StoredCondition[]; observedGeneration?: number };
  return { ...status, observedGeneration: observedGeneration ?? -1, conditions: conditions ?? [] };
}
