import { execFile } from 'node:child_process';
import { createPythonFinder } from './lambda-python.ts';
import { zip } from './wire/packages.ts';

export type CheckedCode = { readonly zip: Uint8Array; readonly sha256: string; readonly runtime: string };

/** Reads code as its runtime would, without running it. */
export type SyntaxCheck = {
  /** The first file that its runtime could not read, and why; undefined when there is none, or nobody to ask. */
  readonly problemOf: (code: CheckedCode) => Promise<string | undefined>;
};

type SourceFile = { readonly name: string; readonly text: string };

const ANSWER_LIMIT_MS = 10_000;
const MOST_ANSWERS = 100;
/** Whose syntax is not the user's to mend. */
const BROUGHT_ALONG = /(^|\/)(node_modules|site-packages)\//;

/** Parses with the interpreters themselves, which know their language best; the same code is read once. */
export function createSyntaxCheck(findPython = createPythonFinder()): SyntaxCheck {
  const answers = new Map<string, Promise<string | undefined>>();
  const ask = async ({ zip: zipped, runtime }: CheckedCode): Promise<string | undefined> => {
    if (runtime.startsWith('nodejs')) {
      const files = sourcesIn(zipped, /\.[cm]?js$/);
      return askProgram(
        process.execPath,
        ['--experimental-vm-modules', '--no-warnings', '-e', PARSE_JAVASCRIPT],
        files,
      );
    }
    if (!runtime.startsWith('python')) return undefined;
    const python = await findPython(runtime);
    return python && askProgram(python.executable, ['-c', PARSE_PYTHON], sourcesIn(zipped, /\.py$/));
  };
  return {
    problemOf: (code) => {
      const key = `${code.runtime} ${code.sha256}`;
      const answer = answers.get(key) ?? ask(code);
      answers.set(key, answer);
      const [oldest] = answers.keys();
      if (answers.size > MOST_ANSWERS && oldest !== undefined) answers.delete(oldest);
      return answer;
    },
  };
}

function sourcesIn(zipped: Uint8Array, ending: RegExp): SourceFile[] {
  const wanted = ({ name }: { name: string }): boolean => ending.test(name) && !BROUGHT_ALONG.test(name);
  const files = Object.entries(zip().unzipSync(zipped, { filter: wanted }));
  return files.map(([name, bytes]) => ({ name, text: Buffer.from(bytes).toString('utf8') }));
}

/**
 * CommonJS is parsed as the body of a function; what says import or export, or bears the name, as a module. What it
 * throws is left to Node to print, which alone tells the line.
 */
const PARSE_JAVASCRIPT = `
const vm = require('node:vm');
const parameters = ['exports', 'require', 'module', '__filename', '__dirname'];
for (const { name, text } of JSON.parse(require('node:fs').readFileSync(0, 'utf8'))) {
  const isModule = name.endsWith('.mjs') || (!name.endsWith('.cjs') && /^\\s*(import|export)\\b/m.test(text));
  if (isModule) new vm.SourceTextModule(text, { identifier: name });
  else vm.compileFunction(text.replace(/^#!/, '//'), parameters, { filename: name });
}`;

/** Prints as Node does: where, and then what. */
const PARSE_PYTHON = `
import ast, json, sys
for file in json.load(sys.stdin):
    try:
        ast.parse(file['text'], file['name'])
    except SyntaxError as error:
        sys.exit('%s:%s\\n%s: %s' % (file['name'], error.lineno, type(error).__name__, error.msg))
`;

function askProgram(
  command: string,
  args: readonly string[],
  files: readonly SourceFile[],
): Promise<string | undefined> {
  if (files.length === 0) return Promise.resolve(undefined);
  return new Promise((resolve) => {
    const child = execFile(command, args, { timeout: ANSWER_LIMIT_MS }, (_error, _stdout, stderr) => {
      const where = /^(\S.*:\d+)$/m.exec(stderr)?.[1];
      const what = /^\w*Error: .*$/m.exec(stderr)?.[0];
      resolve(where === undefined || what === undefined ? undefined : `${where}: ${what}`);
    });
    child.stdin?.on('error', () => undefined); // it may end before it has read everything
    child.stdin?.end(JSON.stringify(files));
  });
}
