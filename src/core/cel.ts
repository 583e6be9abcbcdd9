/** A rule of the API server beside the schema: the same check as the zod refinement it stands next to. */
type CelRule = { readonly rule: string; readonly message: string };

export const cel = (...rules: readonly CelRule[]) => ({
  'x-kubernetes-validations': rules.map(({ rule, message }) => ({ rule, message })),
});
