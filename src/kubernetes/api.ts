import type { Clock } from '../core/ports.ts';
import { createCaller, nameOf, type ApiObserver, type ApiRequest } from './api-call.ts';
import { failedCall, refusedCall } from './api-error.ts';
import {
  collectionPath,
  objectPath,
  type ApiObject,
  type ApiResource,
  type ListPage,
  type ObjectRef,
} from './api-object.ts';
import type { Transport } from './api-transport.ts';
import { watchEvents, type WatchEvent } from './api-watch.ts';

export type Patch =
  /** What is named replaces what is there, lists as a whole. With `metadata.resourceVersion` it is refused when stale. */
  | { readonly kind: 'merge'; readonly body: object }
  /** Operations, all or none; start with a `test` of what they rely on: when it fails, the patch is refused as stale. */
  | { readonly kind: 'json'; readonly body: readonly JsonPatchOperation[] };

export type JsonPatchOperation =
  | { readonly op: 'test' | 'add' | 'replace'; readonly path: string; readonly value: unknown }
  | { readonly op: 'remove'; readonly path: string };

type Selection = {
  /** Without it, the whole cluster. */
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Only `metadata` is sent: what we need to know of large objects. */
  readonly metadataOnly?: boolean;
  readonly signal?: AbortSignal;
};

export type ListOptions = Selection & { readonly limit?: number; readonly continueToken?: string };

export type WatchOptions = Selection & {
  /** Changes after this version. Without it: what is there now, as added, then changes. */
  readonly resourceVersion?: string;
  /** After this the server ends the watch. */
  readonly timeoutSeconds: number;
  /** A connection without a byte for so long is given up. Bookmarks come about once a minute. */
  readonly inactivityMs: number;
};

/**
 * The few calls that we need of the API server. Each has a deadline and throws {@link PipelineError}; nothing is retried
 * here. What does not exist is `undefined`, except where its absence means that nothing can be listed or created.
 */
export type KubernetesApi = {
  readonly get: <T extends ApiObject>(
    resource: ApiResource,
    /** Without a namespace for what belongs to none. */
    ref: Partial<ObjectRef> & Pick<ObjectRef, 'name'>,
    signal?: AbortSignal,
  ) => Promise<T | undefined>;
  /** One page, from the most recent state: never from a cache that may lag behind. */
  readonly list: <T extends ApiObject>(resource: ApiResource, options: ListOptions) => Promise<ListPage<T>>;
  /** Resolves once the server has accepted the watch. Ends when the server ends it; throws when the connection breaks. */
  readonly watch: <T extends ApiObject>(
    resource: ApiResource,
    options: WatchOptions,
  ) => Promise<AsyncIterable<WatchEvent<T>>>;
  readonly create: <T extends ApiObject>(resource: ApiResource, object: T, signal?: AbortSignal) => Promise<T>;
  /** Replaces the whole object; refused as stale unless its resourceVersion is the current one. */
  readonly update: <T extends ApiObject>(
    resource: ApiResource,
    object: T,
    signal?: AbortSignal,
  ) => Promise<T | undefined>;
  readonly patch: <T extends ApiObject>(
    resource: ApiResource,
    ref: ObjectRef,
    patch: Patch,
    options?: { readonly subresource?: 'status'; readonly signal?: AbortSignal },
  ) => Promise<T | undefined>;
  /** The schema of a group's version, as the API server serves it; undefined when it serves none. */
  readonly openApi: (groupVersion: string, signal?: AbortSignal) => Promise<unknown>;
};

export type ApiOptions = {
  readonly transport: Transport;
  readonly clock: Clock;
  /** Deadline of a call; of a watch, for its acceptance. */
  readonly callTimeoutMs?: number;
  readonly userAgent?: string;
  /** Longest answer, and longest event of a watch, that is read. */
  readonly maxBytes?: number;
  readonly observer?: ApiObserver;
};

const PATCH_TYPES = { merge: 'application/merge-patch+json', json: 'application/json-patch+json' };

