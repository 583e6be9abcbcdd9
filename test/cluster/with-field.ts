import type { Json } from './documents.ts';

/** The document with a value at a field; parents are made where they are missing. */
export function withField(document: Json, field: string, value: Json): Json {
  const copy = structuredClone(document) as { spec: Record<string, Json> };
  let parent: Record<string | number, Json> = copy.spec;
  const path = field.replaceAll('[]', '.0').split('.');
  for (const key of path.slice(0, -1)) {
    parent[key] ??= {};
    parent = parent[key] as Record<string | number, Json>;
  }
  parent[path.at(-1) ?? ''] = value;
  return copy;
}
