/** Which pipelines name a thing, kept up to date so that nobody has to be searched through. */
export type KeyIndex = {
  /** What a pipeline names from now on. */
  readonly put: (key: string, names: Iterable<string>) => void;
  readonly namesOf: (key: string) => ReadonlySet<string>;
  readonly keysOf: (name: string) => ReadonlySet<string>;
  /** Everything that somebody names. */
  readonly names: () => readonly string[];
};

const NONE: ReadonlySet<string> = new Set();

export function createKeyIndex(): KeyIndex {
  const namesByKey = new Map<string, ReadonlySet<string>>();
  const keysByName = new Map<string, Set<string>>();

  const remove = (key: string, name: string): void => {
    const keys = keysByName.get(name);
    keys?.delete(key);
    if (keys?.size === 0) keysByName.delete(name);
  };

  return {
    put: (key, names) => {
      const next = new Set(names);
      for (const name of namesByKey.get(key) ?? NONE) if (!next.has(name)) remove(key, name);
      for (const name of next) {
        const keys = keysByName.get(name) ?? new Set();
        keysByName.set(name, keys.add(key));
      }
      if (next.size === 0) namesByKey.delete(key);
      else namesByKey.set(key, next);
    },
    namesOf: (key) => namesByKey.get(key) ?? NONE,
    keysOf: (name) => keysByName.get(name) ?? NONE,
    names: () => [...keysByName.keys()],
  };
}
