import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { exclusively } from '../control-plane/exclusively.ts';
import { cacheFolder } from '../support/cache-folder.ts';
import { freePort } from '../support/free-port.ts';

const REQUIREMENTS = fileURLToPath(new URL('requirements.txt', import.meta.url));
/** Of these very packages: others are installed beside them. */
const FOLDER = cacheFolder(
  `fidelity-python-${createHash('sha256').update(readFileSync(REQUIREMENTS)).digest('hex').slice(0, 12)}`,
);
/** Written last. */
const COMPLETE = join(FOLDER, 'complete');

/** For each of the two steps of an installation. */
const INSTALL_LIMIT_MS = 300_000;

/** The path of a program in the local Python folder, such as `aws`. */
export const pythonProgram = (name: string): string => join(FOLDER, 'bin', name);

/**
 * For vitest's `globalSetup`: installs `requirements.txt` into a folder of its own, once. Several processes may ask.
 *
 * @throws when there is no python3 with venv, or the packages cannot be had
 */
export async function setup(): Promise<void> {
  if (isInstalled()) return;
  mkdirSync(dirname(FOLDER), { recursive: true });
  await exclusively(`${FOLDER}.lock`, async () => {
    if (!isInstalled()) install();
  });
}

/** A folder whose Python has gone from the machine since is of no use. */
const isInstalled = (): boolean =>
  existsSync(COMPLETE) && spawnSync(pythonProgram('python'), ['--version'], { stdio: 'ignore' }).status === 0;

function install(): void {
  process.stderr.write(`Installing moto, the AWS CLI and boto3 into ${FOLDER}: once, about two minutes\n`);
  runOrSay(
    ['python3', '-m', 'venv', '--clear', FOLDER],
    'The fidelity tests need python3 (3.10 or later) with its venv module. Debian and Ubuntu: apt-get install python3-venv; ' +
      'elsewhere: https://www.python.org/downloads',
  );
  const patience = ['--retries', '1', '--timeout', '15', '--disable-pip-version-check'];
  runOrSay(
    [pythonProgram('pip'), 'install', '--quiet', ...patience, '--requirement', REQUIREMENTS],
    'The packages of test/fidelity/requirements.txt cannot be installed: is PyPI, or the index that pip is configured for, reachable',
  );
  writeFileSync(COMPLETE, '');
}

/** Its own last words say what was wrong; without any, that it took too long. */
function runOrSay([program = '', ...args]: readonly string[], sentence: string): void {
  const { status, error, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', timeout: INSTALL_LIMIT_MS });
  if (status === 0) return;
  const why = error?.message ?? (stderr.trim() || stdout.trim()).split('\n').at(-1);
  throw new Error(`${sentence} (${why}).`);
}

/** Runs moto's server on a free port; `stop` ends it. */
export async function startMoto(): Promise<{ readonly url: string; readonly stop: () => Promise<void> }> {
  const port = await freePort();
  const server = spawn(pythonProgram('moto_server'), ['-H', '127.0.0.1', '-p', String(port)], { stdio: 'ignore' });
  const ended = once(server, 'exit');
  const url = `http://127.0.0.1:${port}`;
  await answers(url, () => server.exitCode !== null);
  return {
    url,
    stop: async () => {
      server.kill();
      await ended;
    },
  };
}

async function answers(url: string, hasEnded: () => boolean): Promise<void> {
  const giveUpAtMs = Date.now() + 60_000;
  while (!hasEnded() && Date.now() < giveUpAtMs) {
    const response = await fetch(`${url}/moto-api/data.json`).catch(() => undefined);
    if (response?.ok === true) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('moto_server did not start.');
}
