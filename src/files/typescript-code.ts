import { promises as fs } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { typescriptHandler } from '../code/handler-check.ts';
import { bundleTypeScript } from './bundle-typescript.ts';

/**
 * The bundle of what `code.path` names, relative to the folder of its manifest, when the handler in there is
 * TypeScript; undefined when it is anything else. Only the bundle is packed: no `node_modules`, no other file.
 *
 * @throws {PipelineError} class `invalid`, when it cannot be bundled
 */
export async function readTypeScript(
  baseFolder: string,
  path: string,
  { handler, runtime }: { readonly handler: string; readonly runtime: string },
): Promise<ReadonlyMap<string, Uint8Array> | undefined> {
  const target = resolve(baseFolder, path);
  const isFile = /\.[cm]?ts$/.test(target);
  const folder = isFile ? dirname(target) : target;
  const names = isFile ? [basename(target)] : await namesBeside(folder, handler);
  const file = typescriptHandler(handler, runtime, names);
  if (file === undefined) return undefined;
  return bundleTypeScript({ folder, file, runtime, projects: [baseFolder, folder] });
}

/** The files of the handler's folder, named from the code's. What cannot be read is told by who reads it next. */
async function namesBeside(folder: string, handler: string): Promise<string[]> {
  const inner = dirname(handler);
  const names = await fs.readdir(resolve(folder, inner)).catch(() => []);
  return inner === '.' ? names : names.map((name) => `${inner.replace(/^\.\//, '')}/${name}`);
}
