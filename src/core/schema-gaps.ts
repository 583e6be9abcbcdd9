/** An OpenAPI schema, as far as fields go. */
type Schema = {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly additionalProperties?: Schema | boolean;
};

/**
 * Fields of one schema that another does not have, by their paths, in order; of a missing object only its own path.
 * What the other has beside them does not count.
 */
export function schemaGaps(needed: unknown, found: unknown, path = ''): readonly string[] {
  const [ours, theirs] = [needed as Schema, found as Schema];
  const inside = (name: string): string => (path === '' ? name : `${path}.${name}`);
  const gaps = Object.entries(ours.properties ?? {}).flatMap(([name, property]) => {
    const other = theirs.properties?.[name];
    return other === undefined ? [inside(name)] : schemaGaps(property, other, inside(name));
  });
  const ofMembers = typeof ours.additionalProperties === 'object' ? ours.additionalProperties : undefined;
  const theirMembers = typeof theirs.additionalProperties === 'object' ? theirs.additionalProperties : undefined;
  return [
    ...gaps,
    ...(ours.items === undefined ? [] : schemaGaps(ours.items, theirs.items ?? {}, `${path}[]`)),
    ...(ofMembers === undefined ? [] : schemaGaps(ofMembers, theirMembers ?? {}, `${path}.*`)),
  ];
}
