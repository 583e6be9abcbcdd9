import {
  chmodSync,
  copyFileSync,
  cpSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, extname, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { startSandbox } from '../../src/sandbox/sandbox.ts';
import { buildRootfs, type ImageConfig } from '../../tools/image/build-rootfs.ts';
import { run } from '../control-plane/run.ts';
import { startController, type Program } from '../demo/running-controller.ts';
import { until } from '../demo/until.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const LIMIT_BYTES = 60e6;

let rootfs: string;
let files: readonly File[];
let config: ImageConfig;
let container: Program;

/** npm installs twice, from its cache where it can. */
const BUILD_WITHIN_MS = 300_000;

beforeAll(async () => {
  rootfs = mkdtempSync(join(tmpdir(), 'ses-lambda-pipeline-rootfs-'));
  config = buildRootfs(ROOT, rootfs);
  files = filesIn(rootfs);
  container = await asContainer(rootfs);
}, BUILD_WITHIN_MS);

afterAll(async () => {
  await run('chmod', ['-R', 'u+w', rootfs]);
  rmSync(rootfs, { recursive: true, force: true });
});

type File = { readonly path: string; readonly bytes: number };

const filesIn = (folder: string): readonly File[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((path) => ({ path, entry: lstatSync(join(folder, path)) }))
    .filter(({ entry }) => !entry.isDirectory())
    .map(({ path, entry }) => ({ path, bytes: entry.size }));

/** Packages by their folder, as the lock file has them. */
function lockedPackages(): readonly { readonly path: string; readonly dev: boolean }[] {
  const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
    readonly packages: Readonly<Record<string, { readonly dev?: boolean; readonly devOptional?: boolean }>>;
  };
  return Object.entries(lock.packages)
    .filter(([path]) => path !== '')
    .map(([path, { dev, devOptional }]) => ({ path, dev: dev === true || devOptional === true }));
}

describe('the file system of the image', () => {
  test('is small beside Node itself', () => {
    const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
    console.log(`${(bytes / 1e6).toFixed(1)} MB in ${files.length} files`);

    expect(bytes).toBeLessThan(LIMIT_BYTES);
  });

  test('holds what Node loads, licences, and nothing else: no script, no source, no map', () => {
    const kinds = new Set(
      files
        .map(({ path }) => path)
        .filter((path) => !/^(licen[cs]e|notice|copying)/i.test(path.split('/').at(-1) ?? ''))
        .map((path) => extname(path)),
    );

    expect([...kinds].sort()).toEqual(['.cjs', '.js', '.json', '.mjs']);
  });

  test('holds no development dependency and no test', () => {
    const folders = new Set(files.map(({ path }) => dirname(path)));
    const development = lockedPackages().filter(({ dev, path }) => dev && folders.has(`app/${path}`));
    const tests = [...folders].filter((folder) => /(^|\/)(tests?|__tests__)(\/|$)/.test(folder));

    expect({ development, tests }).toEqual({ development: [], tests: [] });
  });

  test('holds a licence beside our own code', () => {
    expect(files.map(({ path }) => path)).toContain('app/LICENSE');
  });
});

describe('a container of the image', () => {
  test('says its version', async () => {
    const { words, ...place } = container;
    const [program, ...args] = words;
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { readonly version: string };

    expect(await run(program, [...args, '--version'], place)).toEqual({ code: 0, out: `${version}\n`, err: '' });
  });

  test('finds every dependency that the sources import', async () => {
    const { words, ...place } = container;
    const { dependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      readonly dependencies: Readonly<Record<string, string>>;
    };
    const importing = Object.keys(dependencies).map((name) => `await import('${name}');`);
    const app = dirname(dirname(words.at(-1) ?? ''));

    const ended = await run(words[0], ['--input-type=module', '-e', importing.join('\n')], { ...place, cwd: app });

    expect(ended).toEqual({ code: 0, out: '', err: '' });
  });

  test('runs the controller as a user without rights, on files that nobody may write', async () => {
    const sandbox = await startSandbox({ port: 0, smtpPort: 0, functionUpdateMs: 0 });
    onTestFinished(() => sandbox.stop());
    const manifests = mkdtempSync(join(tmpdir(), 'ses-lambda-pipeline-manifests-'));
    onTestFinished(() => rmSync(manifests, { recursive: true }));
    cpSync(join(ROOT, 'examples/echo'), manifests, { recursive: true });
    chmodSync(manifests, 0o755);

    const controller = await startController(
      ['--manifests', manifests, '--aws-endpoint-url', sandbox.url, '--ses-calls-per-second', '1000'],
      {},
      container,
    );
    const isReady = async (): Promise<boolean> => {
      const page = await fetch(`${controller.healthUrl}/pipelines`).then((answer) => answer.text());
      return page.includes('AWS is as the manifest says');
    };

    expect(await until(isReady, 60_000)).toBeDefined();
    expect((await fetch(`${controller.healthUrl}/readyz`)).status).toBe(200);
    expect(await controller.end()).toBe(0);
  }, 90_000);
});

describe('the image', () => {
  test('names its licence, version and base', () => {
    expect(config.labels).toMatchObject({
      'org.opencontainers.image.title': 'ses-lambda-pipeline',
      'org.opencontainers.image.licenses': 'Apache-2.0',
      'org.opencontainers.image.version': 'unreleased',
      'org.opencontainers.image.base.name': config.base,
    });
  });

  test('runs as a user that is known by number not to be root', () => {
    expect(config.user).toMatch(/^[1-9]\d*:[1-9]\d*$/);
  });
});

/** The image as a container would have it: its user and nothing of this machine's environment; nobody may write. */
async function asContainer(folder: string): Promise<Program> {
  const [node = '', ...words] = config.entrypoint;
  mkdirSync(dirname(join(folder, node)), { recursive: true });
  copyFileSync(process.execPath, join(folder, node)); // it is in the base image
  await run('chmod', ['-R', 'a=rX', folder]);
  const isRoot = process.getuid?.() === 0;
  return {
    words: [join(folder, node), ...words.map((word) => (word.startsWith('/') ? join(folder, word) : word))],
    env: config.env,
    ...(isRoot ? { uid: Number(config.user.split(':')[0]), gid: Number(config.user.split(':')[1]) } : {}),
  };
}
