/**
 * What the sandbox costs: `npm run bench:sandbox`. Prints start, mails a second and memory beside `node -e 0`, because
 * a machine that has other things to do is slow at both. Fails when a mail is lost, never because of a time.
 */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTransport } from 'nodemailer';
import { startProgram, storeEveryMail, type SandboxProgram } from '../sandbox/support/program.ts';

const MAILS = 1000;
const MAIL_BYTES = 10_000;
const CONNECTIONS = 10;
/** Several, for what a socket reads is garbage that lies around until somebody needs the room. */
const LARGE_MAILS = 5;
const LARGE_BYTES = 39 * 1024 * 1024;
const STARTS = 7;

const folder = mkdtempSync(join(tmpdir(), 'sandbox-bench-'));
try {
  const starts = await measureStarts();
  print('start of node -e 0', `${starts.emptyMs.toFixed(0)} ms`);
  print(
    'start of the sandbox',
    `${starts.sandboxMs.toFixed(0)} ms, ${(starts.sandboxMs / starts.emptyMs).toFixed(1)} times as long`,
  );
  for (const args of [[], ['--data-dir', join(folder, 'mails')]]) {
    const { perSecond, cpuMs } = await measureMails(args);
    print(
      `mails of ${MAIL_BYTES / 1000} kB into S3, ${where(args)}`,
      `${perSecond.toFixed(0)} a second${cpuMs === undefined ? '' : `, ${cpuMs.toFixed(1)} ms of the sandbox's CPU each`}`,
    );
  }
  for (const args of [[], ['--data-dir', join(folder, 'large')]]) {
    const grownBytes = await measureLarge(args);
    if (grownBytes === undefined) continue;
    const times = (grownBytes / (LARGE_MAILS * LARGE_BYTES)).toFixed(2);
    print(`${LARGE_MAILS} mails of 39 MB into S3, ${where(args)}`, `memory grows by ${times} times their size at most`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function where(args: readonly string[]): string {
  return args.length === 0 ? 'in memory' : 'with --data-dir';
}

function print(what: string, value: string): void {
  process.stdout.write(`${what.padEnd(42)} ${value}\n`);
}

async function measureStarts(): Promise<{ readonly emptyMs: number; readonly sandboxMs: number }> {
  const emptyMs: number[] = [];
  const sandboxMs: number[] = [];
  for (let time = 0; time < STARTS; time += 1) {
    const beforeEmpty = performance.now();
    execFileSync(process.execPath, ['-e', '0']);
    const before = performance.now();
    const program = await startProgram();
    sandboxMs.push(performance.now() - before);
    emptyMs.push(before - beforeEmpty);
    await stop(program);
  }
  return { emptyMs: median(emptyMs), sandboxMs: median(sandboxMs) };
}

async function measureMails(
  args: readonly string[],
): Promise<{ readonly perSecond: number; readonly cpuMs: number | undefined }> {
  const program = await startProgram(...args);
  await storeEveryMail(program);
  const transport = createTransport({
    host: '127.0.0.1',
    port: program.smtpPort,
    ignoreTLS: true,
    pool: true,
    maxConnections: CONNECTIONS,
    maxMessages: Infinity,
  });
  const raw = Buffer.concat([
    Buffer.from('Subject: bench\r\n\r\n'),
    Buffer.alloc(MAIL_BYTES, 'a line of the mail\r\n'),
  ]);
  const send = () => transport.sendMail({ envelope: { from: 'a@x.test', to: ['b@y.test'] }, raw });
  await Promise.all(Array.from({ length: CONNECTIONS * 5 }, send)); // its connections, and what compiles while it runs

  const cpuBefore = cpuMsOf(program);
  const before = performance.now();
  await Promise.all(Array.from({ length: MAILS }, send));
  await allDone(program);
  const seconds = (performance.now() - before) / 1000;
  const cpuAfter = cpuMsOf(program);
  transport.close();
  await stop(program);
  return {
    perSecond: MAILS / seconds,
    cpuMs: cpuBefore === undefined || cpuAfter === undefined ? undefined : (cpuAfter - cpuBefore) / MAILS,
  };
}

async function measureLarge(args: readonly string[]): Promise<number | undefined> {
  const program = await startProgram(...args);
  await storeEveryMail(program);
  const transport = createTransport({ host: '127.0.0.1', port: program.smtpPort, ignoreTLS: true });
  const send = (raw: Buffer) => transport.sendMail({ envelope: { from: 'a@x.test', to: ['b@y.test'] }, raw });
  await send(Buffer.from('Subject: small\r\n\r\n'));
  await allDone(program);
  const before = statusBytes(program, 'VmRSS');
  const large = Buffer.concat([
    Buffer.from('Subject: large\r\n\r\n'),
    Buffer.alloc(LARGE_BYTES, 'a line of the mail\r\n'),
  ]);
  for (let mail = 0; mail < LARGE_MAILS; mail += 1) await send(large);
  await allDone(program);
  const peak = statusBytes(program, 'VmHWM');
  transport.close();
  await stop(program);
  return before === undefined || peak === undefined ? undefined : peak - before;
}

/** Waits until every mail is done; the journal keeps the latest thousand. */
async function allDone({ url }: SandboxProgram): Promise<void> {
  for (;;) {
    const { mails } = (await (await fetch(`${url}/_sandbox/mails`)).json()) as { mails: { state: string }[] };
    if (mails.every(({ state }) => state === 'done')) return;
  }
}

async function stop({ child }: SandboxProgram): Promise<void> {
  const ended = once(child, 'exit');
  child.kill();
  await ended;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

/** Linux only, in ticks of 10 ms. See proc(5). */
function cpuMsOf({ child }: SandboxProgram): number | undefined {
  const stat = readIfThere(`/proc/${child.pid}/stat`);
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields === undefined ? undefined : (Number(fields[11]) + Number(fields[12])) * 10;
}

/** Linux only. */
function statusBytes({ child }: SandboxProgram, name: string): number | undefined {
  const kilobytes = new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(readIfThere(`/proc/${child.pid}/status`) ?? '')?.[1];
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
