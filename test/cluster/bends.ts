import { BASES, BASE_NAMES, changed, valueAt } from './documents.ts';
import type { BaseName, Json, Path } from './documents.ts';

/** The part of OpenAPI that our CRD uses. */
export type Schema = {
  readonly type?: string;
  readonly description?: string;
  readonly enum?: readonly string[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly maxProperties?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | false;
  readonly items?: Schema;
  readonly 'x-kubernetes-validations'?: readonly { readonly rule: string; readonly message: string }[];
};

/** A valid resource with one thing changed. */
export type Bend = { readonly name: string; readonly base: BaseName; readonly document: Json };

/**
 * Bases bent at every path that the schema knows, at and beyond each bound: whether that is still valid is for the
 * judges to say. A path that several bases have is bent in the first of them.
 * @param schema the schema of `spec`
 */
export function bends(schema: Schema): Bend[] {
  const seen = new Set<string>();
  return BASE_NAMES.flatMap((base) => {
    const fresh = places(schema, BASES[base], ['spec']).filter(({ pattern }) => !seen.has(pattern));
    for (const { pattern } of fresh) seen.add(pattern);
    return fresh.flatMap(({ path, schema, value }) =>
      replacements(schema, value).map((replacement) => ({
        name: `${base}: ${path.join('.')} = ${shown(replacement)}`,
        base,
        document: changed(BASES[base], path, replacement),
      })),
    );
  });
}

/** Paths of the schema at which no base has a value, so that nothing would be bent there. */
export function pathsWithoutExample(schema: Schema): string[] {
  const reached = new Set(
    Object.values(BASES).flatMap((base) => places(schema, base, ['spec']).map(({ pattern }) => pattern)),
  );
  return partsOf(schema, 'spec')
    .map(({ pattern }) => pattern)
    .filter((pattern) => !reached.has(pattern));
}

type Place = { readonly path: Path; readonly pattern: string; readonly schema: Schema; readonly value: Json };

/** Where document and schema both have something. Of a list and a map only the first entry is looked at. */
function places(schema: Schema, document: Json, path: Path, pattern: string = path.join('.')): Place[] {
  const value = valueAt(document, path);
  if (value === undefined) return [];
  const below = (key: string | number, part: Schema, name: string): Place[] =>
    places(part, document, [...path, key], `${pattern}${name}`);
  const members = Object.entries(schema.properties ?? {}).flatMap(([key, part]) => below(key, part, `.${key}`));
  const firstKey = Object.keys(value ?? {})[0];
  const entries =
    !schema.additionalProperties || firstKey === undefined ? [] : below(firstKey, schema.additionalProperties, '.*');
  const items = schema.items === undefined ? [] : below(0, schema.items, '[]');
  return [{ path, pattern, schema, value }, ...members, ...entries, ...items];
}

/** Fields that say nothing about themselves. Entries of lists and maps are described by the list or map. */
export function pathsWithoutDescription(schema: Schema): string[] {
  return partsOf(schema, 'spec')
    .filter(({ pattern, part }) => part.description === undefined && !/(\[\]|\.\*)$/.test(pattern))
    .map(({ pattern }) => pattern);
}

/** Every path of the schema and what stands there. */
function partsOf(schema: Schema, pattern: string): { readonly pattern: string; readonly part: Schema }[] {
  const members = Object.entries(schema.properties ?? {}).flatMap(([key, part]) => partsOf(part, `${pattern}.${key}`));
  const entries = !schema.additionalProperties ? [] : partsOf(schema.additionalProperties, `${pattern}.*`);
  const items = schema.items === undefined ? [] : partsOf(schema.items, `${pattern}[]`);
  return [{ pattern, part: schema }, ...members, ...entries, ...items];
}

/** `undefined` stands for leaving the value out. */
function replacements(schema: Schema, value: Json): (Json | undefined)[] {
  const others: Json[] = ['text', 7, true, [], {}];
  const common = [undefined, ...others];
  if (typeof value === 'string') return [...common, ...strings(schema, value)];
  if (typeof value === 'number') return [...common, ...numbers(schema)];
  if (Array.isArray(value)) return [...common, ...lists(schema, value)];
  if (typeof value === 'object' && value !== null)
    return [...common, ...(!schema.additionalProperties ? objects(value) : maps(schema, value))];
  return [...common, false, 0, 'true'];
}

function strings({ enum: members = [], maxLength, minLength }: Schema, value: string): Json[] {
  const odd = [
    '',
    ' ',
    'ä',
    'a b',
    '-a',
    'a-',
    '.a',
    'a.',
    'a/b',
    'a//b',
    '/a',
    'a@b',
    `${value}\n`,
    ` ${value}`,
    `${value}\u0000`,
  ];
  const padded = (length: number): string => value.padEnd(length, value.at(-1) ?? 'a').slice(0, length);
  const bounds = [...around(maxLength), ...around(minLength)].filter((length) => length >= 0);
  const wide = maxLength === undefined ? [] : ['𝒜'.repeat(maxLength), '𝒜'.repeat(maxLength + 1)];
  return [...members, ...members.map((member) => member.toLowerCase()), ...odd, ...bounds.map(padded), ...wide];
}

const numbers = ({ minimum, maximum }: Schema): Json[] => [...around(minimum), ...around(maximum), 0, 1.5, 1e21];

const around = (bound: number | undefined): number[] => (bound === undefined ? [] : [bound - 1, bound, bound + 1]);

function lists({ maxItems, minItems }: Schema, value: readonly Json[]): Json[] {
  const first = value[0];
  if (first === undefined) return [[null]];
  const many = (count: number): Json => Array.from({ length: count }, (_, index) => distinct(first, index));
  const bounds = [...around(maxItems), ...around(minItems)].filter((count) => count >= 0);
  return [[first, first], [...value, null], [[first]], ...bounds.map(many)];
}

/** Another valid entry of a list, unlike every other. */
function distinct(entry: Json, index: number): Json {
  if (typeof entry === 'string') return `${entry}${index}`;
  const name = valueAt(entry, ['name']);
  return typeof name === 'string' ? changed(entry, ['name'], `${name}${index}`) : entry;
}

const objects = (value: { [key: string]: Json }): Json[] => [
  { ...value, unknown: 1 },
  { ...value, unknown: null },
];

function maps({ maxProperties }: Schema, value: { [key: string]: Json }): Json[] {
  const sample = Object.values(value)[0] ?? '';
  const names = [
    '',
    'A',
    'AB',
    '1A',
    'A-B',
    'a.mjs',
    'AWS_REGION',
    'AWS_LAMBDA_X',
    'A'.repeat(253),
    'A'.repeat(254),
    '𝒜'.repeat(200),
  ];
  const many = (count: number): Json =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`KEY${index}`, sample]));
  return [...names.map((name): Json => ({ [name]: sample })), ...around(maxProperties).map(many)];
}

function shown(value: Json | undefined): string {
  if (value === undefined) return 'left out';
  const text = JSON.stringify(value);
  return text.length <= 60 ? text : `${text.slice(0, 40)}… (${text.length} characters)`;
}
