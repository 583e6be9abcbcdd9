/** What every object of the API server carries. */
export type ObjectMeta = {
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly generation?: number;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly finalizers?: readonly string[];
};

/** An object as the API server stores it. Its other fields are what the schema of its kind promises; nothing checks them here. */
export type ApiObject = { readonly apiVersion?: string; readonly kind?: string; readonly metadata: ObjectMeta };

/** A kind that can be asked for. */
export type ApiResource = { readonly apiVersion: string; readonly kind: string; readonly plural: string };

export type ObjectRef = { readonly namespace: string; readonly name: string };

/** One page, with the version of the whole collection at the time of the first. */
export type ListPage<T> = {
  readonly items: readonly T[];
  readonly resourceVersion: string;
  /** Asks for the next page; undefined on the last. */
  readonly continueToken: string | undefined;
};

export const CONFIG_MAPS: ApiResource = { apiVersion: 'v1', kind: 'ConfigMap', plural: 'configmaps' };
export const SECRETS: ApiResource = { apiVersion: 'v1', kind: 'Secret', plural: 'secrets' };
export const EVENTS: ApiResource = { apiVersion: 'events.k8s.io/v1', kind: 'Event', plural: 'events' };
export const LEASES: ApiResource = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', plural: 'leases' };

/** `namespace/name`, which is how work is named everywhere. */
export function keyOf({ metadata: { namespace, name } }: ApiObject): string {
  return namespace === undefined ? name : `${namespace}/${name}`;
}

/** Path of a collection; without a namespace that of the whole cluster. */
export function collectionPath({ apiVersion, plural }: ApiResource, namespace: string | undefined): string {
  const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  return namespace === undefined
    ? `${root}/${plural}`
    : `${root}/namespaces/${encodeURIComponent(namespace)}/${plural}`;
}

export function objectPath(
  resource: ApiResource,
  { namespace, name }: { readonly namespace?: string; readonly name: string },
  subresource?: string,
): string {
  const path = `${collectionPath(resource, namespace)}/${encodeURIComponent(name)}`;
  return subresource === undefined ? path : `${path}/${subresource}`;
}
