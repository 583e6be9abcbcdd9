import { distance } from 'fastest-levenshtein';
import { manifestSchema } from '../core/manifest.ts';

type JsonSchema = {
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema;
  readonly additionalProperties?: JsonSchema | boolean;
};

const root = manifestSchema.toJSONSchema({ io: 'input' }) as JsonSchema;

/** The field a person most likely meant by `name`, among those that exist beside it. @param path of the object that holds it */
export function suggestField(path: readonly (string | number)[], name: string): string | undefined {
  const schema = path.reduce<JsonSchema | undefined>(descend, root);
  const fields = Object.keys(schema?.properties ?? {});
  const ranked = fields
    .map((field) => ({ field, distance: distance(field.toLowerCase(), name.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance);
  const best = ranked[0];
  return best !== undefined && best.distance <= Math.max(2, Math.floor(name.length / 3)) ? best.field : undefined;
}

function descend(schema: JsonSchema | undefined, part: string | number): JsonSchema | undefined {
  if (schema === undefined) return undefined;
  if (typeof part === 'number') return schema.items;
  if (schema.properties !== undefined && Object.hasOwn(schema.properties, part)) return schema.properties[part];
  return typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined;
}
