import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { basename } from 'node:path';
import { promisify } from 'node:util';

const ADVICE: Readonly<Record<string, string>> = {
  EADDRINUSE: 'stop what listens there, or choose another port',
  EADDRNOTAVAIL: 'this machine has no such address; leave --listen-address out to be reached from here alone',
  EACCES: 'ports below 1024 are for administrators; choose another',
};

/** Why a port cannot be had, and who has it as far as that can be told. */
export async function portRefusal(what: string, host: string, port: number, cause: Error): Promise<Error> {
  const { code } = cause as NodeJS.ErrnoException;
  const holder = code === 'EADDRINUSE' ? await holderOf(port) : undefined;
  const by = holder === undefined ? '' : ` by ${holder}`;
  const why = code === 'EADDRINUSE' ? `is already in use${by}` : `cannot be opened (${code ?? cause.message})`;
  const advice = ADVICE[code ?? ''] ?? 'choose another port';
  return new Error(`${what} ${port} on ${host} ${why}: ${advice}.`, { cause });
}

/** The process that listens on a TCP port, such as `node (process 4711)`; undefined when nobody says. */
async function holderOf(port: number): Promise<string | undefined> {
  try {
    return holderOnLinux(port) ?? (await holderByLsof(port));
  } catch {
    return undefined;
  }
}

/** `/proc/net/tcp` names the socket, and only its process has it among its open files. See proc(5). */
function holderOnLinux(port: number): string | undefined {
  const listening = '0A';
  const address = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const inodes = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((table) =>
    linesOf(table)
      .map((line) => line.trim().split(/\s+/))
      .filter(([, local, , state]) => local?.endsWith(address) === true && state === listening)
      .map((fields) => `socket:[${fields[9]}]`),
  );
  if (inodes.length === 0) return undefined;
  const pid = namesIn('/proc')
    .filter((name) => /^\d+$/.test(name))
    .find((name) => namesIn(`/proc/${name}/fd`).some((fd) => inodes.includes(linkOf(`/proc/${name}/fd/${fd}`))));
  if (pid === undefined) return undefined;
  // The program alone: what it was told may be nobody's business.
  const program = linesOf(`/proc/${pid}/cmdline`)[0]?.split('\0')[0] ?? '';
  return `${basename(program) || 'a program'} (process ${pid})`;
}

async function holderByLsof(port: number): Promise<string | undefined> {
  const args = ['-nP', `-iTCP:${port}`, '-sTCP:LISTEN', '-Fpc'];
  const { stdout } = await promisify(execFile)('lsof', args, { timeout: 2000 });
  const field = (letter: string): string | undefined => new RegExp(`^${letter}(.+)$`, 'm').exec(stdout)?.[1];
  const pid = field('p');
  return pid === undefined ? undefined : `${field('c') ?? 'a program'} (process ${pid})`;
}

// Processes come and go, and other people's are closed to us.
function linesOf(path: string): readonly string[] {
  try {
    return readFileSync(path, 'utf8').split('\n');
  } catch {
    return [];
  }
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
