import type { OpenStream } from './api-call.ts';
import { failedCall, KubernetesError, refusedCall, type ApiStatus, type FailedCall } from './api-error.ts';
import { linesOf, LineTooLongError } from './api-lines.ts';
import type { ApiObject } from './api-object.ts';

export type WatchEvent<T> =
  | { readonly kind: 'added' | 'modified' | 'deleted'; readonly object: T }
  /** Nothing has changed up to this version. */
  | { readonly kind: 'bookmark'; readonly resourceVersion: string }
  /** The watch is over: the server says why. */
  | { readonly kind: 'error'; readonly error: KubernetesError };

type WatchStream = OpenStream & {
  readonly call: FailedCall;
  readonly signal: AbortSignal | undefined;
  readonly inactivityMs: number;
  readonly maxLineBytes: number;
};

/**
 * Events of an accepted watch. Ends when the server ends it; throws a {@link KubernetesError} when the connection breaks
 * or no byte comes for `inactivityMs`, and {@link MalformedEventError} for what is no event: something may be lost then.
 */
export async function* watchEvents<T extends ApiObject>(stream: WatchStream): AsyncGenerator<WatchEvent<T>> {
  try {
    for await (const line of linesOf(guarded(stream), stream.maxLineBytes)) yield parseEvent<T>(line, stream.call);
  } catch (error) {
    if (stream.signal?.aborted === true) throw stream.signal.reason;
    if (error instanceof LineTooLongError) throw malformed(stream.call, error.message);
    throw failedCall(stream.call, error);
  }
}

/** The chunks, each in time. */
async function* guarded({ answer, limit, inactivityMs }: WatchStream): AsyncGenerator<Uint8Array> {
  const chunks = answer.body[Symbol.asyncIterator]();
  limit.touch(inactivityMs);
  try {
    for (;;) {
      const next = await Promise.race([chunks.next(), limit.over]);
      if (next.done === true) return;
      limit.touch(inactivityMs);
      yield next.value;
    }
  } finally {
    limit.end();
    // Not awaited: over a dead connection it would wait for the chunk that never comes.
    chunks.return?.().catch(() => {});
  }
}

type RawEvent = { readonly type?: unknown; readonly object?: ApiObject & ApiStatus };

function parseEvent<T extends ApiObject>(line: string, call: FailedCall): WatchEvent<T> {
  const { type, object } = parseLine(line, call);
  if (object === null || typeof object !== 'object') throw malformed(call, 'an event has no object');
  if (type === 'ERROR') return { kind: 'error', error: refusedCall(call, object.code ?? 500, object) };
  const { name, resourceVersion } = object.metadata ?? {};
  if (resourceVersion === undefined) throw malformed(call, 'an event has no resourceVersion');
  if (type === 'BOOKMARK') return { kind: 'bookmark', resourceVersion };
  if (name === undefined) throw malformed(call, 'an event has no name');
  switch (type) {
    case 'ADDED':
      return { kind: 'added', object: object as unknown as T };
    case 'MODIFIED':
      return { kind: 'modified', object: object as unknown as T };
    case 'DELETED':
      return { kind: 'deleted', object: object as unknown as T };
    default:
      throw malformed(call, `an event has the unknown type ${String(type)}`);
  }
}

function parseLine(line: string, call: FailedCall): RawEvent {
  try {
    return (JSON.parse(line) ?? {}) as RawEvent;
  } catch {
    throw malformed(call, 'a line is not JSON');
  }
}

/** A line of a watch that is no event. */
export class MalformedEventError extends KubernetesError {}

function malformed({ operation, about }: FailedCall, why: string): MalformedEventError {
  const message = `The Kubernetes API server's watch of ${about} cannot be read: ${why}. Everything is listed again.`;
  return new MalformedEventError({
    class: 'transient',
    reason: 'KubernetesUnavailable',
    code: 'MalformedEvent',
    operation,
    message,
  });
}
