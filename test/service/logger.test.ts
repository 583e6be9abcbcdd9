import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PipelineError } from '../../src/core/fault.ts';
import { maskRecipients, stripControls } from '../../src/service/clean-text.ts';
import { createLogObserver } from '../../src/service/log-observer.ts';
import { createLogger, reconcileLogger, type LoggerOptions } from '../../src/service/logger.ts';
import { logLine } from '../support/log-line.ts';
import { condition, resource, statusOf, step } from './support/resources.ts';

function setUp(over: Partial<LoggerOptions> = {}) {
  const lines: string[] = [];
  const now = () => Date.parse('2026-11-22T11:24:48.123Z');
  const logger = createLogger({ level: 'info', format: 'json', write: (line) => void lines.push(line), now, ...over });
  return { logger, lines, entries: () => lines.map((line) => logLine(line)) };
}

const SECRETS = {
  authorization: 'canary-1',
  Authorization: 'canary-2',
  secretAccessKey: 'canary-3',
  sessionToken: 'canary-4',
  headers: { 'x-amz-security-token': 'canary-5', cookie: ['canary-6'] },
  credentials: { accessKeyId: 'canary-7' },
  AWS_SECRET_ACCESS_KEY: 'canary-8',
  ZipFile: 'canary-9',
  password: { nested: 'canary-10' },
};
const ENVIRONMENT = {
  function: { environment: { API_KEY: 'canary-env-1' } },
  Environment: { Variables: { X: 'canary-env-2' } },
  env: [{ name: 'X', value: 'canary-env-3' }],
};

