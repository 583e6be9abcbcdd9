import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The files that a builder is given, by `.dockerignore`. Ours begins with `*` and then lets in path by path; nothing else
 * of the language is known here.
 *
 * @throws {Error} for a pattern of another form
 * @see https://docs.docker.com/build/concepts/context/#dockerignore-files
 */
export function readBuildContext(root: string): { readonly includes: (path: string) => boolean } {
  const [first, ...others] = readFileSync(join(root, '.dockerignore'), 'utf8')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
  const unknown = first === '*' ? others.find((line) => !/^![\w./-]+$/.test(line)) : (first ?? 'nothing');
  if (unknown !== undefined)
    throw new Error(
      `.dockerignore says "${unknown}": write "*" first, and then "!path" for what the image is made of.`,
    );
  const allowed = others.map((line) => line.slice(1));
  return {
    includes: (path) =>
      existsSync(join(root, path)) && allowed.some((each) => path === each || path.startsWith(`${each}/`)),
  };
}
