import { createTransport } from 'nodemailer';
import { startProgram, storeEveryMail, type SandboxProgram } from '../sandbox/support/program.ts';
import { cpuMsOf, cpuMsSince, memoryBytes } from './process-cost.ts';
import { ended } from './started.ts';

const MAILS = 1000;
const CONNECTIONS = 10;
export const MAIL_KB = 10;
/** Several, for what a socket reads is garbage that lies around until somebody needs the room. */
export const LARGE_MAILS = 5;
export const LARGE_MB = 39;

/** Mails over a few connections until the last is stored; `cpuMs` is the processor time that one costs. */
export async function mailsASecond(
  args: readonly string[],
): Promise<{ readonly perSecond: number; readonly cpuMs: number }> {
  const program = await startProgram(...args);
  await storeEveryMail(program);
  const pool = { pool: true, maxConnections: CONNECTIONS, maxMessages: Infinity } as const;
  const transport = createTransport({ host: '127.0.0.1', port: program.smtpPort, ignoreTLS: true, ...pool });
  const raw = mailOf(MAIL_KB * 1000);
  const send = () => transport.sendMail({ envelope: ENVELOPE, raw });
  await Promise.all(Array.from({ length: CONNECTIONS * 5 }, send)); // its connections, and what compiles while it runs

  const cpuBefore = cpuMsOf(program.child);
  const before = performance.now();
  await Promise.all(Array.from({ length: MAILS }, send));
  await allDone(program);
  const seconds = (performance.now() - before) / 1000;
  const cpuMs = cpuMsSince(cpuBefore, program.child) / MAILS;
  transport.close();
  await ended(program.child);
  return { perSecond: MAILS / seconds, cpuMs };
}

/** By how many times their size the sandbox grows at most while it takes large mails; Linux only. */
export async function memoryOfLargeMails(args: readonly string[]): Promise<number | undefined> {
  const program = await startProgram(...args);
  await storeEveryMail(program);
  const transport = createTransport({ host: '127.0.0.1', port: program.smtpPort, ignoreTLS: true });
  const send = (raw: Buffer) => transport.sendMail({ envelope: ENVELOPE, raw });
  await send(mailOf(1000));
  await allDone(program);
  const before = memoryBytes(program.child, 'VmRSS');
  const large = mailOf(LARGE_MB * 1024 * 1024);
  for (let mail = 0; mail < LARGE_MAILS; mail += 1) await send(large);
  await allDone(program);
  const peak = memoryBytes(program.child, 'VmHWM');
  transport.close();
  await ended(program.child);
  return before === undefined || peak === undefined ? undefined : (peak - before) / (LARGE_MAILS * large.length);
}

const ENVELOPE = { from: 'a@x.test', to: ['b@y.test'] };

function mailOf(bytes: number): Buffer {
  return Buffer.concat([Buffer.from('Subject: bench\r\n\r\n'), Buffer.alloc(bytes, 'a line of the mail\r\n')]);
}

/** Waits until every mail is done; the journal keeps the latest thousand. */
async function allDone({ url }: SandboxProgram): Promise<void> {
  for (;;) {
    const { mails } = (await (await fetch(`${url}/_sandbox/mails`)).json()) as { mails: { state: string }[] };
    if (mails.every(({ state }) => state === 'done')) return;
  }
}
