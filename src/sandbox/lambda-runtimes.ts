import { open, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { invalidValue } from './lambda-error.ts';
import { createPythonFinder } from './lambda-python.ts';

/** What a function's process is: a program of this machine, started in the folder of the code. */
export type Program = {
  readonly command: string;
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Whether it marks the end of each invocation's output on both streams, as the bootstraps of the sandbox do. */
  readonly marksOutput: boolean;
  /** What the log of a cold start says about it; absent when it is what Lambda would run. */
  readonly remark?: string;
};

/** Why there is nothing to start, in Lambda's words: what `Runtime.InvalidEntrypoint` says. */
export type InvalidEntrypoint = { readonly invalidEntrypoint: string };

export type ProgramWanted = {
  readonly functionName: string;
  readonly runtime: string | undefined;
  readonly architecture: string;
  readonly taskRoot: string;
  readonly memoryMb: number;
};

/** Knows how to run the functions of each runtime on this machine. */
export type Runtimes = {
  /** @throws {AwsError} naming the runtime that cannot be run here, and what to do */
  readonly programOf: (wanted: ProgramWanted) => Promise<Program | InvalidEntrypoint>;
};

/** Beside this module: TypeScript in a checkout, JavaScript in a build. */
const NODE_BOOTSTRAP = fileURLToPath(new URL(`./lambda-bootstrap${extname(import.meta.url)}`, import.meta.url));
const PYTHON_BOOTSTRAP = fileURLToPath(new URL('./lambda-bootstrap.py', import.meta.url));

export function createRuntimes(findPython = createPythonFinder()): Runtimes {
  return {
    programOf: async (wanted) => {
      const { runtime = 'a container image', functionName, memoryMb } = wanted;
      if (/^nodejs\d+\.x$/.test(runtime)) {
        const args = [`--max-old-space-size=${memoryMb}`, NODE_BOOTSTRAP];
        return { command: process.execPath, args, environment: {}, marksOutput: true };
      }
      if (/^provided(\.al\d+)?$/.test(runtime)) return bootstrapOf(wanted);
      if (/^python3\.\d+$/.test(runtime)) {
        const python = await findPython(runtime);
        if (python === undefined) {
          throw invalidValue(
            `${functionName} has ${runtime}, and this machine has neither ${runtime} nor python3 in its PATH: ` +
              'install Python, or invoke the function on AWS.',
          );
        }
        const { executable, version } = python;
        const another = !`python${version}.`.startsWith(`${runtime}.`);
        return {
          command: executable,
          args: ['-u', PYTHON_BOOTSTRAP],
          environment: { PYTHONIOENCODING: 'utf-8', PYTHONDONTWRITEBYTECODE: '1' },
          marksOutput: true,
          ...(another ? { remark: `This machine has no ${runtime}: Python ${version} runs the function.` } : {}),
        };
      }
      throw invalidValue(
        `The sandbox runs Node.js, Python and provided.al2023 functions; ${functionName} has ${runtime}. ` +
          'Invoke it on AWS instead.',
      );
    },
  };
}

/** https://docs.aws.amazon.com/lambda/latest/dg/runtimes-custom.html */
async function bootstrapOf({
  functionName,
  taskRoot,
  architecture,
}: ProgramWanted): Promise<Program | InvalidEntrypoint> {
  const file = join(taskRoot, 'bootstrap');
  const found = await stat(file).catch(() => undefined);
  if (found?.isFile() !== true) {
    return { invalidEntrypoint: "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]" };
  }
  if ((found.mode & 0o111) === 0) return { invalidEntrypoint: 'fork/exec /var/task/bootstrap: permission denied' };
  const builtFor = await architectureOf(file);
  if (builtFor !== undefined && builtFor !== architecture) {
    return { invalidEntrypoint: 'fork/exec /var/task/bootstrap: exec format error' };
  }
  const here = { system: process.platform, architecture: ARCHITECTURES[process.arch] ?? process.arch };
  if (builtFor !== undefined && (here.system !== 'linux' || builtFor !== here.architecture)) {
    throw invalidValue(
      `The bootstrap of ${functionName} is built for linux ${builtFor}, and this machine is ${here.system} ` +
        `${here.architecture}: build it for this machine to try it in the sandbox.`,
    );
  }
  return { command: file, args: [], environment: {}, marksOutput: false };
}

const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'x86_64', arm64: 'arm64' };
/** https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.eheader.html, `e_machine` */
const ELF_MACHINES: Readonly<Record<number, string>> = { 0x3e: 'x86_64', 0xb7: 'arm64' };

/** Undefined for what is no program for Linux, such as a script. */
async function architectureOf(file: string): Promise<string | undefined> {
  const handle = await open(file);
  try {
    const head = Buffer.alloc(20);
    await handle.read(head, 0, head.length, 0);
    return head.toString('latin1', 0, 4) === '\u007fELF' ? ELF_MACHINES[head.readUInt16LE(18)] : undefined;
  } finally {
    await handle.close();
  }
}
