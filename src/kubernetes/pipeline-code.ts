import { invalidCode } from '../code/code-limits.ts';
import { parseConfigMap } from '../code/config-map.ts';
import { packCode } from '../code/pack-code.ts';
import { PipelineError } from '../core/fault.ts';
import type { FunctionCode } from '../core/function-code.ts';
import type { Manifest } from '../core/manifest.ts';
import { CONFIG_MAPS, type ApiObject } from './api-object.ts';
import type { KubernetesApi } from './api.ts';

/** The ConfigMap that a pipeline takes its code from, if any: `namespace/name`. */
export function configMapOf(manifest: Manifest | undefined, namespace: string): string | undefined {
  const name = manifest?.spec.function.code.configMapRef?.name;
  return name === undefined ? undefined : `${namespace}/${name}`;
}

/**
 * The code of a pipeline, read when it is needed: only metadata of ConfigMaps is watched.
 *
 * @throws {PipelineError} `dependency` when the ConfigMap does not exist, `invalid` when its content cannot be packed
 */
export async function pipelineCode(
  manifest: Manifest,
  namespace: string,
  api: Pick<KubernetesApi, 'get'>,
): Promise<FunctionCode> {
  const { code, runtime } = manifest.spec.function;
  if (code.existing !== undefined) return { kind: 'existing' };
  if (code.s3 !== undefined) {
    const { bucket, key, version } = code.s3;
    return { kind: 's3', bucket, key, ...(version === undefined ? {} : { version }) };
  }
  if (code.configMapRef !== undefined)
    return packCode(await configMapFiles(code.configMapRef.name, namespace, api), { runtime });
  if (code.inline === undefined)
    throw invalidCode('spec.function.code.path is for manifests in files; use configMapRef, inline or s3 in a cluster');
  const texts = Object.entries(code.inline);
  return packCode(new Map(texts.map(([name, text]) => [name, Buffer.from(text, 'utf8')])), { runtime });
}

async function configMapFiles(
  name: string,
  namespace: string,
  api: Pick<KubernetesApi, 'get'>,
): Promise<ReadonlyMap<string, Uint8Array>> {
  const found = await api.get<ApiObject>(CONFIG_MAPS, { namespace, name });
  if (found === undefined)
    throw new PipelineError({
      class: 'dependency',
      reason: 'DependencyNotReady',
      message: `ConfigMap ${namespace}/${name} does not exist; create it, and the pipeline goes on by itself`,
    });
  const parsed = parseConfigMap(found);
  if (parsed.ok) return parsed.files;
  const [issue] = parsed.issues;
  throw invalidCode(
    `ConfigMap ${namespace}/${name}, ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'is not valid'}`,
  );
}
