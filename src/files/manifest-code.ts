import { invalidCode } from '../code/code-limits.ts';
import { packCode } from '../code/pack-code.ts';
import { PipelineError } from '../core/fault.ts';
import type { FunctionCode } from '../core/function-code.ts';
import type { Manifest } from '../core/manifest.ts';
import { type CodeFromPath, readCodePath } from './code-path.ts';
import type { FoundConfigMap } from './collect-resources.ts';
import type { Path } from './file-problem.ts';
import { handlerFileProblem } from './handler-file.ts';

type FunctionSpec = Manifest['spec']['function'];

export type CodeContext = {
  /** Folder that `code.path` starts from. */
  readonly baseFolder: string;
  readonly namespace: string;
  /** A ConfigMap of the pipeline's namespace. */
  readonly configMap: (name: string) => FoundConfigMap | undefined;
};

export type ManifestCode =
  | { readonly ok: true; readonly code: FunctionCode }
  | { readonly ok: false; readonly path: Path; readonly message: string };

const SOURCES = ['inline', 'configMapRef', 'path', 's3', 'existing'] as const;

/** The code that a manifest names, ready for Lambda, or what is wrong with it and where that stands. */
export async function manifestCode(manifest: Manifest, context: CodeContext): Promise<ManifestCode> {
  const spec = manifest.spec.function;
  try {
    return { ok: true, code: await resolveCode(spec, context) };
  } catch (error) {
    if (!(error instanceof PipelineError)) throw error;
    const source = SOURCES.filter((name) => spec.code[name] !== undefined);
    return {
      ok: false,
      path: ['spec', 'function', 'code', ...source],
      message: error.fault.message.replace(/\.$/, ''),
    };
  }
}

async function resolveCode({ code, handler, runtime }: FunctionSpec, context: CodeContext): Promise<FunctionCode> {
  if (code.existing !== undefined) return { kind: 'existing' };
  if (code.s3 !== undefined) {
    const { bucket, key, version } = code.s3;
    return { kind: 's3', bucket, key, ...(version === undefined ? {} : { version }) };
  }
  const found = await findCode(code, context);
  const packed = found.kind === 'zip' ? found.zip.code : packCode(found.files, { runtime });
  const fileNames = found.kind === 'zip' ? found.zip.fileNames : [...found.files.keys()];
  const problem = handlerFileProblem(handler, runtime, fileNames);
  if (problem !== undefined) throw invalidCode(problem);
  return packed;
}

async function findCode(code: FunctionSpec['code'], context: CodeContext): Promise<CodeFromPath> {
  if (code.path !== undefined) return await readCodePath(context.baseFolder, code.path);
  if (code.configMapRef !== undefined) return { kind: 'files', files: configMapFiles(code.configMapRef.name, context) };
  const texts = Object.entries(code.inline ?? {});
  return { kind: 'files', files: new Map(texts.map(([name, text]) => [name, Buffer.from(text, 'utf8')])) };
}

function configMapFiles(name: string, { namespace, configMap }: CodeContext): ReadonlyMap<string, Uint8Array> {
  const found = configMap(name);
  if (found === undefined)
    throw invalidCode(`ConfigMap ${namespace}/${name} is not among the given files; give its file with -f too.`);
  if (found.files === undefined) throw invalidCode(`ConfigMap ${namespace}/${name} is not valid; correct it first.`);
  return found.files;
}
