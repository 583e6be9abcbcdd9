import { lstatSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { buildRootfs } from './image/build-rootfs.ts';

const ROOT = resolve(import.meta.dirname, '..');
const rootfs = resolve(process.argv[2] ?? join(ROOT, 'build/rootfs'));

const { base, user, env, entrypoint } = buildRootfs(ROOT, rootfs, (line) => console.log(line));
const files = readdirSync(rootfs, { recursive: true, encoding: 'utf8' })
  .map((path) => lstatSync(join(rootfs, path)))
  .filter((entry) => entry.isFile());
const megabytes = files.reduce((sum, { size }) => sum + size, 0) / 1e6;

console.log(`
${rootfs}: ${megabytes.toFixed(1)} MB in ${files.length} files, on top of ${base}
It would run as ${user}, with ${JSON.stringify(env)}: ${entrypoint.join(' ')}`);