describe('createLogger', () => {
  it('writes one line of JSON with level, time and message', () => {
    const { logger, lines, entries } = setUp();
    logger.info('hello', { count: 1 });

    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^\{.*\}\n$/);
    expect(entries()).toEqual([{ level: 'info', time: '2026-11-22T11:24:48.123Z', count: 1, msg: 'hello' }]);
  });

  it.each(['debug', 'info', 'warn', 'error'] as const)('writes from level %s on', (level) => {
    const { logger, entries } = setUp({ level });
    for (const each of ['debug', 'info', 'warn', 'error'] as const) logger[each]('x');

    expect(entries().map((entry) => entry['level'])).toEqual(
      ['debug', 'info', 'warn', 'error'].slice(['debug', 'info', 'warn', 'error'].indexOf(level)),
    );
  });

  it('ties the lines of a reconcile together', () => {
    const { logger, entries } = setUp();
    reconcileLogger(logger, { reconcileId: 'r1', pipeline: 'mail/app', generation: 3, trigger: 'change' }).warn('x', {
      step: 1,
    });

    expect(entries()[0]).toMatchObject({
      reconcileId: 'r1',
      pipeline: 'mail/app',
      generation: 3,
      trigger: 'change',
      step: 1,
      msg: 'x',
    });
  });

  it('keeps the request id of AWS and leaves the request out', () => {
    const { logger, lines, entries } = setUp();
    const sdk = Object.assign(new Error('Denied'), {
      name: 'AccessDenied',
      $metadata: { requestId: 'req-1' },
      $response: { body: 'canary' },
      $fault: 'client',
    });
    const fault = {
      class: 'denied',
      reason: 'AccessDenied',
      message: 'No.',
      operation: 'ses:X',
      code: 'AccessDenied',
      requestId: 'req-2',
    } as const;
    logger.error('failed', { error: new PipelineError(fault, { cause: sdk }) });

    expect(entries()[0]?.['error']).toMatchObject({
      type: 'PipelineError',
      message: 'No.',
      class: 'denied',
      operation: 'ses:X',
      code: 'AccessDenied',
      awsRequestId: 'req-2',
      cause: { type: 'AccessDenied', message: 'Denied', awsRequestId: 'req-1' },
    });
    expect(lines.join('')).not.toContain('canary');
  });

  it.each(['json', 'text'] as const)('never writes credentials, at any level (%s)', (format) => {
    const { logger, lines } = setUp({ level: 'debug', format });
    logger.debug('x', SECRETS);
    logger.error('x', { deep: [SECRETS], map: new Map(Object.entries(SECRETS)) });
    logger.child(SECRETS).info('x');

    expect(lines).toHaveLength(3);
    expect(lines.join('')).not.toContain('canary');
    expect(lines.join('')).toContain('redacted');
  });

  it.each(['json', 'text'] as const)('writes addresses and environment values at debug only (%s)', (format) => {
    const { logger, lines } = setUp({ level: 'debug', format });
    const fields = {
      ...ENVIRONMENT,
      recipients: ['canary@example.com'],
      error: new Error('no <canary@example.com>', { cause: new Error('canary@example.com') }),
      'canary@example.com': 1,
    };
    logger.child(fields).info('to canary@example.com', fields);
    logger.warn('to canary@example.com', fields);
    logger.error('to canary@example.com', fields);
    expect(lines.join('')).not.toContain('canary');
    expect(lines.join('')).toContain('<address>');
    expect(lines.join('')).toContain('API_KEY');

    logger.debug('to canary@example.com', fields);
    expect(lines.at(-1)).toContain('to canary@example.com');
    expect(lines.at(-1)).toContain('canary-env-1');
  });

  it('does not take a message for a format', () => {
    const { logger, entries } = setUp();
    logger.info('100%s %d %o', { a: 1 });

    expect(entries()[0]).toMatchObject({ msg: '100%s %d %o', a: 1 });
  });

  it('keeps level, time and message whatever the fields are called', () => {
    const { logger, entries } = setUp();
    logger.info('true', { level: 'forged', time: 'forged', msg: 'forged' });

    expect(entries()[0]).toEqual({
      level: 'info',
      time: '2026-11-22T11:24:48.123Z',
      msg: 'true',
      _level: 'forged',
      _time: 'forged',
      _msg: 'forged',
    });
  });

  it('survives whatever is passed in, on one line of bounded length', () => {
    const { logger, lines, entries } = setUp();
    const loop: Record<string, unknown> = {};
    loop['loop'] = loop;
    const hostile = {
      get x(): never {
        throw new Error('boo');
      },
    };
    logger.info('a', {
      loop,
      big: 10n,
      fn: () => 1,
      date: new Date(0),
      bad: new Date(Number.NaN),
      bytes: new Uint8Array(5),
      many: Array.from({ length: 1_000 }, () => 'x'),
    });
    logger.info('b', { hostile });
    logger.info('c'.repeat(100_000));

    expect(lines).toHaveLength(3);
    expect(lines.every((line) => line.length < 20_000)).toBe(true);
    expect(entries()[0]).toMatchObject({
      loop: { loop: '<itself>' },
      big: '10',
      date: '1970-01-01T00:00:00.000Z',
      bytes: '<5 bytes>',
    });
  });

  it('writes text that people can read', () => {
    const { logger, lines } = setUp({ format: 'text' });
    logger.warn('it is so', { count: 1, name: 'plain', words: 'two words', list: ['a'] });

    expect(lines).toEqual([
      '2026-11-22T11:24:48.123Z WARN  it is so count=1 name=plain words="two words" list=["a"]\n',
    ]);
  });

  it('puts a stack on lines of its own', () => {
    const { logger, lines } = setUp({ format: 'text' });
    logger.error('failed', { error: new Error('why') });

    const [first = '', second = '', third = ''] = (lines[0] ?? '').split('\n');
    expect(first).toMatch(/ERROR failed error=\{"type":"Error","message":"why"\}$/);
    expect(second).toBe('    Error: why');
    expect(third).toMatch(/^ {4}at /);
  });

  it.each(['json', 'text'] as const)('lets nobody steer a terminal or forge a line (%s)', (format) => {
    const { logger, lines } = setUp({ format });
    const evil = 'a\u001b[31mred\r\n2026 INFO forged\u009b2J\u202ereversed\u2028x\u0007';
    logger.info(evil, { field: evil, [evil]: 1, error: new Error(evil) });

    const text = lines.join('');
    expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    expect(text.split('\n').filter((line) => line.startsWith('2026 INFO'))).toEqual([]);
  });
});

