/**
 * What the sandbox costs: `npm run bench:sandbox`. Beside what it prints stands what the same machine does at the same
 * time without the sandbox, because a machine that has other things to do is slow at both. Fails when a call or a mail is
 * lost, never because of a time.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startProgram } from '../sandbox/support/program.ts';
import { emptyNode } from './empty-node.ts';
import { bareServer, callsASecond, PLAIN_GET, SIMPLE_CALLS } from './sandbox-calls.ts';
import { LARGE_MAILS, LARGE_MB, MAIL_KB, mailsASecond, memoryOfLargeMails } from './sandbox-mails.ts';
import { ended, median } from './started.ts';

const STARTS = 7;

await starts();
await calls();
const folder = mkdtempSync(join(tmpdir(), 'sandbox-bench-'));
try {
  for (const args of [[], ['--data-dir', join(folder, 'mails')]]) await mails(args);
  for (const args of [[], ['--data-dir', join(folder, 'large')]]) await largeMails(args);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function starts(): Promise<void> {
  const { startMs: emptyMs } = await emptyNode();
  const times: number[] = [];
  for (let time = 0; time < STARTS; time += 1) {
    const before = performance.now();
    const { child } = await startProgram();
    times.push(performance.now() - before);
    await ended(child);
  }
  const sandboxMs = median(times);
  print('start of node -e 0', `${emptyMs.toFixed(0)} ms`);
  print('start of the sandbox', `${sandboxMs.toFixed(0)} ms, ${(sandboxMs / emptyMs).toFixed(1)} times as long`);
}

async function calls(): Promise<void> {
  const bare = await bareServer();
  print('a bare HTTP server', `${(await callsASecond(bare.url, PLAIN_GET)).toFixed(0)} calls a second`);
  await ended(bare.child);

  const sandbox = await startProgram();
  for (const [operation, call] of Object.entries(SIMPLE_CALLS)) {
    print(operation, `${(await callsASecond(sandbox.url, call)).toFixed(0)} calls a second`);
  }
  await ended(sandbox.child);
}

async function mails(args: readonly string[]): Promise<void> {
  const { perSecond, cpuMs } = await mailsASecond(args);
  const cpu = cpuMs === undefined ? '' : `, ${cpuMs.toFixed(1)} ms of the sandbox's CPU each`;
  print(`mails of ${MAIL_KB} kB into S3, ${where(args)}`, `${perSecond.toFixed(0)} a second${cpu}`);
}

async function largeMails(args: readonly string[]): Promise<void> {
  const times = await memoryOfLargeMails(args);
  if (times === undefined) return;
  const what = `${LARGE_MAILS} mails of ${LARGE_MB} MB into S3, ${where(args)}`;
  print(what, `memory grows by ${times.toFixed(2)} times their size at most`);
}

function where(args: readonly string[]): string {
  return args.length === 0 ? 'in memory' : 'with --data-dir';
}

function print(what: string, value: string): void {
  process.stdout.write(`${what.padEnd(42)} ${value}\n`);
}
