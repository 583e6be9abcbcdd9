import { manifestSchema } from '../core/manifest.ts';
import type { Path } from './file-problem.ts';
import { nearestNames } from './nearest-names.ts';

type JsonSchema = {
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema;
  readonly additionalProperties?: JsonSchema | boolean;
};

const root = manifestSchema.toJSONSchema({ io: 'input' }) as JsonSchema;

/** The field a person most likely meant by `name`, among those that exist beside it. @param path of the object that holds it */
export function suggestField(path: Path, name: string): string | undefined {
  const schema = path.reduce<JsonSchema | undefined>(descend, root);
  return nearestNames(name, Object.keys(schema?.properties ?? {}))[0];
}

function descend(schema: JsonSchema | undefined, part: string | number): JsonSchema | undefined {
  if (schema === undefined) return undefined;
  if (typeof part === 'number') return schema.items;
  if (schema.properties !== undefined && Object.hasOwn(schema.properties, part)) return schema.properties[part];
  return typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined;
}
