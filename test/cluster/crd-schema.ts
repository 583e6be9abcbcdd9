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

/** What every CEL rule of the definition says when it refuses. */
export function sayingsOf(definition: unknown): string[] {
  const below = (schema: Schema): string[] => [
    ...(schema['x-kubernetes-validations'] ?? []).map(({ message }) => message),
    ...Object.values(schema.properties ?? {}).flatMap(below),
    ...(schema.additionalProperties === undefined ? [] : below(schema.additionalProperties)),
    ...(schema.items === undefined ? [] : below(schema.items)),
  ];
  return below(rootSchema(definition));
}