describe('maskRecipients', () => {
  it.each([
    ['sent to a@b.example', 'sent to <address>'],
    ['a@b.example,c+tag@d.example;', '<address>,<address>;'],
    ['<someone.else@sub.b-c.example>:', '<<address>>:'],
    ['"odd name"@b.example failed', '<address> failed'],
    ['{"r":["x@y.example"]}', '{"r":["<address>"]}'],
    ['{"r":["\\"odd name\\"@y.example"]}', '{"r":[<address>"]}'],
    ['müller@bücher.example.', '<address>.'],
    ['root@localhost, x@[127.0.0.1]', '<address>, <address>'],
    ['arn:aws:ses:eu-west-1:1:receipt-rule/@', 'arn:aws:ses:eu-west-1:1:receipt-rule/@'],
    ['@example.com and example.com', '@example.com and example.com'],
    ['nothing here', 'nothing here'],
  ])('turns %s into %s', (text, expected) => {
    expect(maskRecipients(text)).toBe(expected);
  });

  it('lets no address of the usual form through, whatever stands around it', () => {
    const address = fc.emailAddress();
    const around = fc.constantFrom(
      '',
      ' ',
      '<',
      '>',
      '"',
      "'",
      ',',
      ';',
      ':',
      '(',
      ')',
      '\n',
      '=',
      '[',
      ']',
      '\\',
      'to ',
    );
    fc.assert(
      fc.property(around, address, around, (before, inner, after) => {
        expect(maskRecipients(`${before}${inner}${after}`)).not.toContain(inner);
      }),
      { numRuns: 200 },
    );
  });

  it('is quick with what is long and wrong', () => {
    const startedAt = performance.now();
    for (const text of [
      'a'.repeat(100_000),
      '@'.repeat(100_000),
      'a@'.repeat(50_000),
      '"'.repeat(100_000),
      '"a\\'.repeat(30_000),
    ])
      maskRecipients(`${text}@`);
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });
});

describe('stripControls', () => {
  it('leaves one line without anything a terminal obeys', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(stripControls(text)).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
      }),
      { numRuns: 50 },
    );
  });
});

describe('createLogObserver', () => {
  it('says why AWS or the source did not do as asked, with the id that AWS support asks for', () => {
    const lines: string[] = [];
    const logger = createLogger({ level: 'info', format: 'json', write: (line) => lines.push(line), now: () => 0 });
    const observer = createLogObserver(logger);
    const fault = {
      class: 'transient',
      reason: 'AwsUnavailable',
      message: 'Lambda answers with 503',
      code: 'ServiceException',
      operation: 'lambda:GetFunction',
      requestId: 'the id',
    } as const;

    observer.faulted(resource(), fault);
    observer.reconcileFinished({
      key: 'mail/app',
      reconcileId: 'r1',
      result: 'error',
      durationMs: 1,
      noop: true,
      stalled: false,
      fault: { class: 'denied', reason: 'AccessDenied', message: 'the cluster denies kubernetes:patch' },
    });

    expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([
      { level: 'warn', msg: 'Lambda answers with 503', operation: 'lambda:GetFunction', awsRequestId: 'the id' },
      { level: 'error', result: 'error', problem: 'the cluster denies kubernetes:patch' },
    ]);
  });

  it('writes nothing above debug while nothing happens', () => {
    const { logger, lines } = setUp();
    const observer = createLogObserver(logger);
    observer.reconcileStarted({ key: 'mail/app', reconcileId: 'r1', trigger: 'change' });
    observer.planned(resource(), []);
    observer.statusWritten(resource(), 'unchanged', statusOf(condition('Ready', 'True')));
    observer.reconcileFinished({
      key: 'mail/app',
      reconcileId: 'r1',
      result: 'requeue_after',
      durationMs: 9,
      noop: true,
      stalled: false,
    });

    expect(lines).toEqual([]);
  });

  it('writes what was done under the id of its reconcile', () => {
    const { logger, entries } = setUp();
    const observer = createLogObserver(logger);
    observer.reconcileStarted({ key: 'mail/app', reconcileId: 'r1', generation: 2, trigger: 'resync' });
    observer.planned(resource(), [step({ kind: 'createRuleSet', ruleSet: 's' }, 'ruleSet')]);
    observer.told(resource(), { type: 'Warning', reason: 'Stalled', message: 'It waits for you' });
    observer.panicked({ key: 'mail/app', reconcileId: 'r1', error: new Error('bug') });
    observer.reconcileFinished({
      key: 'mail/app',
      reconcileId: 'r1',
      result: 'error',
      durationMs: 9,
      noop: false,
      stalled: true,
    });
    observer.gone('mail/app');

    expect(entries().map((entry) => [entry['level'], entry['msg'], entry['reconcileId'], entry['trigger']])).toEqual([
      ['info', 'planned', 'r1', 'resync'],
      ['warn', 'It waits for you', 'r1', 'resync'],
      ['error', 'reconcile failed unexpectedly; it is tried again', 'r1', 'resync'],
      ['error', 'reconcile finished', 'r1', 'resync'],
      ['info', 'the pipeline is gone', undefined, undefined],
    ]);
    expect(entries()[0]).toMatchObject({ pipeline: 'mail/app', steps: ['create rule set s'] });
  });
});
