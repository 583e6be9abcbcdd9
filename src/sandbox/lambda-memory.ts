import { readFileSync } from 'node:fs';

export type ProcessMemory = { readonly peakKb: number; readonly ownKb: number };

/**
 * What a process holds: `ownKb` is its own memory, `peakKb` the most it ever had resident, shared program code included.
 * Undefined where the system does not tell (anywhere but on Linux), and once the process has ended.
 *
 * @see https://www.kernel.org/doc/html/latest/filesystems/proc.html#process-specific-subdirectories
 */
export function memoryOf(pid: number): ProcessMemory | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const read = (field: string): number | undefined => {
      const kb = new RegExp(`^${field}:\\s*(\\d+) kB$`, 'm').exec(status)?.[1];
      return kb === undefined ? undefined : Number(kb);
    };
    const [peakKb, ownKb] = [read('VmHWM'), read('RssAnon')];
    return peakKb === undefined || ownKb === undefined ? undefined : { peakKb, ownKb };
  } catch {
    return undefined;
  }
}

const LOOK_MS = 50;

/**
 * Looks again and again at what a process holds, and tells once when its own memory is more than the limit. That is less
 * than Lambda counts, so what runs there is never ended here. `stop` ends the watch and returns the peak.
 */
export function watchMemory(pid: number, limitMb: number, onTooMuch: () => void): { readonly stop: () => number } {
  let peakKb = 0;
  let told = false;
  const look = (): void => {
    const memory = memoryOf(pid);
    if (memory === undefined) return;
    peakKb = Math.max(peakKb, memory.peakKb);
    if (told || memory.ownKb <= limitMb * 1024) return;
    told = true;
    onTooMuch();
  };
  const timer = setInterval(look, LOOK_MS);
  timer.unref();
  return {
    stop: () => {
      clearInterval(timer);
      look();
      return peakKb;
    },
  };
}