export function createKubernetesApi(options: ApiOptions): KubernetesApi {
  const { maxBytes = 64 * 1024 * 1024 } = options;
  const { call, open } = createCaller({
    transport: options.transport,
    clock: options.clock,
    callTimeoutMs: options.callTimeoutMs ?? 30_000,
    userAgent: options.userAgent ?? 'ses-lambda-pipeline',
    maxBytes,
    observer: options.observer,
  });

  return {
    get: async <T>(resource: ApiResource, ref: Partial<ObjectRef> & Pick<ObjectRef, 'name'>, signal?: AbortSignal) =>
      (await call(ofObject('get', resource, ref), signal)) as T | undefined,
    list: async <T>(resource: ApiResource, options: ListOptions) => {
      const { limit, continueToken, signal } = options;
      const request = ofCollection('list', resource, options, { limit, continue: continueToken });
      const body = await call(request, signal);
      if (body === undefined) throw refusedCall(nameOf(request), 404, {});
      return pageOf<T>(body, request);
    },
    watch: async <T extends ApiObject>(resource: ApiResource, options: WatchOptions) => {
      const { resourceVersion, timeoutSeconds, inactivityMs, signal } = options;
      const query = { watch: 'true', allowWatchBookmarks: 'true', resourceVersion, timeoutSeconds };
      const request = ofCollection('watch', resource, options, query);
      const stream = await open(request, signal);
      return watchEvents<T>({ ...stream, call: nameOf(request), signal, inactivityMs, maxLineBytes: maxBytes });
    },
    create: async <T extends ApiObject>(resource: ApiResource, object: T, signal?: AbortSignal) => {
      const { namespace } = object.metadata;
      const request = {
        ...ofObject('create', resource, object.metadata),
        path: collectionPath(resource, namespace),
        body: object,
      };
      const created = await call(request, signal);
      if (created === undefined) throw refusedCall(nameOf(request), 404, {});
      return created as T;
    },
    update: async <T extends ApiObject>(resource: ApiResource, object: T, signal?: AbortSignal) =>
      (await call({ ...ofObject('update', resource, object.metadata), body: object }, signal)) as T | undefined,
    patch: async <T>(
      resource: ApiResource,
      ref: ObjectRef,
      { kind, body }: Patch,
      { subresource, signal }: { readonly subresource?: 'status'; readonly signal?: AbortSignal } = {},
    ) => {
      const path = objectPath(resource, ref, subresource);
      const request = { ...ofObject('patch', resource, ref), path, contentType: PATCH_TYPES[kind], body };
      return (await call(request, signal)) as T | undefined;
    },
    openApi: (groupVersion, signal) => {
      const path = `/openapi/v3/apis/${groupVersion}`;
      return call({ verb: 'get', plural: 'openapi', path, about: `the schema of ${groupVersion}` }, signal);
    },
  };
}

type Verb = ApiRequest['verb'];

function ofObject(verb: Verb, resource: ApiResource, ref: Partial<ObjectRef> & Pick<ObjectRef, 'name'>): ApiRequest {
  const about = `${resource.kind} ${ref.namespace === undefined ? ref.name : `${ref.namespace}/${ref.name}`}`;
  return { verb, plural: resource.plural, path: objectPath(resource, ref), about };
}

function ofCollection(verb: Verb, resource: ApiResource, selection: Selection, query: ApiRequest['query']): ApiRequest {
  const { namespace, labelSelector, fieldSelector, metadataOnly } = selection;
  return {
    verb,
    plural: resource.plural,
    path: collectionPath(resource, namespace),
    about: `${resource.plural} of ${namespace === undefined ? 'all namespaces' : `namespace ${namespace}`}`,
    query: { labelSelector, fieldSelector, ...query },
    ...(metadataOnly === true && {
      accept: metadataAccept(verb === 'list' ? 'PartialObjectMetadataList' : 'PartialObjectMetadata'),
    }),
  };
}

/** @see https://kubernetes.io/docs/reference/using-api/api-concepts/#metadata-only-fetches */
function metadataAccept(kind: string): string {
  return `application/json;as=${kind};g=meta.k8s.io;v=v1,application/json`;
}

type RawList<T> = {
  readonly items?: readonly T[] | null;
  readonly metadata?: { readonly resourceVersion?: string; readonly continue?: string };
};

function pageOf<T>(body: unknown, request: ApiRequest): ListPage<T> {
  const { items, metadata } = (body ?? {}) as RawList<T>;
  if (metadata?.resourceVersion === undefined) throw failedCall(nameOf(request), new Error('the answer is not a list'));
  const continueToken = metadata.continue === '' ? undefined : metadata.continue;
  return { items: items ?? [], resourceVersion: metadata.resourceVersion, continueToken };
}
