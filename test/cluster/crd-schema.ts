import { z } from 'zod';
import { manifestSchema } from '../../src/core/manifest.ts';
import type { Schema } from './bends.ts';

type Definition = {
  readonly spec: {
    readonly versions: readonly [{ readonly schema: { readonly openAPIV3Schema: Schema } }];
  };
};

const rootSchema = (definition: unknown): Schema => (definition as Definition).spec.versions[0].schema.openAPIV3Schema;

/** The schema of `spec` in a CustomResourceDefinition. */
export function specSchema(definition: unknown): Schema {
  const schema = rootSchema(definition).properties?.['spec'];
  if (schema === undefined) throw new Error('the CustomResourceDefinition has no schema for spec');
  return schema;
}

/** The schema of `spec` before it became a CustomResourceDefinition: no bound can have got lost on the way. */
export function parserSchema(): Schema {
  const schema = z.toJSONSchema(manifestSchema, { io: 'input', target: 'openapi-3.0' }) as unknown as Schema;
  const spec = schema.properties?.['spec'];
  if (spec === undefined) throw new Error('the schema of a manifest has no spec');
  return spec;
}

/** What every CEL rule of the definition says when it refuses. */
export function sayingsOf(definition: unknown): string[] {
  const below = (schema: Schema): string[] => [
    ...(schema['x-kubernetes-validations'] ?? []).map(({ message }) => message),
    ...Object.values(schema.properties ?? {}).flatMap(below),
    ...(!schema.additionalProperties ? [] : below(schema.additionalProperties)),
    ...(schema.items === undefined ? [] : below(schema.items)),
  ];
  return below(rootSchema(definition));
}
