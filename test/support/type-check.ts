import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

const TSC = join(import.meta.dirname, '../../node_modules/typescript/bin/tsc');

/** What the compiler says about files of a folder, as strict as a careful user: nothing when all is well. */
export function typeCheck(folder: string, files: readonly string[], options: object): string {
  const compilerOptions = {
    target: 'es2024',
    lib: ['es2024'],
    types: ['node'],
    strict: true,
    noEmit: true,
    ...options,
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }));
  try {
    return execFileSync(process.execPath, [TSC, '-p', folder], { encoding: 'utf8', stdio: 'pipe' });
  } catch (error) {
    return (error as { readonly stdout: string }).stdout;
  }
}
