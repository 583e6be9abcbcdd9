import { toXml, xmlDocument, type XmlValue } from './xml.ts';

/**
 * The parameters of one call as a tree: `Rule.Actions.member.1.StopAction.Scope=RuleSet` becomes
 * `{ Rule: { Actions: [{ StopAction: { Scope: 'RuleSet' } }] } }`. Leaves are strings, lists are arrays.
 *
 * @see https://smithy.io/2.0/aws/protocols/aws-query-protocol.html
 */
export type QueryParams = { readonly [name: string]: QueryValue };
export type QueryValue = string | QueryParams | readonly QueryValue[];

/** The call cannot be read as AWS query. The service answers it with `code`. */
export class QueryFormatError extends Error {
  override readonly name = 'QueryFormatError';
  readonly code = 'MalformedInput';
}

type Node = Map<string, Node | string>;

/** Parses a form body, or the query string of a GET. `Action` and `Version` stay in the tree. */
export function parseQuery(form: string): QueryParams {
  const root: Node = new Map();
  for (const [path, value] of new URLSearchParams(form)) insert(root, path.split('.'), value, path);
  return objectOf(root);
}

const MAX_DEPTH = 20;

function insert(root: Node, names: readonly string[], value: string, path: string): void {
  if (names.length > MAX_DEPTH) throw new QueryFormatError(`${path} is nested too deeply.`);
  let node = root;
  for (const name of names.slice(0, -1)) {
    const next = node.get(name) ?? new Map<string, Node | string>();
    if (typeof next === 'string') throw new QueryFormatError(`${path} is given both as a value and as a structure.`);
    node.set(name, next);
    node = next;
  }
  const leaf = names.at(-1) ?? '';
  if (node.get(leaf) instanceof Map) throw new QueryFormatError(`${path} is given both as a value and as a structure.`);
  node.set(leaf, value);
}

function valueOf(node: Node | string): QueryValue {
  if (typeof node === 'string') return node;
  const members = node.get('member');
  if (node.size === 1 && members instanceof Map && [...members.keys()].every((key) => /^[1-9]\d*$/.test(key))) {
    return listOf(members);
  }
  return objectOf(node);
}

function listOf(members: Node): readonly QueryValue[] {
  const sorted = [...members].map(([key, value]) => ({ index: Number(key), value })).sort((a, b) => a.index - b.index);
  // An empty structure sends no key at all, so a hole means that the caller's list is not what arrived.
  if (sorted.some(({ index }, position) => index !== position + 1)) {
    throw new QueryFormatError('A list has a hole: an element of it was empty.');
  }
  return sorted.map(({ value }) => valueOf(value));
}

function objectOf(node: Node): QueryParams {
  // Without a prototype: `constructor` and `__proto__` are names like any other.
  const object: Record<string, QueryValue> = Object.create(null);
  for (const [name, value] of node) object[name] = valueOf(value);
  return object;
}

/** A string parameter; undefined when absent or not a string. An empty string stays one. */
export function stringParam(params: QueryValue | undefined, ...path: readonly string[]): string | undefined {
  const found = paramAt(params, ...path);
  return typeof found === 'string' ? found : undefined;
}

/** A list parameter. Absent is undefined; `Recipients=` (how SDKs send an empty list) is `[]`. */
export function listParam(
  params: QueryValue | undefined,
  ...path: readonly string[]
): readonly QueryValue[] | undefined {
  const found = paramAt(params, ...path);
  if (found === '') return [];
  return Array.isArray(found) ? (found as readonly QueryValue[]) : undefined;
}

/** A structure parameter; undefined when absent. */
export function structParam(params: QueryValue | undefined, ...path: readonly string[]): QueryParams | undefined {
  const found = paramAt(params, ...path);
  return isStruct(found) ? found : undefined;
}

function paramAt(params: QueryValue | undefined, ...path: readonly string[]): QueryValue | undefined {
  return path.reduce<QueryValue | undefined>((node, name) => (isStruct(node) ? node[name] : undefined), params);
}

function isStruct(value: QueryValue | undefined): value is QueryParams {
  return typeof value === 'object' && !Array.isArray(value);
}

/** `resultElement: false` is for operations that have no output shape (most of IAM's writes). */
export function querySuccess(
  operation: string,
  namespace: string,
  result: Readonly<Record<string, XmlValue>>,
  options: { readonly requestId: string; readonly resultElement: boolean },
): { status: number; headers: Record<string, string>; body: string } {
  const resultXml = options.resultElement ? toXml(`${operation}Result`, result, 'member') : '';
  const metadata = toXml('ResponseMetadata', { RequestId: options.requestId }, 'member');
  const body = `<${operation}Response xmlns="${namespace}">${resultXml}${metadata}</${operation}Response>`;
  return { status: 200, headers: { 'content-type': 'text/xml' }, body };
}

/** An error envelope; `members` such as `Name` or `Bucket` stand beside the message. */
export function queryError(
  namespace: string,
  error: {
    readonly status: number;
    readonly code: string;
    readonly message: string;
    readonly members?: Readonly<Record<string, string>>;
  },
  requestId: string,
): { status: number; headers: Record<string, string>; body: string } {
  const body = xmlDocument(
    'ErrorResponse',
    namespace,
    {
      Error: {
        Type: error.status < 500 ? 'Sender' : 'Receiver',
        Code: error.code,
        Message: error.message,
        ...error.members,
      },
      RequestId: requestId,
    },
    'member',
  );
  return { status: error.status, headers: { 'content-type': 'text/xml' }, body };
}
