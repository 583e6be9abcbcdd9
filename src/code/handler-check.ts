import { lacksExport } from './module-exports.ts';

type Files = ReadonlyMap<string, Uint8Array | undefined>;

/**
 * What Lambda would not find of a handler: its file, or for Node.js the export. A warning and no more, because a layer
 * may bring the file, and what a module exports is known for certain only when it runs.
 *
 * @param files what the zip holds; a file whose content is not at hand is undefined, and not looked into
 * @see https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html
 * @see https://docs.aws.amazon.com/lambda/latest/dg/python-handler.html
 */
export function handlerWarning(handler: string, runtime: string, files: Files): string | undefined {
  const problem = problemOf(handler, runtime, files);
  return problem === undefined ? undefined : `spec.function.handler: ${problem}`;
}

function problemOf(handler: string, runtime: string, files: Files): string | undefined {
  if (handler.startsWith('/opt/')) return undefined; // in a layer
  if (runtime.startsWith('nodejs')) return nodeProblem(handler, files);
  if (runtime.startsWith('python')) return pythonProblem(handler, files);
  if (runtime.startsWith('provided') && !files.has('bootstrap'))
    return `the runtime ${runtime} starts the file bootstrap, and the code holds ${listed(files)}`;
  return undefined;
}

function nodeProblem(handler: string, files: Files): string | undefined {
  const { module, name } = nodeHandler(handler);
  if (name === undefined)
    return `the handler ${JSON.stringify(handler)} names no export; write it as file.export, such as index.handler`;
  const file = JAVASCRIPT.map((ending) => module + ending).find((candidate) => files.has(candidate));
  if (file === undefined)
    return [...files.keys()].some((candidate) => candidate.startsWith(`${module}/`))
      ? undefined
      : `the handler ${handler} needs ${module}.mjs, ${module}.js or ${module}.cjs, and the code holds ${listed(files)}`;
  const content = files.get(file);
  if (content === undefined || !lacksExport(file, Buffer.from(content).toString('utf8'), name)) return undefined;
  return `${file} seems to export no ${name}, which the handler ${handler} names`;
}

function pythonProblem(handler: string, files: Files): string | undefined {
  const dot = handler.lastIndexOf('.');
  if (dot === -1)
    return `the handler ${JSON.stringify(handler)} names no function; write it as file.function, such as index.handler`;
  const module = handler.slice(0, dot).replaceAll('.', '/');
  if ([...files.keys()].some((name) => name.startsWith(`${module}.`) || name.startsWith(`${module}/`)))
    return undefined;
  return `the handler ${handler} needs ${module}.py, and the code holds ${listed(files)}`;
}

const JAVASCRIPT = ['.mjs', '.js', '.cjs'] as const;
const TYPESCRIPT = ['.ts', '.mts', '.cts'] as const;

/** The file of a Node.js handler, which has to be bundled before it can run; undefined when JavaScript stands there. */
export function typescriptHandler(handler: string, runtime: string, names: readonly string[]): string | undefined {
  if (!runtime.startsWith('nodejs')) return undefined;
  const { module } = nodeHandler(handler);
  const named = (ending: string): boolean => names.includes(module + ending);
  if (JAVASCRIPT.some(named)) return undefined;
  const ending = TYPESCRIPT.find(named);
  return ending === undefined ? undefined : module + ending;
}

/** `lib/app.handler.mail` is `handler.mail` of the module `lib/app`. */
export function nodeHandler(handler: string): { readonly module: string; readonly name: string | undefined } {
  const dot = handler.indexOf('.', handler.lastIndexOf('/') + 1);
  const module = (dot === -1 ? handler : handler.slice(0, dot)).replace(/^\.\//, '');
  const name = /^[\w$]+/.exec(dot === -1 ? '' : handler.slice(dot + 1))?.[0];
  return { module, name };
}

function listed(files: Files): string {
  const names = [...files.keys()];
  const shown = names.slice(0, 5).join(', ');
  return names.length > 5 ? `${shown} and ${names.length - 5} more` : shown;
}
