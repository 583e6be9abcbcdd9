import type { ArtifactPuller, PullSecret } from '../code/artifact-puller.ts';
import { filesIn, readyCode, type CodeContent } from '../code/code-content.ts';
import { typescriptHandler } from '../code/handler-check.ts';
import { rememberingPack } from '../code/remembering-pack.ts';
import { variableValue } from '../code/variable-value.ts';
import { invalidSpec, PipelineError } from '../core/fault.ts';
import { codeAtAws, type FunctionInputs, type VariableRef, variableRefs } from '../core/function-inputs.ts';
import type { Manifest } from '../core/manifest.ts';
import { readCodePath } from './code-path.ts';
import { readTypeScript } from './typescript-code.ts';
import type { FoundContent } from './collect-resources.ts';
import type { Path } from './file-problem.ts';

type FunctionSpec = Manifest['spec']['function'];

export type InputsContext = {
  /** Folder that `code.path` starts from. */
  readonly baseFolder: string;
  /** Whether a handler in TypeScript is bundled, which runs the esbuild that lies beside it. */
  readonly bundlesTypeScript: boolean;
  readonly namespace: string;
  readonly pull: ArtifactPuller;
  /** A ConfigMap or Secret of the pipeline's namespace. */
  readonly find: (kind: VariableRef['kind'], name: string) => FoundContent | undefined;
};

export type ManifestInputs =
  | { readonly ok: true; readonly inputs: FunctionInputs }
  | { readonly ok: false; readonly problems: readonly InputProblem[] };

type InputProblem = { readonly path: Path; readonly message: string };

/** What a manifest names for its function, ready for Lambda, or everything that is wrong with it and where that stands. */
export async function manifestInputs(manifest: Manifest, context: InputsContext): Promise<ManifestInputs> {
  const spec = manifest.spec.function;
  const problems: InputProblem[] = [];
  const attempt = async <T>(path: Path, work: () => T | Promise<T>): Promise<T | undefined> => {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof PipelineError)) throw error;
      problems.push({ path: ['spec', 'function', ...path], message: error.fault.message.replace(/\.$/, '') });
      return undefined;
    }
  };
  const source = SOURCES.filter((name) => spec.code[name] !== undefined);
  const code = await attempt(['code', ...source], () => resolveCode(spec, context));
  const environment: Record<string, string> = {};
  for (const ref of variableRefs(spec)) {
    const { variable, kind, field, name } = ref;
    const value = await attempt(['environmentFrom', variable, field], () =>
      variableValue(ref, context.namespace, contentOf(kind, name, context)),
    );
    if (value !== undefined) environment[variable] = value;
  }
  return code !== undefined && problems.length === 0
    ? { ok: true, inputs: { ...code, environment } }
    : { ok: false, problems };
}

/** A folder that is watched is read again and again. */
const pack = rememberingPack();

const SOURCES = ['inline', 'configMapRef', 'path', 'ociRef', 's3', 'imageUri', 'existing'] as const;

async function resolveCode(spec: FunctionSpec, context: InputsContext): Promise<Omit<FunctionInputs, 'environment'>> {
  const atAws = codeAtAws(spec);
  if (atAws !== undefined) return { code: atAws };
  const found = await findCode(spec, context);
  const typescript = typescriptHandler(spec.handler, spec.runtime, [...filesIn(found).keys()]);
  if (typescript !== undefined)
    throw invalidSpec(
      `${typescript} is TypeScript and is not compiled here; compile it and name the folder with the JavaScript`,
    );
  return readyCode(found, spec, pack);
}

async function findCode({ code, handler, runtime }: FunctionSpec, context: InputsContext): Promise<CodeContent> {
  if (code.ociRef !== undefined) {
    const { pullSecret, ...ref } = code.ociRef;
    return await context.pull(ref, pullSecret && secretOf(pullSecret.name, context));
  }
  if (code.path !== undefined) {
    const { baseFolder, bundlesTypeScript } = context;
    const bundle = bundlesTypeScript ? await readTypeScript(baseFolder, code.path, { handler, runtime }) : undefined;
    return bundle === undefined ? await readCodePath(baseFolder, code.path) : { kind: 'files', files: bundle };
  }
  if (code.configMapRef !== undefined)
    return { kind: 'files', files: contentOf('ConfigMap', code.configMapRef.name, context) };
  const texts = Object.entries(code.inline ?? {});
  return { kind: 'files', files: new Map(texts.map(([name, text]) => [name, Buffer.from(text, 'utf8')])) };
}

const secretOf = (name: string, context: InputsContext): PullSecret => ({
  about: `Secret ${context.namespace}/${name}`,
  content: contentOf('Secret', name, context),
});

function contentOf(
  kind: VariableRef['kind'],
  name: string,
  { namespace, find }: InputsContext,
): ReadonlyMap<string, Uint8Array> {
  const about = `${kind} ${namespace}/${name}`;
  const found = find(kind, name);
  if (found === undefined) throw invalidSpec(`${about} is not among the given files; give its file with -f too.`);
  if (found.content.ok) return found.content.files;
  const [issue] = found.content.issues;
  throw invalidSpec(`${about} is not valid; correct it first: ${issue?.path.join('.')} ${issue?.message}.`);
}
