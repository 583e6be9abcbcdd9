import { PipelineError, type Fault } from '../core/fault.ts';
import type { Clock } from '../core/ports.ts';
import { classifyError, type Place } from './classify-error.ts';
import type { AwsService } from './error-row.ts';

/** One answered or failed call; `code` is the AWS error code. An observer feeds metrics, logs and traces from it. */
export type CallReport = {
  readonly service: AwsService;
  readonly operation: string;
  readonly region: string;
  /** In words what it was about. */
  readonly resource?: string;
  readonly code?: string;
  /** What the error means here. */
  readonly fault?: Fault;
  readonly requestId?: string;
  /** How often the SDK sent it. */
  readonly attempts?: number;
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
    const report = (said: unknown, fault?: Fault): void =>
      onCall?.({
        service,
        operation,
        region: place.region,
        durationMs: clock.now() - startedAt,
        ...(resource !== undefined && { resource }),
        ...(fault !== undefined && { fault, code: fault.code ?? 'Unknown' }),
        ...metadataOf(said),
      });

    const outcome = await send().then(
      (answer) => ({ ok: true as const, answer }),
      (error: unknown) => ({
        ok: false as const,
        error: classifyError(error, { service, operation, resource, place }),
      }),
    );
    if (outcome.ok) {
      report(outcome.answer);
      return outcome.answer;
    }
    report(outcome.error.cause, outcome.error.fault);
    throw outcome.error;
  };
}

/** What the SDK says of an answer or an error beside its content. */
function metadataOf(said: unknown): Pick<CallReport, 'requestId' | 'attempts'> {
  if (typeof said !== 'object' || said === null || !('$metadata' in said)) return {};
  const { requestId, attempts } = said.$metadata as { readonly requestId?: string; readonly attempts?: number };
  return { ...(requestId !== undefined && { requestId }), ...(attempts !== undefined && { attempts }) };
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
