import { packCode } from '../code/pack-code.ts';
import { faultOf, PipelineError } from '../core/fault.ts';
import type { FunctionCode } from '../core/function-code.ts';
import type { Manifest } from '../core/manifest.ts';
import { readCodePath } from './code-path.ts';
import type { Path } from './file-problem.ts';
import { handlerFileProblem } from './handler-file.ts';

type Files = ReadonlyMap<string, Uint8Array>;

export type CodeContext = {
  /** Folder that `code.path` starts from. */
  readonly baseFolder: string;
  readonly namespace: string;
  /** A ConfigMap of the pipeline's namespace. */
  readonly configMap: (name: string) => Files | undefined;
};

export type ManifestCode =
  | { readonly ok: true; readonly code: FunctionCode }
  | { readonly ok: false; readonly path: Path; readonly message: string };

/** The code that a manifest names, ready for Lambda. */
export async function manifestCode(manifest: Manifest, context: CodeContext): Promise<ManifestCode> {
  const { code, handler, runtime } = manifest.spec.function;
  const source = code.inline ? 'inline' : code.configMapRef ? 'configMapRef' : code.path ? 'path' : 's3';
  const refuse = (message: string, path: Path = ['spec', 'function', 'code', source]): ManifestCode => ({
    ok: false,
    path,
    message,
  });
  const pack = (files: Files): ManifestCode => {
    const packed = packCode(files, { runtime });
    const problem = handlerFileProblem(handler, runtime, [...files.keys()]);
    return problem === undefined ? { ok: true, code: packed } : refuse(problem);
  };

  try {
    if (code.inline !== undefined) return pack(textFiles(code.inline));
    if (code.configMapRef !== undefined) {
      const { name } = code.configMapRef;
      const files = context.configMap(name);
      return files === undefined ? refuse(missingConfigMap(context.namespace, name)) : pack(files);
    }
    if (code.path !== undefined) {
      const read = await readCodePath(context.baseFolder, code.path);
      if (read.kind === 'files') return pack(read.files);
      const problem = handlerFileProblem(handler, runtime, read.zip.fileNames);
      return problem === undefined ? { ok: true, code: read.zip.code } : refuse(problem);
    }
    if (code.s3 !== undefined) return { ok: true, code: { kind: 's3', ...withoutUndefined(code.s3) } };
    return refuse('names no code', ['spec', 'function', 'code']);
  } catch (error) {
    if (error instanceof PipelineError) return refuse(faultOf(error).message);
    throw error;
  }
}

function textFiles(inline: Readonly<Record<string, string>>): Files {
  return new Map(Object.entries(inline).map(([name, text]) => [name, Buffer.from(text, 'utf8')]));
}

function missingConfigMap(namespace: string, name: string): string {
  return `ConfigMap ${namespace}/${name} is not among the given files; give its file with -f too`;
}

function withoutUndefined({ bucket, key, version }: { bucket: string; key: string; version?: string | undefined }) {
  return version === undefined ? { bucket, key } : { bucket, key, version };
}
