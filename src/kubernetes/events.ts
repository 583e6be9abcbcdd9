import type { Clock } from '../core/ports.ts';
import type { PipelineEvent } from '../controller/source.ts';
import { EVENTS, type ApiObject } from './api-object.ts';
import type { KubernetesApi } from './api.ts';

const REPORTER = 'ses-lambda-pipeline.dev/controller';
/** Bytes that the API server takes. @see https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/ */
const MAX_NOTE_BYTES = 1024;
/** The same thing again within this time is counted on the event that is there. */
const SERIES_MS = 6 * 60_000;
const MOST_REMEMBERED = 4096;

type EventObject = ApiObject & { readonly [member: string]: unknown };
type Told = { readonly name: string; count: number; lastMs: number };

export type EventRecorder = {
  /** Never throws and never waits: an event that cannot be told is told to `onFailure`. */
  readonly tell: (about: ApiObject, event: PipelineEvent) => void;
};

export type EventRecorderOptions = {
  readonly api: Pick<KubernetesApi, 'create' | 'patch'>;
  readonly clock: Pick<Clock, 'now' | 'random'>;
  /** Name of this replica. */
  readonly instance: string;
  readonly onFailure: (error: unknown) => void;
};

/** Tells people what happened to a pipeline: `kubectl describe slp`, `kubectl events`. */
export function createEventRecorder({ api, clock, instance, onFailure }: EventRecorderOptions): EventRecorder {
  const told = new Map<string, Told>();

  const repeat = (namespace: string, before: Told): Promise<unknown> => {
    before.count += 1;
    before.lastMs = clock.now();
    const series = { count: before.count, lastObservedTime: microTime(before.lastMs) };
    return api.patch(EVENTS, { namespace, name: before.name }, { kind: 'merge', body: { series } });
  };

  const create = (about: ApiObject, event: PipelineEvent, key: string): Promise<unknown> => {
    const { name, namespace = 'default', uid, resourceVersion } = about.metadata;
    const eventName = `${name}.${clock.now().toString(16)}${Math.floor(clock.random() * 0xffff).toString(16)}`;
    if (told.size >= MOST_REMEMBERED) told.delete(told.keys().next().value ?? '');
    told.set(key, { name: eventName, count: 1, lastMs: clock.now() });
    const object: EventObject = {
      apiVersion: EVENTS.apiVersion,
      kind: EVENTS.kind,
      metadata: { name: eventName, namespace },
      eventTime: microTime(clock.now()),
      type: event.type,
      reason: event.reason,
      note: cut(event.message),
      action: 'Reconcile',
      reportingController: REPORTER,
      reportingInstance: instance,
      regarding: { apiVersion: about.apiVersion, kind: about.kind, namespace, name, uid, resourceVersion },
    };
    return api.create(EVENTS, object);
  };

  return {
    tell: (about, event) => {
      const { namespace = 'default', uid = '' } = about.metadata;
      const key = [uid, event.type, event.reason, event.message].join('\n');
      const before = told.get(key);
      const again = before !== undefined && clock.now() - before.lastMs < SERIES_MS;
      (again ? repeat(namespace, before) : create(about, event, key)).catch((error: unknown) => {
        told.delete(key);
        onFailure(error);
      });
    },
  };
}

/** A character that is only half within the limit goes as well. */
const cut = (text: string): string =>
  new TextDecoder().decode(Buffer.from(text).subarray(0, MAX_NOTE_BYTES), { stream: true });

/** RFC 3339 with microseconds. */
const microTime = (ms: number): string => new Date(ms).toISOString().replace('Z', '000Z');
