import type { ResourceStatus } from '../../../src/controller/source.ts';
import type { ApiClient } from '../../control-plane/api-request.ts';

/** A pipeline as the API server has it. */
export type Live = {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly uid: string;
    readonly generation: number;
    readonly resourceVersion: string;
    readonly finalizers?: readonly string[];
    readonly deletionTimestamp?: string;
  };
  readonly spec: Readonly<Record<string, unknown>>;
  /** Before the first write it has the defaults of the CRD only. */
  readonly status?: Partial<ResourceStatus>;
};

/** What `kubectl events` shows. */
export type LiveEvent = {
  readonly type: string;
  readonly reason: string;
  readonly note: string;
  readonly regarding: { readonly name: string };
  readonly series?: { readonly count: number };
};

export async function livePipelines(api: ApiClient, namespace: string): Promise<readonly Live[]> {
  return itemsOf<Live>(api, `/apis/ses-lambda-pipeline.dev/v1alpha1/namespaces/${namespace}/seslambdapipelines`);
}

export async function liveEvents(api: ApiClient, namespace: string): Promise<readonly LiveEvent[]> {
  return itemsOf<LiveEvent>(api, `/apis/events.k8s.io/v1/namespaces/${namespace}/events`);
}

async function itemsOf<T>(api: ApiClient, path: string): Promise<readonly T[]> {
  const { status, body } = await api.request('GET', path);
  if (status !== 200) throw new Error(`the API server answered ${status}`);
  return (body as { readonly items: readonly T[] }).items;
}

/** Ready, and said of the generation that there is now. */
export const isReady = ({ metadata, status }: Live): boolean =>
  status?.observedGeneration === metadata.generation && conditionOf({ status }, 'Ready')?.status === 'True';

export const conditionOf = ({ status }: Pick<Live, 'status'>, type: string) =>
  status?.conditions?.find((condition) => condition.type === type);
