import type { Arbitrary } from 'fast-check';
import { array, constantFrom, integer, nat, oneof, record, string, stringMatching } from 'fast-check';
import { BASES, changed, valueAt } from './documents.ts';
import type { Json, Path } from './documents.ts';

/** A valid resource in which one to three values of its spec were replaced, removed, added or taken from elsewhere. */
export function mutants(): Arbitrary<Json> {
  const mutation = record({
    place: nat(),
    kind: constantFrom('replace', 'remove', 'add', 'move'),
    value: values(),
    from: nat(),
  });
  return record({
    base: constantFrom(...Object.values(BASES)),
    mutations: array(mutation, { minLength: 1, maxLength: 3 }),
  }).map(({ base, mutations }) => mutations.reduce(mutate, base));
}

type Mutation = {
  readonly place: number;
  readonly kind: 'replace' | 'remove' | 'add' | 'move';
  readonly value: Json;
  readonly from: number;
};

function mutate(document: Json, { place, kind, value, from }: Mutation): Json {
  const paths = pathsIn(document, ['spec']);
  const path = paths[place % paths.length] ?? ['spec'];
  switch (kind) {
    case 'replace':
      return changed(document, path, value);
    case 'remove':
      return remove(document, path);
    case 'add':
      return add(document, path, value);
    case 'move':
      return changed(document, path, valueAt(document, paths[from % paths.length] ?? path));
  }
}

/** Of a list the entries behind move up, so that no hole is left. */
function remove(document: Json, path: Path): Json {
  const list = valueAt(document, path.slice(0, -1));
  if (!Array.isArray(list)) return changed(document, path, undefined);
  return changed(
    document,
    path.slice(0, -1),
    list.filter((_, index) => index !== path.at(-1)),
  );
}

function add(document: Json, path: Path, value: Json): Json {
  const at = valueAt(document, path);
  if (Array.isArray(at))
    return changed(document, path, [...at, ...(at.length > 0 && value === '' ? at.slice(0, 1) : [value])]);
  if (typeof at === 'object' && at !== null) return changed(document, path, { ...at, added: value });
  return changed(document, path, [value]);
}

/** Every path below a place, parents first. */
function pathsIn(document: Json, path: Path): Path[] {
  const value = valueAt(document, path);
  if (typeof value !== 'object' || value === null) return [path];
  const keys = Array.isArray(value) ? [...value.keys()] : Object.keys(value);
  return [path, ...keys.flatMap((key) => pathsIn(document, [...path, key]))];
}

/** What people write by mistake, beside what nobody would. */
function values(): Arbitrary<Json> {
  return oneof(
    constantFrom<Json[]>(
      '',
      'Retain',
      'Always',
      'example.com',
      '.example.com',
      'user@example.com',
      'user@.example.com',
      'a_b',
      '90s',
      '1h30m',
      'Observe',
      's3:*',
      true,
      false,
      0,
      1,
      -1,
      128,
      1.5,
      [],
      {},
    ),
    string({ maxLength: 12 }),
    stringMatching(/^[A-Za-z0-9.@_/-]{0,12}$/),
    integer({ min: -2000, max: 40_000 }),
  );
}
