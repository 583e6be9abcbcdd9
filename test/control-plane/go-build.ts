import { rename } from 'node:fs/promises';
import { basename } from 'node:path';
import { run } from './run.ts';

export type GoBuild = {
  /** Default: the one in PATH. */
  readonly go?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** The folder of go.mod. */
  readonly module: string;
  /** The package that is built: its path, or a folder from `module`. */
  readonly source: string;
  /** Where the program comes, whole or not at all. */
  readonly output: string;
  /** For Go's linker. */
  readonly linkerFlags?: string;
};

/** Builds one program, behind whatever else this machine does. @throws {Error} with what Go says */
export async function goBuild({ go = 'go', env = process.env, module, source, output, linkerFlags = '' }: GoBuild) {
  const fresh = `${output}.new`;
  const flags = ['-trimpath', '-buildvcs=false', '-ldflags', `-s -w ${linkerFlags}`];
  const { code, err } = await run('nice', ['-n', '15', go, 'build', ...flags, '-o', fresh, source], {
    cwd: module,
    env: { ...env, CGO_ENABLED: '0', GOFLAGS: '-mod=readonly', GOWORK: 'off' },
  });
  if (code === NOT_FOUND) throw new Error(`${module} needs Go: https://go.dev/dl`);
  if (code !== 0) throw new Error(`Building ${basename(output)} failed; the end of what Go says:\n${err.slice(-2000)}`);
  // A rename within a folder is atomic: whoever sees the name sees the whole program.
  await rename(fresh, output);
}

/** What `nice` ends with when there is no such program. */
const NOT_FOUND = 127;
