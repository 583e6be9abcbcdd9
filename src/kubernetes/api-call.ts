import type { Clock } from '../core/ports.ts';
import { failedCall, refusedCall, type ApiStatus, type FailedCall, type KubernetesError } from './api-error.ts';
import { timeLimit, type TimeLimit } from './api-time-limit.ts';
import type { HttpAnswer, HttpCall, Transport } from './api-transport.ts';

export type ApiRequest = {
  readonly verb: 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch';
  readonly path: string;
  /** Plural of the kind, for metrics. */
  readonly plural: string;
  /** For people: `Lease mail/leader`. */
  readonly about: string;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly accept?: string;
  readonly contentType?: string;
  readonly body?: unknown;
};

/** Told about each call when the head of its answer is there. `code` is undefined when none came. */
export type ApiObserver = (call: {
  readonly verb: ApiRequest['verb'];
  readonly resource: string;
  readonly code: number | undefined;
  readonly durationMs: number;
}) => void;

export type CallerOptions = {
  readonly transport: Transport;
  readonly clock: Clock;
  /** Deadline of a call; of a watch, for its acceptance. */
  readonly callTimeoutMs: number;
  readonly userAgent: string;
  readonly maxBytes: number;
  readonly observer: ApiObserver | undefined;
};

/** A stream that was accepted, and the limit under which it stands. */
export type OpenStream = { readonly answer: HttpAnswer; readonly limit: TimeLimit };

export type Caller = {
  /** The parsed answer; undefined for 404. */
  readonly call: (request: ApiRequest, signal?: AbortSignal) => Promise<unknown>;
  readonly open: (request: ApiRequest, signal?: AbortSignal) => Promise<OpenStream>;
};

const METHODS: Readonly<Record<ApiRequest['verb'], HttpCall['method']>> = {
  get: 'GET',
  list: 'GET',
  watch: 'GET',
  create: 'POST',
  update: 'PUT',
  patch: 'PATCH',
};

/** One request, its deadline, and what its answer means. An abort by the caller rejects with the caller's reason. */
export function createCaller(options: CallerOptions): Caller {
  const { transport, clock, callTimeoutMs, maxBytes } = options;

  const send = async (request: ApiRequest, signal: AbortSignal): Promise<HttpAnswer> => {
    const startedAtMs = clock.now();
    const observe = (code: number | undefined): void => {
      const durationMs = clock.now() - startedAtMs;
      options.observer?.({ verb: request.verb, resource: request.plural, code, durationMs });
    };
    try {
      const answer = await transport(httpCall(request, options.userAgent, signal));
      observe(answer.status);
      return answer;
    } catch (error) {
      observe(undefined);
      throw error;
    }
  };

  const within = async <T>(limit: TimeLimit, request: ApiRequest, outer: AbortSignal | undefined, work: Promise<T>) => {
    try {
      return await Promise.race([work, limit.over]);
    } catch (error) {
      limit.end();
      if (outer?.aborted === true) throw outer.reason;
      throw failedCall(nameOf(request), error);
    }
  };

  return {
    call: async (request, signal) => {
      const limit = timeLimit(clock, callTimeoutMs, signal);
      const work = async (): Promise<unknown> => {
        const answer = await send(request, limit.signal);
        const text = await textOf(answer.body, maxBytes);
        if (answer.status === 404) return undefined;
        if (!isSuccess(answer)) throw refusal(request, answer, text);
        return JSON.parse(text);
      };
      const body = await within(limit, request, signal, work());
      limit.end();
      return body;
    },
    open: async (request, signal) => {
      const limit = timeLimit(clock, callTimeoutMs, signal);
      const work = async (): Promise<HttpAnswer> => {
        const answer = await send(request, limit.signal);
        if (isSuccess(answer)) return answer;
        throw refusal(request, answer, await textOf(answer.body, maxBytes));
      };
      return { answer: await within(limit, request, signal, work()), limit };
    },
  };
}

/** How a request is named in errors. */
export function nameOf({ verb, about }: ApiRequest): FailedCall {
  return { operation: `kubernetes:${verb}`, about };
}

function httpCall(request: ApiRequest, userAgent: string, signal: AbortSignal): HttpCall {
  const body = request.body === undefined ? undefined : JSON.stringify(request.body);
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(request.query ?? {}))
    if (value !== undefined) query.set(name, String(value));
  const headers = {
    accept: request.accept ?? 'application/json',
    'user-agent': userAgent,
    ...(body !== undefined && {
      'content-type': request.contentType ?? 'application/json',
      'content-length': String(Buffer.byteLength(body)),
    }),
  };
  return {
    method: METHODS[request.verb],
    path: request.path,
    query,
    headers,
    signal,
    ...(body !== undefined && { body }),
  };
}

function isSuccess({ status }: HttpAnswer): boolean {
  return status >= 200 && status < 300;
}

/** A refusal usually carries a Status object; what stands between us and the API server answers with a page. */
function refusal(request: ApiRequest, { status, headers }: HttpAnswer, text: string): KubernetesError {
  let body: ApiStatus = {};
  try {
    const parsed = JSON.parse(text) as ApiStatus | null;
    if (typeof parsed === 'object' && parsed !== null) body = parsed;
  } catch {
    // The HTTP status says enough.
  }
  const seconds = Number(headers['retry-after'] ?? Number.NaN);
  return refusedCall(nameOf(request), status, body, Number.isFinite(seconds) ? seconds * 1_000 : undefined);
}

async function textOf(body: AsyncIterable<Uint8Array>, maxBytes: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new Error(`the answer is longer than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
