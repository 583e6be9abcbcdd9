import { createHash } from 'node:crypto';
import type { Clock, Ids } from './service.ts';

export type Versioning = 'Enabled' | 'Suspended' | undefined;

/** One version of a key. Without versioning a key has a single version whose id is `null`. */
export type ObjectVersion = {
  readonly key: string;
  readonly versionId: string;
  readonly lastModifiedMs: number;
  readonly content: ObjectContent | undefined;
};

/** Undefined content is a delete marker. */
export type ObjectContent = {
  readonly body: Uint8Array;
  /** MD5 in hex (of an object in parts: of its parts' MD5s, and how many), without quotes. */
  readonly etag: string;
  /** What was sent with it and comes back with it: content type, user metadata, cache control … */
  readonly headers: Readonly<Record<string, string>>;
  /** `x-amz-checksum-…`, shown only to a caller that asks. */
  readonly checksums: Readonly<Record<string, string>>;
};

/** The objects of one bucket. */
export type ObjectStore = {
  readonly put: (object: PutObject, versioning: Versioning) => ObjectVersion & { readonly content: ObjectContent };
  /** The newest version, or the named one; it may be a delete marker. */
  readonly get: (key: string, versionId?: string) => ObjectVersion | undefined;
  /** Deletes a key (which leaves a marker on a versioned bucket) or one version. What was removed or left, if anything. */
  readonly remove: (key: string, versionId: string | undefined, versioning: Versioning) => ObjectVersion | undefined;
  /** Every version and marker, by key, newest first. */
  readonly versions: () => readonly ObjectVersion[];
  /** The newest version of each key that is not deleted, by key. */
  readonly current: () => readonly (ObjectVersion & { readonly content: ObjectContent })[];
};

type PutObject = {
  readonly key: string;
  readonly body: Uint8Array;
  /** Given for an object put together from parts; else the MD5 of the body. */
  readonly etag?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly checksums?: Readonly<Record<string, string>>;
};

/** An empty bucket's store. */
export function createObjectStore(clock: Clock, ids: Ids): ObjectStore {
  /** Newest first. */
  const keys = new Map<string, readonly ObjectVersion[]>();

  const add = (key: string, content: ObjectContent | undefined, versioning: Versioning): ObjectVersion => {
    const versionId = versioning === 'Enabled' ? ids.hex(32) : 'null';
    const version = { key, versionId, lastModifiedMs: clock.now(), content };
    const others = (keys.get(key) ?? []).filter((each) => each.versionId !== versionId);
    keys.set(key, [version, ...others]);
    return version;
  };

  const removeVersion = (key: string, versionId: string): ObjectVersion | undefined => {
    const all = keys.get(key) ?? [];
    const rest = all.filter((each) => each.versionId !== versionId);
    if (rest.length === 0) keys.delete(key);
    else keys.set(key, rest);
    return all.find((each) => each.versionId === versionId);
  };

  const sortedKeys = (): readonly string[] =>
    [...keys.keys()].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));

  return {
    put: ({ key, body, etag, headers = {}, checksums = {} }, versioning) => {
      const content = { body, etag: etag ?? createHash('md5').update(body).digest('hex'), headers, checksums };
      return { ...add(key, content, versioning), content };
    },
    get: (key, versionId) =>
      versionId === undefined ? keys.get(key)?.[0] : keys.get(key)?.find((each) => each.versionId === versionId),
    remove: (key, versionId, versioning) => {
      if (versionId !== undefined) return removeVersion(key, versionId);
      if (versioning === undefined) return removeVersion(key, 'null');
      return add(key, undefined, versioning);
    },
    versions: () => sortedKeys().flatMap((key) => keys.get(key) ?? []),
    current: () =>
      sortedKeys().flatMap((key) => {
        const newest = keys.get(key)?.[0];
        return newest?.content === undefined ? [] : [{ ...newest, content: newest.content }];
      }),
  };
}
