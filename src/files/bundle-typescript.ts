import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { invalidSpec } from '../core/fault.ts';
import { HELPER_LIBRARY_ESM } from '../code/helper-library.generated.ts';

export type BundleOptions = {
  /** The code's folder, and the handler's file in it. */
  readonly folder: string;
  readonly file: string;
  /** Identifier of a Node.js runtime. */
  readonly runtime: string;
  /** Where the user's esbuild is looked for, one folder after the other. */
  readonly projects: readonly string[];
};

/** What is used of the user's esbuild. @see https://esbuild.github.io/api/#build */
type Esbuild = {
  readonly build: (options: Readonly<Record<string, unknown>>) => Promise<{
    readonly outputFiles: readonly { readonly contents: Uint8Array }[];
  }>;
};

type BuildFailure = {
  readonly errors: readonly {
    readonly text: string;
    readonly location: { readonly file: string; readonly line: number; readonly column: number } | null;
  }[];
};

/** Packages that are CommonJS ask for Node's own modules by `require`, which an ES module does not have. */
const REQUIRE = `import { createRequire as createRequireOfBundle } from 'node:module';
const require = createRequireOfBundle(import.meta.url);`;

/**
 * Makes one ES module of a handler in TypeScript and everything it imports, the AWS SDK aside, with the esbuild of the
 * user's own project. The same sources and the same esbuild give the same bytes wherever the project lies.
 *
 * @returns name in the zip → content
 * @throws {PipelineError} class `invalid`: there is no esbuild, or it found an error in the code
 */
export async function bundleTypeScript(options: BundleOptions): Promise<Map<string, Uint8Array>> {
  const { folder, file, runtime } = options;
  const esbuild = await loadEsbuild(options);
  try {
    const { outputFiles } = await esbuild.build({
      entryPoints: [join(folder, file)],
      absWorkingDir: folder, // paths in comments and messages start here
      bundle: true,
      write: false,
      format: 'esm',
      platform: 'node',
      target: runtime.replace(/^nodejs(\d+).*$/, 'node$1'),
      external: ['@aws-sdk/*'],
      charset: 'utf8',
      banner: { js: REQUIRE },
      plugins: [helperLibrary(folder)],
      logLevel: 'silent',
    });
    return new Map(outputFiles.map(({ contents }) => [file.replace(/\.[cm]?ts$/, '.mjs'), contents]));
  } catch (cause) {
    throw invalidSpec(failureText(cause, file), { cause });
  }
}

/** The library of this version, as code that is not bundled gets it; what it can use beside it comes from the user. */
function helperLibrary(resolveDir: string): object {
  const namespace = 'packed-with-the-code';
  type Build = Record<'onResolve' | 'onLoad', (of: { filter: RegExp; namespace?: string }, use: () => object) => void>;
  return {
    name: namespace,
    setup: ({ onResolve, onLoad }: Build): void => {
      onResolve({ filter: /^ses-lambda-pipeline\/lambda$/ }, () => ({ path: 'helper-library', namespace }));
      onLoad({ filter: /^/, namespace }, () => ({ contents: HELPER_LIBRARY_ESM, loader: 'js', resolveDir }));
    },
  };
}

async function loadEsbuild({ file, projects }: BundleOptions): Promise<Esbuild> {
  for (const project of projects) {
    const path = resolveFrom(project);
    if (path === undefined) continue;
    const { default: esbuild } = (await import(pathToFileURL(path).href)) as { readonly default: Esbuild };
    return esbuild;
  }
  throw invalidSpec(
    `${file} is TypeScript, and the project has no esbuild to bundle it: npm install --save-dev esbuild there, or compile it yourself and name the folder with the JavaScript.`,
  );
}

function resolveFrom(project: string): string | undefined {
  try {
    return createRequire(join(project, 'package.json')).resolve('esbuild');
  } catch {
    return undefined;
  }
}

function failureText(cause: unknown, file: string): string {
  const errors = (cause as Partial<BuildFailure> | undefined)?.errors ?? [];
  const [first] = errors;
  if (first === undefined) return `${file} cannot be bundled: ${String(cause)}`;
  const place =
    first.location === null ? file : `${first.location.file}:${first.location.line}:${first.location.column + 1}`;
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : '';
  return `${place} cannot be bundled: ${first.text}${more}`;
}
