import type { FunctionCode, NewCode } from './function-code.ts';
import type { ManifestSpec } from './manifest.ts';

/** What a manifest names for its function without holding it. */
export type FunctionInputs = {
  readonly code: FunctionCode;
  /** The values of `environmentFrom`, by variable. Like every value of the environment they are shown nowhere. */
  readonly environment: Readonly<Record<string, string>>;
  /** What is allowed about the code but worth a second look, one sentence each. */
  readonly warnings?: readonly string[];
};

/** Code that needs nothing from the manifest's surroundings: Lambda has it, or reads it itself. */
export function codeAtAws({
  code,
}: ManifestSpec['function']): Exclude<FunctionCode, NewCode & { kind: 'zip' }> | undefined {
  if (code.existing !== undefined) return { kind: 'existing' };
  if (code.imageUri !== undefined) return { kind: 'image', uri: code.imageUri };
  if (code.s3 === undefined) return undefined;
  const { bucket, key, version } = code.s3;
  return { kind: 's3', bucket, key, ...(version === undefined ? {} : { version }) };
}

/** One key of an object in the pipeline's namespace, and the variable that gets its value. */
export type VariableRef = {
  readonly variable: string;
  readonly kind: 'ConfigMap' | 'Secret';
  /** The field of the manifest that holds the reference. */
  readonly field: 'configMapKeyRef' | 'secretKeyRef';
  readonly name: string;
  readonly key: string;
};

/** What the environment takes from elsewhere, by the name of the variable: the same order for any order of writing. */
export function variableRefs({ environmentFrom }: ManifestSpec['function']): readonly VariableRef[] {
  return Object.entries(environmentFrom)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([variable, { configMapKeyRef, secretKeyRef }]): VariableRef[] => [
      ...(configMapKeyRef === undefined
        ? []
        : [{ variable, kind: 'ConfigMap', field: 'configMapKeyRef', ...configMapKeyRef } as const]),
      ...(secretKeyRef === undefined
        ? []
        : [{ variable, kind: 'Secret', field: 'secretKeyRef', ...secretKeyRef } as const]),
    ]);
}
