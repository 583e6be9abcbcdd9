import type { ArtifactPuller } from '../code/artifact-puller.ts';
import { PipelineError } from '../core/fault.ts';
import type { Clock } from '../core/ports.ts';
import { createKeyIndex } from '../controller/key-index.ts';
import type { Change, PipelineSource, Resource, ResourceStatus } from '../controller/source.ts';
import { CONFIG_MAPS, keyOf, type ApiObject } from './api-object.ts';
import type { KubernetesApi } from './api.ts';
import type { EventRecorder } from './events.ts';
import { configMapsOf, pipelineInputs } from './pipeline-inputs.ts';
import { FINALIZER, PIPELINES, toResource, type PipelineObject } from './pipelines.ts';
import { createReflector, type ObjectChange, type ReflectorObserver } from './reflector.ts';

export type KubernetesSourceOptions = {
  readonly api: KubernetesApi;
  readonly clock: Clock;
  readonly namespaces: 'all' | readonly string[];
  /** Not set: no registry may be asked. */
  readonly pull?: ArtifactPuller;
  readonly labelSelector?: string;
  readonly events: EventRecorder;
  /** What is told of the watch of a resource, by its plural. */
  readonly observerOf?: (plural: string) => ReflectorObserver;
};

export type KubernetesSource = PipelineSource & {
  /** Milliseconds since 1970 of the last sign of life of each watch, by plural. */
  readonly aliveMs: Readonly<Record<string, () => number>>;
};

/** Pipelines from the Kubernetes API: watched, held back by a finalizer, told about by status and events. */
export function createKubernetesSource(options: KubernetesSourceOptions): KubernetesSource {
  const { api, clock, namespaces } = options;
  let notify: (change: Change) => void = () => {};
  // Most ConfigMaps of a cluster are nobody's here, and some change every other second.
  const configMapUsers = createKeyIndex();

  const pipelines = createReflector<PipelineObject>({
    api,
    clock,
    resource: PIPELINES,
    namespaces,
    ...(options.labelSelector === undefined ? {} : { labelSelector: options.labelSelector }),
    ...(options.observerOf === undefined ? {} : { observer: options.observerOf(PIPELINES.plural) }),
    onChange: (change) => {
      const key = keyOf(change.object);
      const { manifest } = change.kind === 'deleted' ? { manifest: undefined } : toResource(change.object);
      configMapUsers.put(key, configMapsOf(manifest, namespaceOf(key)));
      const kind = kindOf(change);
      if (kind !== undefined) notify({ key, kind });
    },
  });
  const configMaps = createReflector<ApiObject>({
    api,
    clock,
    resource: CONFIG_MAPS,
    namespaces,
    metadataOnly: true,
    ...(options.observerOf === undefined ? {} : { observer: options.observerOf(CONFIG_MAPS.plural) }),
    onChange: (change, origin) => {
      if (origin === 'first-list') return;
      for (const key of configMapUsers.keysOf(keyOf(change.object))) notify({ key, kind: 'dependency' });
    },
  });

  const live = async (key: string): Promise<PipelineObject | undefined> =>
    api.get<PipelineObject>(PIPELINES, { namespace: namespaceOf(key), name: key.slice(key.indexOf('/') + 1) });

  return {
    start: async (onChange, signal) => {
      // A Lease can be won again while the process stops: nobody would end these watches, and they keep it alive.
      signal.throwIfAborted();
      notify = onChange;
      pipelines.start();
      configMaps.start();
      signal.addEventListener('abort', () => {
        pipelines.stop();
        configMaps.stop();
      });
      await Promise.all([pipelines.whenSynced(signal), configMaps.whenSynced(signal)]);
    },
    list: () => pipelines.list().map(toResource),
    get: (key) => asResource(pipelines.get(key)),
    read: async (key) => asResource(await live(key)),
    claim: async (resource) => {
      const object = pipelines.get(resource.key);
      if (object !== undefined) await setFinalizers(object, [...(object.metadata.finalizers ?? []), FINALIZER]);
    },
    release: async (resource) => {
      const object = await live(resource.key);
      if (object === undefined || object.metadata.uid !== resource.uid) return;
      await setFinalizers(
        object,
        (object.metadata.finalizers ?? []).filter((name) => name !== FINALIZER),
      );
    },
    inputs: ({ key, manifest }) => {
      if (manifest === undefined) return Promise.reject(new Error(`pipeline ${key} has no manifest`));
      return pipelineInputs(manifest, namespaceOf(key), api, options.pull);
    },
    writeStatus,
    tell: (resource, event) => {
      const object = pipelines.get(resource.key);
      if (object !== undefined) options.events.tell(object, event);
    },
    aliveMs: { [PIPELINES.plural]: () => aliveMs(pipelines), [CONFIG_MAPS.plural]: () => aliveMs(configMaps) },
    lastAliveMs: () => Math.min(aliveMs(pipelines), aliveMs(configMaps)),
  };

  /** Guarded by the version that was read: what others did to the list meanwhile must not be undone. */
  async function setFinalizers({ metadata }: PipelineObject, finalizers: readonly string[]): Promise<void> {
    const { name, namespace = '', resourceVersion, uid } = metadata;
    const body = { metadata: { finalizers, resourceVersion, uid } };
    await api.patch(PIPELINES, { namespace, name }, { kind: 'merge', body });
  }

  /**
   * One merge patch. It names the UID, so that a resource of the same name that came later keeps its own status; what
   * the new status lacks is taken out.
   */
  async function writeStatus(resource: Resource, status: ResourceStatus): Promise<void> {
    const namespace = namespaceOf(resource.key);
    const name = resource.key.slice(namespace.length + 1);
    const body = { metadata: { uid: resource.uid }, status: mergePatch(resource.status, status) };
    const written = await api.patch(PIPELINES, { namespace, name }, { kind: 'merge', body }, { subresource: 'status' });
    if (written === undefined && !resource.deleting)
      throw new PipelineError({
        class: 'stale',
        reason: 'ChangedMeanwhile',
        message: `Pipeline ${resource.key} is gone`,
      });
  }
}

