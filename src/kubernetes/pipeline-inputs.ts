import { pullNothing, type ArtifactPuller } from '../code/artifact-puller.ts';
import { readyCode } from '../code/code-content.ts';
import { parseConfigMap } from '../code/config-map.ts';
import type { ParsedContent } from '../code/keyed-content.ts';
import { parseSecret } from '../code/secret.ts';
import { variableValue } from '../code/variable-value.ts';
import { invalidSpec, PipelineError } from '../core/fault.ts';
import { codeAtAws, variableRefs, type FunctionInputs, type VariableRef } from '../core/function-inputs.ts';
import type { Manifest } from '../core/manifest.ts';
import { CONFIG_MAPS, SECRETS, type ApiObject, type ApiResource, type ObjectRef } from './api-object.ts';

/** The ConfigMaps that a pipeline takes its code or variables from: `namespace/name`. */
export function configMapsOf(manifest: Manifest | undefined, namespace: string): readonly string[] {
  if (manifest === undefined) return [];
  const { function: fn } = manifest.spec;
  const names = variableRefs(fn).flatMap(({ kind, name }) => (kind === 'ConfigMap' ? [name] : []));
  const code = fn.code.configMapRef === undefined ? [] : [fn.code.configMapRef.name];
  return [...new Set([...code, ...names])].map((name) => `${namespace}/${name}`);
}

type Api = {
  readonly get: <T extends ApiObject>(resource: ApiResource, ref: ObjectRef) => Promise<T | undefined>;
};
type Content = ReadonlyMap<string, Uint8Array>;
type ContentOf = (kind: VariableRef['kind'], name: string) => Promise<Content>;

/**
 * What a pipeline's function needs, read when it is needed and each object by its name: only metadata of ConfigMaps is
 * watched, and of Secrets nothing.
 *
 * @throws {PipelineError} `dependency` when an object or a key does not exist, `invalid` when its content cannot be used
 */
export async function pipelineInputs(
  manifest: Manifest,
  namespace: string,
  api: Api,
  pull: ArtifactPuller = pullNothing,
): Promise<FunctionInputs> {
  const fn = manifest.spec.function;
  const contentOf = readOnce(namespace, api);
  const refs = variableRefs(fn);
  const code = functionCode(fn, namespace, contentOf, pull);
  const contents = refs.map(({ kind, name }) => contentOf(kind, name));
  // Of several troubles always the first in order is told, whichever came first, or a status would flap.
  await Promise.allSettled([code, ...contents]);
  const environment: Record<string, string> = {};
  for (const [index, ref] of refs.entries()) {
    const content = await contents[index];
    if (content !== undefined) environment[ref.variable] = variableValue(ref, namespace, content);
  }
  return { ...(await code), environment };
}

async function functionCode(
  spec: Manifest['spec']['function'],
  namespace: string,
  contentOf: ContentOf,
  pull: ArtifactPuller,
): Promise<Omit<FunctionInputs, 'environment'>> {
  const { code } = spec;
  const atAws = codeAtAws(spec);
  if (atAws !== undefined) return { code: atAws };
  const pack = (files: Content) => readyCode({ kind: 'files', files }, spec);
  if (code.configMapRef !== undefined) return pack(await contentOf('ConfigMap', code.configMapRef.name));
  if (code.ociRef !== undefined) {
    const { pullSecret, ...ref } = code.ociRef;
    const secret = pullSecret && {
      about: `Secret ${namespace}/${pullSecret.name}`,
      content: await contentOf('Secret', pullSecret.name),
    };
    return readyCode(await pull(ref, secret), spec);
  }
  if (code.inline === undefined)
    throw invalidSpec(
      'spec.function.code.path is for manifests in files; use configMapRef, inline, s3, imageUri or ociRef in a cluster',
    );
  const texts = Object.entries(code.inline);
  return pack(new Map(texts.map(([name, text]) => [name, Buffer.from(text, 'utf8')])));
}

/** An object that several variables name is read once. */
function readOnce(namespace: string, api: Api): ContentOf {
  const asked = new Map<string, Promise<Content>>();
  return (kind, name) => {
    const about = `${kind} ${namespace}/${name}`;
    const reading = asked.get(about) ?? readContent(kind, { namespace, name }, api, about);
    asked.set(about, reading);
    return reading;
  };
}

const KINDS = {
  ConfigMap: { resource: CONFIG_MAPS, parse: parseConfigMap },
  Secret: { resource: SECRETS, parse: parseSecret },
} as const;

async function readContent(
  kind: VariableRef['kind'],
  ref: { readonly namespace: string; readonly name: string },
  api: Api,
  about: string,
): Promise<Content> {
  const { resource, parse } = KINDS[kind];
  const found = await api.get<ApiObject>(resource, ref);
  if (found === undefined)
    throw new PipelineError({
      class: 'dependency',
      reason: 'DependencyNotReady',
      message: `${about} does not exist; create it, and the pipeline goes on by itself`,
    });
  const parsed: ParsedContent = parse(found);
  if (parsed.ok) return parsed.files;
  const [issue] = parsed.issues;
  throw invalidSpec(`${about}, ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'is not valid'}`);
}
