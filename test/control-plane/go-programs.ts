import { access, constants, mkdir, readFile } from 'node:fs/promises';
import { basename, delimiter, join } from 'node:path';
import { cacheFolder } from '../support/cache-folder.ts';
import { exclusively } from './exclusively.ts';
import { goBuild } from './go-build.ts';

/** Programs that are built from source with Go, by a go.mod that says which versions. */
export type GoPrograms<P extends string> = {
  /** The folder of go.mod; its last part names the cache. */
  readonly module: string;
  /** The module in go.mod whose version is the version of them all. */
  readonly versionOf: string;
  /** The name of each program, and the package it is built from. */
  readonly packages: Readonly<Record<P, string>>;
  /** Go's variable that each program takes its own version from. */
  readonly versionVariable: string;
  /** Programs that are already somewhere: the environment variable that says where. */
  readonly assets?: string;
  /** What cannot be had without them. */
  readonly purpose: string;
};

/**
 * Where the programs are: in the folder of programs that are already there, else in our cache, else built from source
 * into our cache.
 *
 * Several processes may ask at once: one builds, the others wait for it.
 * @throws {Error} saying what to install, when a program can be neither found nor built
 */
export async function findGoPrograms<P extends string>(
  programs: GoPrograms<P>,
  env: NodeJS.ProcessEnv,
  say: Say = toStderr,
): Promise<Readonly<Record<P, string>>> {
  const version = await versionIn(programs);
  const cache = join(cacheFolder(basename(programs.module), env), version);
  const assets = programs.assets === undefined ? undefined : env[programs.assets];
  const folders = assets === undefined || assets === '' ? [cache] : [assets, cache];
  const names = Object.keys(programs.packages) as P[];

  const missing = await missingFrom(folders, names);
  if (missing.length > 0) {
    const go = await findGo(programs, env, missing);
    await mkdir(cache, { recursive: true });
    await exclusively(join(cache, 'building.lock'), async () =>
      build({ go, env, version, cache, say, ...programs }, await missingFrom(folders, names)),
    );
  }
  const found = await Promise.all(names.map(async (program) => [program, await firstIn(folders, program)] as const));
  return Object.fromEntries(found) as Record<P, string>;
}

/** go.mod is the one place that says it. */
async function versionIn({ module, versionOf }: GoPrograms<string>): Promise<string> {
  const goMod = await readFile(join(module, 'go.mod'), 'utf8');
  const version = goMod
    .split('\n')
    .map((line) => line.trim().replace(/^require /, ''))
    .find((line) => line.startsWith(`${versionOf} v`))
    ?.split(' ')[1];
  if (version === undefined) throw new Error(`${join(module, 'go.mod')} requires no ${versionOf}; restore the line`);
  return version;
}

async function missingFrom<P extends string>(folders: readonly string[], names: readonly P[]): Promise<readonly P[]> {
  const found = await Promise.all(names.map((program) => firstIn(folders, program)));
  return names.filter((_, index) => found[index] === undefined);
}

async function firstIn(folders: readonly string[], name: string): Promise<string | undefined> {
  for (const folder of folders) if (await isExecutable(join(folder, name))) return join(folder, name);
  return undefined;
}

const isExecutable = (file: string): Promise<boolean> =>
  access(file, constants.X_OK).then(
    () => true,
    () => false,
  );

async function findGo(
  { purpose, assets }: GoPrograms<string>,
  env: NodeJS.ProcessEnv,
  missing: readonly string[],
): Promise<string> {
  const go = await firstIn((env['PATH'] ?? '').split(delimiter), 'go');
  if (go !== undefined) return go;
  const folder = assets === undefined ? undefined : env[assets];
  const otherwise = assets === undefined ? '' : `, or set ${assets} to a folder that holds them`;
  const looked = folder === undefined || folder === '' ? '' : ` ${assets}=${folder} does not hold them all.`;
  throw new Error(
    `${purpose} needs ${missing.join(', ')}: install Go (https://go.dev/dl), with which they are built${otherwise}.${looked}`,
  );
}

type Workshop = GoPrograms<string> & {
  readonly go: string;
  readonly env: NodeJS.ProcessEnv;
  readonly version: string;
  readonly cache: string;
  readonly say: Say;
};

async function build(shop: Workshop, programs: readonly string[]): Promise<void> {
  if (programs.length === 0) return;
  const names = programs.join(', ');
  shop.say(`Building ${names} (${shop.versionOf} ${shop.version}) into ${shop.cache}: the first time some minutes`);
  const startedMs = performance.now();
  for (const [index, program] of programs.entries()) {
    shop.say(`  ${index + 1} of ${programs.length}: ${program}`);
    const { packages, cache, versionVariable, version, ...place } = shop;
    const linkerFlags = `-X ${versionVariable}=${version}`;
    await goBuild({ ...place, source: packages[program] ?? program, output: join(cache, program), linkerFlags });
  }
  shop.say(`Built ${names} in ${Math.round((performance.now() - startedMs) / 1000)} s`);
}

type Say = (line: string) => void;

const toStderr: Say = (line) => void process.stderr.write(`${line}\n`);
