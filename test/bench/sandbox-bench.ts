/**
 * What the sandbox costs: `npm run bench:sandbox`; with `-- --write` docs/reference/sandbox-speed.md tells it. Beside it
 * stands what the same machine does at the same time without the sandbox, because a machine that has other things to do
 * is slow at both. Fails when a call or a mail is lost, never because of a time.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { startProgram } from '../sandbox/support/program.ts';
import { emptyNode } from './empty-node.ts';
import { cpuMsSince } from './process-cost.ts';
import { bareServer, callsASecond, PLAIN_GET, SIMPLE_CALLS } from './sandbox-calls.ts';
import { LARGE_MAILS, LARGE_MB, MAIL_KB, mailsASecond, memoryOfLargeMails } from './sandbox-mails.ts';
import { speedPage, type Row } from './sandbox-page.ts';
import { ended, median } from './started.ts';

const PAGE = new URL('../../docs/reference/sandbox-speed.md', import.meta.url);
const STARTS = 7;

const [loadBefore = 0] = loadavg();
const rows: Row[] = [];
const folder = mkdtempSync(join(tmpdir(), 'sandbox-bench-'));
try {
  await starts();
  await calls();
  for (const args of [[], ['--data-dir', join(folder, 'mails')]]) await mails(args);
  for (const args of [[], ['--data-dir', join(folder, 'large')]]) await largeMails(args);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
if (process.argv.includes('--write')) writeFileSync(PAGE, speedPage(rows, loadBefore));

async function starts(): Promise<void> {
  const empty = await emptyNode();
  print({ what: '`node -e 0`', measured: ms(empty.startMs), cpu: ms(empty.cpuSeconds * 1000) });

  // Node keeps what it compiled, in a folder that is another for each start here, or the same.
  const first: Start[] = [];
  for (let time = 0; time < STARTS; time += 1) first.push(await start(join(folder, `compiled-${time}`)));
  print({ what: 'First start of a checkout', ...medianOf(first) });
  const next: Start[] = [];
  for (let time = 0; time < STARTS; time += 1) next.push(await start(join(folder, 'compiled-0')));
  print({ what: 'Every other start', target: 'under 300 ms', ...medianOf(next) });
}

type Start = { readonly wallMs: number; readonly cpuMs: number };

async function start(compileCache: string): Promise<Start> {
  process.env['NODE_COMPILE_CACHE'] = compileCache;
  const before = performance.now();
  const { child } = await startProgram();
  const taken = { wallMs: performance.now() - before, cpuMs: cpuMsSince(0, child) };
  await ended(child);
  return taken;
}

function medianOf(starts: readonly Start[]): Pick<Row, 'measured' | 'cpu'> {
  return {
    measured: ms(median(starts.map(({ wallMs }) => wallMs))),
    cpu: ms(median(starts.map(({ cpuMs }) => cpuMs))),
  };
}

async function calls(): Promise<void> {
  const bare = await bareServer();
  print({ what: 'A bare HTTP server of Node', ...callRow(await callsASecond(bare, PLAIN_GET)) });
  await ended(bare.child);

  const sandbox = await startProgram();
  for (const [operation, call] of Object.entries(SIMPLE_CALLS)) {
    const target = '1,000 a second on one core';
    print({ what: `\`${operation}\``, target, ...callRow(await callsASecond(sandbox, call)) });
  }
  await ended(sandbox.child);
}

function callRow({ perSecond, cpuMicroseconds }: Awaited<ReturnType<typeof callsASecond>>) {
  const onOneCore = rounded(1e6 / cpuMicroseconds);
  return { measured: `${rounded(perSecond)} a second`, cpu: `${cpuMicroseconds.toFixed(0)} µs: ${onOneCore} a second` };
}

async function mails(args: readonly string[]): Promise<void> {
  const { perSecond, cpuMs } = await mailsASecond(args);
  print({
    what: `Mails of ${MAIL_KB} kB into S3, ${where(args)}`,
    target: '100 a second',
    measured: `${rounded(perSecond)} a second`,
    cpu: `${cpuMs.toFixed(1)} ms: ${rounded(1000 / cpuMs)} a second`,
  });
}

async function largeMails(args: readonly string[]): Promise<void> {
  const times = await memoryOfLargeMails(args);
  if (times === undefined) return;
  print({
    what: `Memory for ${LARGE_MAILS} mails of ${LARGE_MB} MB, ${where(args)}`,
    target: 'under twice their size',
    measured: `${times.toFixed(2)} times their size`,
    cpu: '–',
  });
}

function where(args: readonly string[]): string {
  return args.length === 0 ? 'in memory' : 'with `--data-dir`';
}

function ms(value: number): string {
  return `${value.toFixed(0)} ms`;
}

/** Nobody needs more than two digits of it. */
function rounded(value: number): string {
  return Number(value.toPrecision(2)).toLocaleString('en');
}

function print(row: Row): void {
  rows.push(row);
  process.stdout.write(`${row.what.padEnd(48)} ${row.measured.padEnd(28)} ${row.cpu}\n`);
}
