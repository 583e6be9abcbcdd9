import type { Logger } from './logger.ts';

type Trouble = {
  readonly phase: 'list' | 'watch';
  readonly reason: string;
  readonly error: unknown;
  readonly retryInMs: number;
};

export type WatchLog = {
  readonly failed: (trouble: Trouble) => void;
  readonly handlerFailed: (error: unknown) => void;
};

/** Writes down what keeps us from seeing a resource. A version that has expired is read again at once: daily routine. */
export function createWatchLog(logger: Logger, resource: string): WatchLog {
  return {
    failed: ({ phase, reason, error, retryInMs }) => {
      const why = error instanceof Error ? error.message : String(error);
      const level = reason === 'expired' ? 'debug' : 'warn';
      logger[level](`a ${phase} has failed; it is tried again`, { resource, reason, why, retryInMs });
    },
    handlerFailed: (error) => logger.error('a change could not be handled', { resource, error }),
  };
}
