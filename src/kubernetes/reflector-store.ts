import { keyOf, type ApiObject } from './api-object.ts';
import { isOlder } from './reflector-version.ts';

/** One difference between what was known and what is known now. */
export type ObjectChange<T> =
  | { readonly kind: 'added'; readonly object: T }
  | { readonly kind: 'updated'; readonly object: T; readonly before: T }
  | { readonly kind: 'deleted'; readonly object: T };

export type ObjectStore<T> = {
  readonly get: (key: string) => T | undefined;
  readonly values: () => readonly T[];
  /** Everything there is, as one list says. */
  readonly replace: (objects: readonly T[]) => readonly ObjectChange<T>[];
  readonly put: (object: T) => readonly ObjectChange<T>[];
  readonly remove: (object: T) => readonly ObjectChange<T>[];
};

/**
 * The objects as last seen, and what each piece of news changes in them. An object that was deleted and made again under
 * its name is a deletion and an addition: the UID tells. An event older than what is known changes nothing.
 */
export function createObjectStore<T extends ApiObject>(): ObjectStore<T> {
  const objects = new Map<string, T>();

  const drop = (key: string, object: T): ObjectChange<T> => {
    objects.delete(key);
    return { kind: 'deleted', object };
  };

  const take = (object: T): readonly ObjectChange<T>[] => {
    const key = keyOf(object);
    const before = objects.get(key);
    const replaced = before !== undefined && before.metadata.uid !== object.metadata.uid;
    if (before !== undefined && !replaced && versionOf(object) === versionOf(before)) return [];
    objects.set(key, object);
    if (before === undefined) return [{ kind: 'added', object }];
    if (!replaced) return [{ kind: 'updated', object, before }];
    return [
      { kind: 'deleted', object: before },
      { kind: 'added', object },
    ];
  };

  const isOldNews = (object: T): boolean => {
    const known = objects.get(keyOf(object));
    return known !== undefined && isOlder(versionOf(object), versionOf(known));
  };

  return {
    get: (key) => objects.get(key),
    values: () => [...objects.values()],
    replace: (listed) => {
      const keys = new Set(listed.map(keyOf));
      const gone = [...objects].filter(([key]) => !keys.has(key)).map(([key, object]) => drop(key, object));
      return [...gone, ...listed.flatMap(take)];
    },
    put: (object) => (isOldNews(object) ? [] : take(object)),
    remove: (object) => {
      const key = keyOf(object);
      const before = objects.get(key);
      if (before === undefined || isOldNews(object)) return [];
      return [drop(key, before.metadata.uid === object.metadata.uid ? object : before)];
    },
  };
}

function versionOf({ metadata }: ApiObject): string | undefined {
  return metadata.resourceVersion;
}
