import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { hex } from '../../src/core/names.ts';
import { cacheFolder } from '../support/cache-folder.ts';
import { exclusively } from '../control-plane/exclusively.ts';
import { goBuild } from '../control-plane/go-build.ts';

const built = new Map<string, Promise<string>>();

/**
 * The program in a folder of Go code of ours, built at the first question and kept for these very sources; Go keeps what
 * it has compiled.
 *
 * @throws {Error} saying what to install, or what Go says
 */
export function builtWithGo(folder: string): Promise<string> {
  const program = built.get(folder) ?? build(folder);
  built.set(folder, program);
  return program;
}

/** Once for these very sources, whoever asks at the same time. */
async function build(folder: string): Promise<string> {
  const cache = cacheFolder(`ops-${basename(folder)}`);
  const program = join(cache, `${basename(folder)}-${sourcesHash(folder)}`);
  mkdirSync(cache, { recursive: true });
  await exclusively(`${program}.lock`, async () => {
    if (!existsSync(program)) await goBuild({ module: folder, source: '.', output: program });
  });
  return program;
}

function sourcesHash(folder: string): string {
  const files = readdirSync(folder).sort();
  return hex(files.map((file) => readFileSync(join(folder, file), 'utf8'))).slice(0, 12);
}
