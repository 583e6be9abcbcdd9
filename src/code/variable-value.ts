import { invalidSpec, PipelineError } from '../core/fault.ts';
import type { VariableRef } from '../core/function-inputs.ts';

/**
 * The value that a variable takes from an object's content.
 *
 * @throws {PipelineError} `dependency` when the key is missing, `invalid` when its value cannot be one of a variable
 */
export function variableValue(
  { variable, kind, name, key }: VariableRef,
  namespace: string,
  content: ReadonlyMap<string, Uint8Array>,
): string {
  const bytes = content.get(key);
  const about = `${kind} ${namespace}/${name}`;
  if (bytes === undefined)
    throw new PipelineError({
      class: 'dependency',
      reason: 'DependencyNotReady',
      message: `${about} has no key ${key}, which variable ${variable} needs; add it`,
    });
  const value = textOf(bytes);
  if (value === undefined)
    throw invalidSpec(
      `${about}, key ${key}: the value of variable ${variable} must be UTF-8 text without null characters`,
    );
  return value;
}

function textOf(bytes: Uint8Array): string | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    return text.includes('\0') ? undefined : text;
  } catch {
    return undefined;
  }
}
