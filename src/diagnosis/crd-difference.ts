import type { Finding } from './finding.ts';
import { counted, someOf } from './words.ts';

type Schema = { readonly [member: string]: unknown };
type Difference = {
  readonly lacking: readonly string[];
  readonly added: readonly string[];
  readonly changed: readonly string[];
};

/** Paths of what differs between two structural schemas, by the fields that they describe. */
function differences(expected: unknown, live: unknown, path = ''): Difference {
  const wanted = membersOf(expected);
  const found = membersOf(live);
  const at = (name: string): string => (name === '[]' ? `${path}[]` : path === '' ? name : `${path}.${name}`);
  const lacking = [...wanted.keys()].filter((name) => !found.has(name)).map(at);
  const added = [...found.keys()].filter((name) => !wanted.has(name)).map(at);
  const below = [...wanted.keys()]
    .filter((name) => found.has(name))
    .map((name) => differences(wanted.get(name), found.get(name), at(name)));
  const changed = sameRest(expected, live) ? [] : [path];
  return {
    lacking: [...lacking, ...below.flatMap((each) => each.lacking)],
    added: [...added, ...below.flatMap((each) => each.added)],
    changed: [...changed, ...below.flatMap((each) => each.changed)],
  };
}

function membersOf(schema: unknown): ReadonlyMap<string, unknown> {
  const { properties = {}, items } = (schema ?? {}) as { readonly properties?: Schema; readonly items?: unknown };
  return new Map([...Object.entries(properties), ...(items === undefined ? [] : [['[]', items] as const])]);
}

/** Types, bounds, defaults and rules of this very field; its words may differ. */
function sameRest(expected: unknown, live: unknown): boolean {
  const rest = (schema: unknown): string => {
    const { properties: _below, items: _each, description: _words, ...own } = (schema ?? {}) as Schema;
    return JSON.stringify(sorted(own));
  };
  return rest(expected) === rest(live);
}

/** The API server gives members back in an order of its own. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([name, member]) => [name, sorted(member)]));
}

type Definition = {
  readonly spec?: {
    readonly versions?: readonly { readonly name?: string; readonly schema?: { readonly openAPIV3Schema?: unknown } }[];
  };
};

const schemaOf = (definition: unknown, version: string): unknown =>
  (definition as Definition).spec?.versions?.find(({ name }) => name === version)?.schema?.openAPIV3Schema;

const TOLD = 3;

/** The definition that this program brings, its version, and what the program was started as. */
export type OwnDefinition = { readonly crd: unknown; readonly version: string; readonly program: string };

/** Whether the CRD of the cluster is the one of this program: an older one drops fields that it does not know. */
export function judgeCrd({ crd: expected, version, program }: OwnDefinition, live: unknown): Finding<'crd'> {
  const todo = `Install the definition of this version: ${program} crd | kubectl apply -f -`;
  const check = 'crd';
  if (live === undefined)
    return {
      check,
      outcome: 'fail',
      message: 'The cluster does not know SesLambdaPipeline: its CRD is not installed',
      todo,
    };
  const found = schemaOf(live, version);
  if (found === undefined)
    return { check, outcome: 'fail', message: `The CRD in the cluster has no version ${version}`, todo };
  const { lacking, added, changed } = differences(schemaOf(expected, version), found);
  if (lacking.length > 0)
    return {
      check,
      outcome: 'fail',
      message: `The CRD in the cluster is older than this program: it lacks ${someOf(lacking, TOLD)}, and the API server drops such fields`,
      todo,
    };
  if (added.length > 0)
    return {
      check,
      outcome: 'warn',
      message: `The CRD in the cluster is newer than this program: it also has ${someOf(added, TOLD)}`,
      todo: 'Use the version of this program that the CRD came with',
    };
  if (changed.length > 0)
    return {
      check,
      outcome: 'warn',
      message: `The CRD in the cluster judges ${counted(changed.length, 'field')} in another way than this program: ${someOf(changed, TOLD)}`,
      todo,
    };
  return { check, outcome: 'ok', message: `The CRD in the cluster is that of this program (${version})` };
}
