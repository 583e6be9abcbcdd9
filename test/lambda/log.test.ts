import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { log, type LogLevel } from '../../src/lambda/index.ts';

const VARIABLE = 'SES_LAMBDA_PIPELINE_LOG_LEVEL';
let lines: string[] = [];

beforeEach(() => {
  lines = [];
  vi.spyOn(console, 'log').mockImplementation((line: string) => void lines.push(line));
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

const entries = (): unknown[] => lines.map((line) => JSON.parse(line));

describe('log', () => {
  test('writes one JSON line with level, message and fields, in this order', () => {
    log('info', 'SES Event', { Source: 'a@example.com', MessageID: 'm1' });

    expect(lines).toEqual(['{"level":"info","msg":"SES Event","Source":"a@example.com","MessageID":"m1"}']);
  });

  test.each([
    ['debug', ['debug', 'info', 'warn', 'error']],
    ['DEBUG', ['debug', 'info', 'warn', 'error']],
    ['info', ['info', 'warn', 'error']],
    ['warn', ['warn', 'error']],
    ['error', ['error']],
    ['nonsense', ['info', 'warn', 'error']],
    [undefined, ['info', 'warn', 'error']],
  ])('under the level %s writes %j', (level, expected) => {
    vi.stubEnv(VARIABLE, level);
    const levels: LogLevel[] = ['debug', 'info', 'warn', 'error'];

    for (const level of levels) log(level, 'x');

    expect(entries()).toEqual(expected.map((level) => ({ level, msg: 'x' })));
  });

  test('does not let a field hide level or message', () => {
    log('warn', 'real', { level: 'fake', msg: 'fake' });

    expect(entries()).toEqual([{ level: 'warn', msg: 'real' }]);
  });

  test('writes an error as its name and message, wherever it stands', () => {
    log('error', 'x', { Error: new TypeError('broken'), nested: { cause: new Error('deep') } });

    expect(entries()).toEqual([
      { level: 'error', msg: 'x', Error: 'TypeError: broken', nested: { cause: 'Error: deep' } },
    ]);
  });

  test('writes what JSON has no form for', () => {
    const circular: Record<string, unknown> = {};
    circular['self'] = circular;

    log('info', 'big', { size: 12n });
    log('info', 'circular', { circular });

    expect(entries()).toEqual([
      { level: 'info', msg: 'big', size: '12' },
      { level: 'info', msg: 'circular', unloggable: expect.stringContaining('circular') },
    ]);
  });

  test('keeps a line break inside the line', () => {
    log('info', 'two\nlines');

    expect(lines[0]).not.toContain('\n');
  });
});
