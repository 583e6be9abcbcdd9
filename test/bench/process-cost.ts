import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';

type Process = Pick<ChildProcess, 'pid'>;

/** Processor time of a running process so far, in steps of 10 ms; undefined where there is no /proc. See proc(5). */
export function cpuMsOf({ pid }: Process): number | undefined {
  const stat = readIfThere(`/proc/${pid}/stat`);
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields === undefined ? undefined : (Number(fields[11]) + Number(fields[12])) * 10;
}

/** How much more of it has been used since; NaN where it is not known. */
export const cpuMsSince = (before: number | undefined, process: Process): number =>
  (cpuMsOf(process) ?? Number.NaN) - (before ?? Number.NaN);

/** `VmRSS`: in memory now; `VmHWM`: at most so far. Undefined where there is no /proc. */
export function memoryBytes({ pid }: Process, name: 'VmRSS' | 'VmHWM'): number | undefined {
  const kilobytes = new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(readIfThere(`/proc/${pid}/status`) ?? '')?.[1];
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
