import { normaliseRecipient } from '../core/recipients.ts';
import { createKeyIndex, type KeyIndex } from './key-index.ts';
import type { Resource } from './source.ts';

/** Pipelines that want what only one of them can have: a recipient, or their own rule set to be the active one. */
export type Rivals = {
  /**
   * Takes note of a pipeline as it is now; `undefined`: it is gone.
   *
   * @returns who may have won or lost something by the change, and has to be looked at again
   */
  readonly note: (key: string, resource: Resource | undefined) => readonly string[];
};

/**
 * Who loses waits without asking again, so whoever gives something up wakes the others. Indexes of what each pipeline
 * wants make that cheap: one that shares nothing wakes nobody.
 */
export function createRivals(): Rivals {
  const recipients = createKeyIndex();
  const sets = createKeyIndex();
  return {
    note: (key, resource) => {
      // A manifest that cannot be read leaves on AWS what the last one brought there.
      if (resource !== undefined && resource.manifest === undefined) return [];
      const woken = new Set([
        ...sharing(recipients, key, new Set(resource === undefined ? [] : recipientsOf(resource))),
        ...wantingAnother(sets, key, new Set(resource === undefined ? [] : setsToActivate(resource))),
      ]);
      woken.delete(key);
      return [...woken];
    },
  };
}

/**
 * Everybody who is connected by recipients, directly or through others: who loses one recipient gives up all of its own,
 * and a third may have them.
 */
function sharing(index: KeyIndex, key: string, after: ReadonlySet<string>): Iterable<string> {
  const before = index.namesOf(key);
  index.put(key, after);
  const changed = differing(before, after);
  if (!changed.some((name) => [...index.keysOf(name)].some((other) => other !== key))) return [];
  const found = new Set<string>();
  const open = [...before, ...after];
  for (let name = open.pop(); name !== undefined; name = open.pop())
    for (const other of index.keysOf(name)) {
      if (found.has(other)) continue;
      found.add(other);
      open.push(...index.namesOf(other));
    }
  return found;
}

/** Everybody who wants another set of the region to be the active one. */
function wantingAnother(index: KeyIndex, key: string, after: ReadonlySet<string>): Iterable<string> {
  const before = index.namesOf(key);
  index.put(key, after);
  const changed = differing(before, after);
  const regions = new Set(changed.map(regionOf));
  return index
    .names()
    .filter((name) => !changed.includes(name) && regions.has(regionOf(name)))
    .flatMap((name) => [...index.keysOf(name)]);
}

const differing = (a: ReadonlySet<string>, b: ReadonlySet<string>): readonly string[] => [
  ...[...a].filter((name) => !b.has(name)),
  ...[...b].filter((name) => !a.has(name)),
];

function recipientsOf({ manifest }: Resource): string[] {
  const { region = '', receiptRules = [] } = manifest?.spec ?? {};
  return receiptRules.flatMap((rule) =>
    rule.recipients.map((recipient) => `${region} ${normaliseRecipient(recipient)}`),
  );
}

function setsToActivate({ manifest, deleting }: Resource): string[] {
  const { region = '', ruleSet } = manifest?.spec ?? {};
  return ruleSet?.activate === 'Always' && !deleting ? [`${region} ${ruleSet.name}`] : [];
}

const regionOf = (name: string): string => name.slice(0, name.indexOf(' '));
