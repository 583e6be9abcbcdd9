import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * A status as judges see it, such as those of Argo CD and Flux. Names, times and messages are left out: no judge looks
 * at them.
 */
export type StatusKind = {
  readonly deleting?: true;
  readonly suspended?: true;
  /** It is about an older generation than there is. */
  readonly behind?: true;
  /** In their order: `Ready=False/Throttled`. */
  readonly conditions: readonly string[];
};

type Written = {
  readonly deleting: boolean;
  readonly suspended: boolean;
  readonly generation: number;
  readonly observedGeneration: number | undefined;
  readonly conditions: readonly { readonly type: string; readonly status: string; readonly reason: string }[];
};

const said = new Set<string>();

/** Adds the kind of a status that was written to the file in RECORD_STATUSES, one a line; does nothing without it. */
export function recordStatus(written: Written, file = process.env['RECORD_STATUSES']): void {
  if (file === undefined || file === '') return;
  const line = `${JSON.stringify(kindOf(written))}\n`;
  if (said.has(line)) return;
  said.add(line);
  mkdirSync(dirname(file), { recursive: true });
  appendFileSync(file, line); // by many processes at once, so that one kind may be there more than once
}

/** Each kind once, in the order of their lines. */
export function readStatuses(...files: readonly string[]): readonly StatusKind[] {
  const lines = files.flatMap((file) => (existsSync(file) ? readFileSync(file, 'utf8').split('\n') : []));
  return [...new Set(lines)]
    .filter((line) => line !== '')
    .sort()
    .map((line) => JSON.parse(line) as StatusKind);
}

function kindOf({ deleting, suspended, generation, observedGeneration, conditions }: Written): StatusKind {
  return {
    ...(deleting && { deleting }),
    ...(suspended && { suspended }),
    ...(observedGeneration !== generation && { behind: true }),
    conditions: conditions.map(({ type, status, reason }) => `${type}=${status}/${reason}`),
  };
}
