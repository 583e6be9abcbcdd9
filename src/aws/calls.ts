import { PipelineError } from '../core/fault.ts';
import type { Clock } from '../core/ports.ts';
import { classifyError, type Place } from './classify-error.ts';
import type { AwsService } from './error-row.ts';

/** One answered or failed call; `code` is the AWS error code. An observer feeds metrics and logs from it. */
export type CallReport = {
  readonly service: AwsService;
  readonly operation: string;
  readonly code?: string;
  readonly durationMs: number;
};

/** Runs one AWS call. `resource` names in words what it is about, such as `bucket "mail"`; messages use it. */
export type Call = <T>(operation: string, resource: string | undefined, send: () => Promise<T>) => Promise<T>;

type CallOptions = {
  readonly clock: Clock;
  readonly place: Place;
  readonly onCall?: (report: CallReport) => void;
};

/** Calls of one service: measured, reported, and whatever they throw is a {@link PipelineError}. */
export function callsOf(service: AwsService, { clock, place, onCall }: CallOptions): Call {
  return async (operation, resource, send) => {
    const startedAt = clock.now();
    const report = (code: string | undefined): void =>
      onCall?.({ service, operation, durationMs: clock.now() - startedAt, ...(code !== undefined && { code }) });

    const outcome = await send().then(
      (answer) => ({ ok: true as const, answer }),
      (error: unknown) => ({
        ok: false as const,
        error: classifyError(error, { service, operation, resource, place }),
      }),
    );
    if (outcome.ok) {
      report(undefined);
      return outcome.answer;
    }
    report(outcome.error.fault.code ?? 'Unknown');
    throw outcome.error;
  };
}

/** `undefined` instead of an error that only says "there is none". Codes are those of {@link Fault.code}. */
export async function absentOn<T>(codes: readonly string[], answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof PipelineError && error.fault.code !== undefined && codes.includes(error.fault.code))
      return undefined;
    throw error;
  }
}

/** Every item of a listing; `page` gets the marker of the previous page and returns items and the next marker. */
export async function everyPage<T>(
  page: (marker: string | undefined) => Promise<{ readonly items: readonly T[]; readonly next: string | undefined }>,
): Promise<readonly T[]> {
  const all: T[] = [];
  for (let marker: string | undefined; ;) {
    const { items, next } = await page(marker);
    all.push(...items);
    if (next === undefined) return all;
    marker = next;
  }
}
