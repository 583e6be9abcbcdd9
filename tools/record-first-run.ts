import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { PassThrough } from 'node:stream';
import { startSandbox } from '../src/sandbox/sandbox.ts';
import type { Recording } from './terminal-picture.ts';

// Records the picture of the README: real commands against a sandbox. Then `npm run generate` draws it.
const ROOT = join(import.meta.dirname, '..');
const FILE = join(ROOT, 'docs/recordings/first-run.json');
const COMMANDS = [
  'apply -f examples/echo',
  'get -f examples/echo',
  'dev send --to sombody_special@gosparta.io',
  'explain --to sombody_special@gosparta.io -f examples/echo',
];
const TYPING_MS = 700;

const sandbox = await startSandbox({ port: 0, smtpPort: 0 });
const recorded: { atMs: number; line: string }[] = [];
let atMs = 0;
for (const command of COMMANDS) {
  atMs += TYPING_MS;
  recorded.push({ atMs, line: `\u001B[1m$ ses-lambda-pipeline ${command}\u001B[22m` });
  const startedMs = performance.now();
  const child = spawn(process.execPath, ['bin/ses-lambda-pipeline.js', ...command.split(' ')], {
    cwd: ROOT,
    env: { PATH: process.env['PATH'], FORCE_COLOR: '1', AWS_ENDPOINT_URL: sandbox.url },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const shown = new PassThrough();
  for (const stream of [child.stdout, child.stderr]) stream.pipe(shown, { end: false });
  createInterface(shown).on('line', (line) => {
    recorded.push({ atMs: Math.round(atMs + performance.now() - startedMs), line });
  });
  await once(child, 'close');
  atMs = recorded.at(-1)?.atMs ?? atMs;
}
await sandbox.stop();
mkdirSync(join(FILE, '..'), { recursive: true });
writeFileSync(FILE, `${JSON.stringify(recorded satisfies Recording, null, 2)}\n`);
