import { loadAll, YAMLException } from 'js-yaml';
import { KUBERNETES_SCHEMA } from './kubernetes-schema.ts';
import type { Path } from './file-problem.ts';

/** One document with content, or what is wrong with it. */
export type ParsedDocument = { readonly document: number } & (
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly path: Path; readonly message: string }
);

const DOCUMENT_LIMIT_BYTES = 1024 * 1024;
const NODE_LIMIT = 100_000;
const DEPTH_LIMIT = 100;
const MERGE_KEY = '<<';

/**
 * The documents of a YAML or JSON file. Each is parsed alone, so that a broken one does not hide the others. What
 * comes back is a tree of fresh objects without shared parts: an alias is a copy, and their number is bounded.
 */
export function parseDocuments(text: string): ParsedDocument[] {
  const documents: ParsedDocument[] = [];
  const add = (parsed: Outcome): void => void documents.push({ document: documents.length + 1, ...parsed });
  for (const chunk of chunksOf(text.replace(/^\uFEFF/, ''))) parseChunk(chunk).forEach(add);
  return documents;
}

type Outcome = { ok: true; value: unknown } | { ok: false; path: Path; message: string };
type Chunk = { readonly text: string; readonly lineOffset: number };

/** Cuts at the lines that begin a document. Directives (`%YAML`) stay with the document they are for. */
function chunksOf(text: string): Chunk[] {
  const chunks: Chunk[] = [];
  let lines: string[] = [];
  let lineOffset = 0;
  const close = (nextOffset: number): void => {
    chunks.push({ text: lines.join('\n'), lineOffset });
    lines = [];
    lineOffset = nextOffset;
  };
  for (const [index, line] of text.split(/\r\n|\r|\n/).entries()) {
    if (/^---(\s|$)/.test(line) && !areDirectives(lines)) close(index);
    lines.push(line);
  }
  close(0);
  return chunks;
}

function areDirectives(lines: readonly string[]): boolean {
  return lines.some((line) => line.startsWith('%')) && lines.every((line) => /^\s*(%|#|$)/.test(line));
}

function parseChunk({ text, lineOffset }: Chunk): Outcome[] {
  if (Buffer.byteLength(text) > DOCUMENT_LIMIT_BYTES)
    return [{ ok: false, path: [], message: 'is larger than 1 MiB, which is more than Kubernetes takes; split it' }];
  try {
    const values = loadAll(text, { schema: KUBERNETES_SCHEMA });
    return values.filter((value) => value !== null && value !== undefined).map((value) => toTree(value));
  } catch (error) {
    return [{ ok: false, path: [], message: yamlMessage(error, lineOffset) }];
  }
}

function yamlMessage(error: unknown, lineOffset: number): string {
  if (!(error instanceof YAMLException))
    return `is not valid YAML: ${error instanceof Error ? error.message : 'unreadable'}`;
  const { reason, mark } = error;
  if (mark === undefined) return `is not valid YAML: ${reason}`;
  return `is not valid YAML: line ${mark.line + 1 + lineOffset}, column ${mark.column + 1}: ${reason}`;
}

function toTree(value: unknown): Outcome {
  const state: CopyState = { nodes: 0, path: [], open: new Set() };
  try {
    return { ok: true, value: copy(value, state) };
  } catch (error) {
    if (error instanceof NotJson) return { ok: false, path: state.path, message: error.message };
    throw error;
  }
}

type CopyState = { nodes: number; path: (string | number)[]; open: Set<object> };

class NotJson extends Error {}

function copy(value: unknown, state: CopyState): unknown {
  state.nodes += 1;
  if (state.nodes > NODE_LIMIT)
    throw new NotJson(`grows to more than ${NODE_LIMIT} values through its aliases; write it out or split it`);
  if (state.path.length > DEPTH_LIMIT) throw new NotJson(`nests deeper than ${DEPTH_LIMIT} levels`);
  if (typeof value === 'number' && !Number.isFinite(value)) throw new NotJson(`${value} is not a number that JSON has`);
  if (typeof value !== 'object' || value === null) return value;
  if (state.open.has(value)) throw new NotJson('contains itself through an alias');
  state.open.add(value);
  const result = Array.isArray(value) ? copyList(value, state) : copyMap(value, state);
  state.open.delete(value);
  return result;
}

function copyList(list: readonly unknown[], state: CopyState): unknown[] {
  return list.map((item, index) => copyAt(index, item, state));
}

function copyMap(map: object, state: CopyState): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(map)) {
    const copied = copyAt(key, value, state);
    if (key === MERGE_KEY) merge(result, copied);
    else result[key] = copied;
  }
  return result;
}

/** As kubectl does it: what stands later wins, whether a key or a merge; in a list of maps the first has the last word. */
function merge(result: Record<string, unknown>, source: unknown): void {
  const maps: unknown[] = Array.isArray(source) ? source.toReversed() : [source];
  for (const map of maps) {
    if (typeof map !== 'object' || map === null || Array.isArray(map))
      throw new NotJson('a merge key (<<) needs a map or a list of maps');
    Object.assign(result, map);
  }
}

function copyAt(part: string | number, value: unknown, state: CopyState): unknown {
  state.path.push(part);
  // Assigning it would change an object's prototype, and nothing in Kubernetes is called so.
  if (part === '__proto__') throw new NotJson('this name cannot be used');
  const copied = copy(value, state);
  state.path.pop();
  return copied;
}
