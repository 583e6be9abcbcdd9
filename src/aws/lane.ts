import { AsyncLocalStorage } from 'node:async_hooks';
import { faultOf, PipelineError } from '../core/fault.ts';
import type { Clock } from '../core/ports.ts';

/** The one queue of an (account, region) to SES: first come, first served, one call at a time. */
export type Lane = {
  /**
   * Sends when it is this call's turn. Reads with the same `shareKey` that still wait become one: what has not yet been
   * sent is as fresh as any of them could ask for.
   */
  readonly run: <T>(send: () => Promise<T>, shareKey?: string) => Promise<T>;
  /** Calls that still wait are rejected. */
  readonly close: () => void;
};

type LaneOptions = {
  readonly clock: Clock;
  readonly callsPerSecond: number;
  /** Told when a call is sent for the first time, as part of what asked for it: how long it waited for its turn. */
  readonly onWaited?: (waitMs: number) => void;
};

// By then a request has reached the server, even over a new TLS connection to the far side of the world: what is left
// of a call is the server's work, and no reason to wait longer.
const ARRIVAL_MS = 500;
const TRIES = 5;
const READ_TRIES = 3;
const FIRST_BACK_OFF_MS = 2_000;

type Waiting = {
  readonly sinceMs: number;
  readonly shareKey: string | undefined;
  readonly send: () => Promise<unknown>;
  /** Runs something as part of what asked for the call, not of what happened to start the queue. */
  readonly asAsked: <T>(run: () => T) => T;
  readonly answer: Promise<unknown>;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
};

/**
 * SES allows one call a second for all of an account and region, reads included. The first call goes out at once. Since
 * nobody sees a call arrive, the next waits a full interval from the moment when it has surely arrived: its answer, or
 * half a second after its start. A throttled call is sent again after 2, 4, 8 and 16 s, ahead of all others; so is a
 * read whose answer was lost, twice at most.
 * @see https://docs.aws.amazon.com/ses/latest/dg/quotas.html
 */
export function createLane({ clock, callsPerSecond, onWaited }: LaneOptions): Lane {
  const intervalMs = 1_000 / callsPerSecond;
  const queue: Waiting[] = [];
  const closing = new AbortController();
  let freeAt = 0;
  let running = false;

  const turn = async (): Promise<void> => {
    for (;;) {
      const waitMs = freeAt - clock.now();
      // A longer wait than any we ask for means that the clock was set back.
      if (waitMs <= 0 || waitMs > intervalMs + ARRIVAL_MS) return;
      await clock.sleep(waitMs, closing.signal);
    }
  };

  /** Cut short when the lane closes: the next turn says so. */
  const backOff = (tries: number): Promise<void> =>
    clock.sleep(FIRST_BACK_OFF_MS * 2 ** (tries - 1), closing.signal).catch(() => {});

  const attempt = async (send: () => Promise<unknown>): Promise<unknown> => {
    const startedAt = clock.now();
    try {
      return await send();
    } finally {
      freeAt = Math.min(clock.now(), startedAt + ARRIVAL_MS) + intervalMs;
    }
  };

  /** A read does no harm twice; whether a write went through before its answer was lost, only its sender can find out. */
  const mayRepeat = (error: unknown, shareKey: string | undefined, tries: number): boolean => {
    const { class: kind } = faultOf(error);
    return (
      (kind === 'throttled' && tries < TRIES) || (kind === 'transient' && shareKey !== undefined && tries < READ_TRIES)
    );
  };

  const serve = async ({ sinceMs, send, asAsked, shareKey, resolve, reject }: Waiting): Promise<void> => {
    for (let tries = 1; ; tries += 1) {
      try {
        await turn();
        closing.signal.throwIfAborted();
        if (tries === 1) {
          queue.shift(); // from here on nobody may join: the answer could be older than the question
          asAsked(() => onWaited?.(clock.now() - sinceMs));
        }
        resolve(await attempt(() => asAsked(send)));
        return;
      } catch (error) {
        if (closing.signal.aborted || !mayRepeat(error, shareKey, tries)) {
          reject(error);
          return;
        }
      }
      await backOff(tries);
    }
  };

  const drain = async (): Promise<void> => {
    if (running) return;
    running = true;
    for (let head = queue[0]; head !== undefined && !closing.signal.aborted; head = queue[0]) await serve(head);
    running = false;
  };

  return {
    run: <T>(send: () => Promise<T>, shareKey?: string) => {
      if (closing.signal.aborted) return Promise.reject(closed());
      const shared = shareKey === undefined ? undefined : queue.find((each) => each.shareKey === shareKey);
      if (shared !== undefined) return shared.answer as Promise<T>;
      const { promise, resolve, reject } = Promise.withResolvers<unknown>();
      const asAsked = AsyncLocalStorage.snapshot();
      queue.push({ sinceMs: clock.now(), shareKey, send, asAsked, answer: promise, resolve, reject });
      void drain();
      return promise as Promise<T>;
    },
    close: () => {
      closing.abort(closed());
      for (const { reject } of queue.splice(0)) reject(closed());
    },
  };
}

function closed(): PipelineError {
  return new PipelineError({
    class: 'transient',
    reason: 'AwsUnavailable',
    message: 'The connection to SES is being closed: the call was not sent.',
  });
}