/** A merge patch merges maps at every depth, so members that are no longer there have to be named to go: RFC 7396. */
function mergePatch(before: unknown, after: unknown): unknown {
  if (!isMap(after) || !isMap(before)) return after;
  const gone = Object.keys(before).filter((member) => !(member in after));
  return Object.fromEntries([
    ...gone.map((member) => [member, null]),
    ...Object.entries(after).map(([member, value]) => [member, mergePatch(before[member], value)]),
  ]);
}

const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Our own status writes come back as changes that change nothing we act on. */
function kindOf(change: ObjectChange<PipelineObject>): Change['kind'] | undefined {
  if (change.kind === 'deleted') return 'gone';
  if (change.kind === 'added') return 'spec';
  const { metadata: after } = change.object;
  const { metadata: before } = change.before;
  const matters =
    after.generation !== before.generation ||
    after.deletionTimestamp !== before.deletionTimestamp ||
    JSON.stringify(after.finalizers) !== JSON.stringify(before.finalizers) ||
    JSON.stringify(after.annotations) !== JSON.stringify(before.annotations);
  return matters ? 'spec' : undefined;
}

const asResource = (object: PipelineObject | undefined): Resource | undefined =>
  object === undefined ? undefined : toResource(object);

const namespaceOf = (key: string): string => key.slice(0, key.indexOf('/'));

function aliveMs(reflector: {
  freshness: () => { readonly lastListAtMs: number | undefined; readonly lastEventAtMs: number | undefined };
}): number {
  const { lastListAtMs, lastEventAtMs } = reflector.freshness();
  return Math.max(lastListAtMs ?? 0, lastEventAtMs ?? 0);
}
