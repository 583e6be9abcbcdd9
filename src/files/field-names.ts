import { distance } from 'fastest-levenshtein';
import { manifestSchema } from '../core/manifest.ts';
import type { Path } from './file-problem.ts';

type JsonSchema = {
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema;
  readonly additionalProperties?: JsonSchema | boolean;
};

const root = manifestSchema.toJSONSchema({ io: 'input' }) as JsonSchema;

/** The field a person most likely meant by `name`, among those that exist beside it. @param path of the object that holds it */
export function suggestField(path: Path, name: string): string | undefined {
  const schema = path.reduce<JsonSchema | undefined>(descend, root);
  const ranked = Object.keys(schema?.properties ?? {})
    .map((field) => ({ field, mistakes: mistakesBetween(field.toLowerCase(), name.toLowerCase()) }))
    .sort((a, b) => a.mistakes - b.mistakes);
  const best = ranked[0];
  return best !== undefined && best.mistakes <= Math.max(1, Math.floor(name.length / 3)) ? best.field : undefined;
}

/** Edits between two names; one when the shorter begins the longer (`memory`, `memorySize`). */
function mistakesBetween(field: string, name: string): number {
  const [shorter, longer] = field.length < name.length ? [field, name] : [name, field];
  const edits = distance(field, name);
  return shorter.length >= 3 && longer.startsWith(shorter) ? Math.min(edits, 1) : edits;
}

function descend(schema: JsonSchema | undefined, part: string | number): JsonSchema | undefined {
  if (schema === undefined) return undefined;
  if (typeof part === 'number') return schema.items;
  if (schema.properties !== undefined && Object.hasOwn(schema.properties, part)) return schema.properties[part];
  return typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined;
}
