import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { hex } from '../../src/core/names.ts';
import { exclusively } from '../control-plane/exclusively.ts';
import { run } from '../control-plane/run.ts';
import { cacheFolder } from '../support/cache-folder.ts';

const SOURCES = new URL('go/', import.meta.url).pathname;

/** What `test/ops/go` can judge by. */
export type Verb = 'argo-health' | 'argo-action' | 'kstatus' | 'terraform';

let built: Promise<string> | undefined;

/**
 * Asks the program in `test/ops/go`, which is built at the first question; Go keeps what it has compiled.
 *
 * @throws {Error} saying what to install, or what the program says
 */
export async function judge<T>(verb: Verb, input: unknown, ...args: readonly string[]): Promise<T> {
  const { code, out, err } = await run(await (built ??= build()), [verb, ...args], { input: JSON.stringify(input) });
  if (code !== 0) throw new Error(`${verb}: ${err}`);
  return JSON.parse(out) as T;
}

/** Once for these very sources, whoever asks at the same time. */
async function build(): Promise<string> {
  const folder = cacheFolder('ops-judge');
  const program = join(folder, `judge-${sourcesHash()}`);
  mkdirSync(folder, { recursive: true });
  await exclusively(`${program}.lock`, async () => {
    if (existsSync(program)) return;
    const env = { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-mod=readonly', GOWORK: 'off' };
    const { code, err } = await run('go', ['build', '-o', `${program}.new`, '.'], { cwd: SOURCES, env }).catch(() => {
      throw new Error('test/ops/go needs Go: https://go.dev/dl');
    });
    if (code !== 0) throw new Error(`Building test/ops/go failed: ${err}`);
    renameSync(`${program}.new`, program);
  });
  return program;
}

function sourcesHash(): string {
  const files = readdirSync(SOURCES).sort();
  return hex(files.map((file) => readFileSync(join(SOURCES, file), 'utf8'))).slice(0, 12);
}
