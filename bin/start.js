// Plain JavaScript that any Node can read: the version is checked before anything newer is loaded.
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import * as nodeModule from 'node:module';

/** Runs the program under the name by which it was called. */
export async function start(name) {
  if (Number(process.versions.node.split('.')[0]) < 24) {
    console.error(`${name} needs Node.js 24 or newer; this is ${process.version}.`);
    process.exit(1);
  }
  // The second start is twice as fast: what was stripped and compiled is kept in the system's folder for temporary files.
  nodeModule.enableCompileCache?.();
  // A checkout runs its sources, which Node strips of their types; the published package has only what was built.
  const sources = new URL('../src/main.ts', import.meta.url);
  const { main } = await import(existsSync(sources) ? sources.href : new URL('../dist/main.js', import.meta.url).href);
  await main(process.argv.slice(2), asTyped(name));
}

/** How to call it again: what no folder of the PATH holds, a shell finds by `npx` alone. */
function asTyped(name) {
  // npm adds folders of its own, which the shell that it was typed into does not have.
  const isOfNpm = /[\\/]node_modules[\\/]\.bin$/;
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '' && !isOfNpm.test(folder));
  return name.includes(' ') || folders.some((folder) => existsSync(join(folder, name))) ? name : `npx ${name}`;
}
