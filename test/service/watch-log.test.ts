import { describe, expect, it } from 'vitest';
import { createLogger } from '../../src/service/logger.ts';
import { createWatchLog } from '../../src/service/watch-log.ts';

function logged(reason: string): readonly unknown[] {
  const lines: string[] = [];
  const logger = createLogger({ level: 'info', format: 'json', now: () => 0, write: (line) => lines.push(line) });
  const error = new Error('The Kubernetes API server denies kubernetes:list of configmaps. Grant it.');
  createWatchLog(logger, 'configmaps').failed({ phase: 'list', reason, error, retryInMs: 800 });
  return lines.map((line): unknown => JSON.parse(line));
}

describe('createWatchLog', () => {
  it('says what cannot be seen, and why', () => {
    expect(logged('denied')).toEqual([
      {
        level: 'warn',
        time: '1970-01-01T00:00:00.000Z',
        msg: 'a list has failed; it is tried again',
        resource: 'configmaps',
        reason: 'denied',
        why: 'The Kubernetes API server denies kubernetes:list of configmaps. Grant it.',
        retryInMs: 800,
      },
    ]);
  });

  it('says nothing of a version that has expired', () => {
    expect(logged('expired')).toEqual([]);
  });
});
