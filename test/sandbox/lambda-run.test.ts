import {
  PutFunctionConcurrencyCommand,
  PutFunctionEventInvokeConfigCommand,
  UpdateFunctionConfigurationCommand,
  UpdateFunctionCodeCommand,
} from '@aws-sdk/client-lambda';
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { manualClock, zipOf } from './mail-fixture.ts';
import { invoke, startWith, texts } from './support/one-function.ts';

describe('running a handler', () => {
  test.each<[string, Readonly<Record<string, string>>, string]>([
    ['an async ES module', { 'index.mjs': 'export const handler = async (event) => event.n + 1' }, 'index.handler'],
    ['a CommonJS module', { 'index.js': 'exports.handler = async (event) => event.n + 1' }, 'index.handler'],
    ['a .cjs file', { 'index.cjs': 'exports.handler = async (event) => event.n + 1' }, 'index.handler'],
    [
      'a .js file of an ES module package',
      { 'package.json': '{"type":"module"}', 'index.js': 'export const handler = async (event) => event.n + 1' },
      'index.handler',
    ],
    [
      'a callback',
      { 'index.js': 'exports.handler = (event, context, done) => { setTimeout(() => done(null, event.n + 1), 5) }' },
      'index.handler',
    ],
    ['a nested name', { 'src/a.mjs': 'export const x = { y: async (event) => event.n + 1 }' }, 'src/a.x.y'],
    [
      'the SDK that Lambda ships, required',
      {
        'index.js': `const { S3Client } = require('@aws-sdk/client-s3'); exports.handler = async (e) => e.n + (S3Client ? 1 : 0)`,
      },
      'index.handler',
    ],
  ])('runs %s', async (_what, files, Handler) => {
    await using world = await startWith(files, { Handler });
    expect(await invoke(world, { n: 1 })).toMatchObject({ status: 200, error: undefined, payload: 2 });
  });

  test('gives the context and nothing of the host environment', async () => {
    process.env['SANDBOX_TEST_SECRET'] = 'of the host';
    await using world = await startWith(
      `export const handler = async (event, context) => ({
        env: process.env,
        remaining: context.getRemainingTimeInMillis(),
        ...context,
      })`,
      { Environment: { Variables: { STAGE: 'test' } }, MemorySize: 256, Timeout: 7 },
    );
    const { payload, requestId } = await invoke(world);
    expect(payload).toMatchObject({
      awsRequestId: requestId,
      functionName: 'f',
      functionVersion: '$LATEST',
      memoryLimitInMB: '256',
      logGroupName: '/aws/lambda/f',
      invokedFunctionArn: expect.stringMatching(/:function:f$/),
    });
    expect(payload.remaining).toBeGreaterThan(0);
    expect(payload.remaining).toBeLessThanOrEqual(7000);
    expect(payload.env).toMatchObject({
      STAGE: 'test',
      AWS_REGION: 'us-west-2',
      AWS_ENDPOINT_URL: world.sandbox.url,
      AWS_LAMBDA_FUNCTION_NAME: 'f',
      _HANDLER: 'index.handler',
    });
    expect(payload.env.SANDBOX_TEST_SECRET).toBeUndefined();
    expect(payload.env.HOME).toBeUndefined();
    delete process.env['SANDBOX_TEST_SECRET'];
  });

  test('writes the log as Lambda does', async () => {
    await using world = await startWith(
      `export const handler = async () => {
        console.log('two\\nlines'); console.error('oops'); process.stdout.write('no end of line'); }`,
    );
    const { log, requestId } = await invoke(world);
    const at = String.raw`\d{4}-\d\d-\d\dT[\d:.]+Z`;
    expect(log).toMatch(
      new RegExp(
        `^START RequestId: ${requestId} Version: \\$LATEST\n` +
          `${at}\t${requestId}\tINFO\ttwo\nlines\n` +
          `${at}\t${requestId}\tERROR\toops\n` +
          'no end of line\n' +
          `END RequestId: ${requestId}\n` +
          `REPORT RequestId: ${requestId}\tDuration: [\\d.]+ ms\tBilled Duration: \\d+ ms\t` +
          'Memory Size: 128 MB\tMax Memory Used: \\d+ MB\tInit Duration: [\\d.]+ ms\n$',
      ),
    );
    expect(
      world.sandbox.lambda.logs
        .ofRequest(requestId)
        .map(({ text }) => text)
        .join('\n'),
    ).toBe(log.trimEnd());
  });

  test('writes JSON lines when the function asks for them', async () => {
    await using world = await startWith(`export const handler = async () => { console.log({ a: 1 }) }`, {
      LoggingConfig: { LogFormat: 'JSON' },
    });
    const { requestId } = await invoke(world);
    const line = texts(world).find((text) => text.startsWith('{')) ?? '';
    expect(JSON.parse(line)).toMatchObject({ level: 'INFO', requestId, message: { a: 1 } });
  });

  test('reuses a warm process until the function changes', async () => {
    await using world = await startWith('let n = 0; export const handler = async () => (n += 1)');
    const answers = [await invoke(world), await invoke(world)];
    expect(answers.map(({ payload }) => payload)).toEqual([1, 2]);
    expect(answers[1]?.log).not.toContain('Init Duration');
    await world.lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName: 'f', Description: 'x' }));
    expect((await invoke(world)).payload).toBe(1);
    const ZipFile = zipOf({ 'index.mjs': `export const handler = async () => 'new'` });
    await world.lambda.send(new UpdateFunctionCodeCommand({ FunctionName: 'f', ZipFile }));
    expect((await invoke(world)).payload).toBe('new');
  });

  test('runs invocations side by side', async () => {
    await using world = await startWith(
      `import { setTimeout } from 'node:timers/promises';
       export const handler = async () => { await setTimeout(200); return process.pid }`,
    );
    const answers = await Promise.all([invoke(world), invoke(world), invoke(world)]);
    expect(new Set(answers.map(({ payload }) => payload)).size).toBe(3);
  });

  test('makes more invocations than processes wait their turn', async () => {
    await using world = await startWith(`export const handler = async ({ n }) => n`);
    const answers = await Promise.all(Array.from({ length: 20 }, (_none, n) => invoke(world, { n })));
    expect(answers.map(({ payload }) => payload)).toEqual(Array.from({ length: 20 }, (_none, n) => n));
  });
});

describe('a handler that fails', () => {
  test.each<[string, Readonly<Record<string, string>>, object]>([
    [
      'throws',
      { 'index.mjs': `export const handler = async () => { throw new TypeError('boom') }` },
      { errorType: 'TypeError', errorMessage: 'boom' },
    ],
    [
      'throws while it loads',
      { 'index.mjs': `throw new Error('bad init')` },
      { errorType: 'Error', errorMessage: 'bad init' },
    ],
    ['is not exported', { 'index.mjs': '' }, { errorType: 'Runtime.HandlerNotFound' }],
    ['has no file', { 'other.mjs': '' }, { errorType: 'Runtime.ImportModuleError' }],
    ['imports what is not there', { 'index.mjs': `import 'nope'` }, { errorType: 'Runtime.ImportModuleError' }],
    ['is no JavaScript', { 'index.js': 'exports.handler = (' }, { errorType: 'Runtime.UserCodeSyntaxError' }],
    [
      'exits',
      { 'index.mjs': 'export const handler = async () => process.exit(3)' },
      { errorType: 'Runtime.ExitError', errorMessage: expect.stringMatching(/exit status 3$/) },
    ],
    [
      'is killed',
      { 'index.mjs': `export const handler = async () => process.kill(process.pid, 'SIGKILL')` },
      { errorType: 'Runtime.ExitError', errorMessage: expect.stringMatching(/signal: killed$/) },
    ],
  ])('that %s is reported, and the next invocation runs again', async (_what, files, expected) => {
    await using world = await startWith(files);
    for (const _again of [1, 2]) {
      expect(await invoke(world)).toMatchObject({ status: 200, error: 'Unhandled', payload: expected });
    }
    expect(texts(world).filter((text) => text.startsWith('REPORT'))).toHaveLength(2);
  });

  test('is ended at its time limit, with what it wrote until then', async () => {
    await using world = await startWith(`export const handler = async () => { console.log('begun'); for (;;); }`, {
      Timeout: 1,
    });
    const { error, payload, log } = await invoke(world);
    expect(error).toBe('Unhandled');
    expect(payload).toMatchObject({
      errorType: 'Sandbox.Timedout',
      errorMessage: expect.stringMatching(/Task timed out after 1\.00 seconds$/),
    });
    expect(log).toMatch(/begun\n.* Task timed out after 1\.00 seconds\nEND /);
  });

  test.each([
    ['lines', `console.log('x'.repeat(1000))`],
    ['one line', `process.stdout.write('x'.repeat(1000))`],
  ])('by writing %s without end fills neither the log nor the memory', async (_what, write) => {
    await using world = await startWith(
      `export const handler = async () => { for (;;) { ${write}; await new Promise(setImmediate) } }`,
      { Timeout: 2, MemorySize: 2048 }, // what nobody reads stays in the handler's own memory
    );
    expect(await invoke(world)).toMatchObject({ error: 'Unhandled', payload: { errorType: 'Sandbox.Timedout' } });
    const characters = texts(world).reduce((sum, text) => sum + text.length, 0);
    expect(characters).toBeLessThan(2 * 1024 * 1024);
    expect(texts(world)).toContainEqual(
      expect.stringMatching(/^The rest is dropped: more than \d+ bytes of output\.$/),
    );
  });

  test('by starting programs takes them with it', async () => {
    await using world = await startWith(
      `import { spawn } from 'node:child_process';
       export const handler = async () => {
         const sleep = () => spawn('sleep', ['1000']).pid;
         console.log('forked ' + Array.from({ length: 20 }, sleep).join(' '));
         return new Promise(() => setInterval(() => {}, 1000));
       }`,
      { Timeout: 2 },
    );
    const { error, log } = await invoke(world);
    expect(error).toBe('Unhandled');
    const pids = (/forked (.*)/.exec(log)?.[1] ?? '').split(' ').map(Number);
    expect(pids).toHaveLength(20);
    await expect.poll(() => pids.filter(isRunning)).toEqual([]);
  });

  test('is refused when its runtime is none that a machine has', async () => {
    await using world = await startWith('', { Runtime: 'java21' });
    await expect(invoke(world)).rejects.toMatchObject({
      name: 'InvalidParameterValueException',
      message: expect.stringContaining('The sandbox runs Node.js, Python and provided.al2023 functions; f has java21'),
    });
  });
});

describe('invocation types', () => {
  test('answers 204 to a dry run and runs nothing', async () => {
    await using world = await startWith('export const handler = async () => null');
    expect((await invoke(world, {}, 'DryRun')).status).toBe(204);
    expect(texts(world)).toEqual([]);
  });

  test('queues an event and tries a failing one twice more under the same request id', async () => {
    const clock = manualClock();
    await using world = await startWith(`export const handler = async () => { throw new Error('no') }`, {}, { clock });
    const { status, requestId } = await invoke(world, {}, 'Event');
    expect(status).toBe(202);
    const starts = () => texts(world).filter((text) => text.startsWith(`START RequestId: ${requestId}`)).length;
    await world.sandbox.idle();
    expect(starts()).toBe(1);
    clock.advance(60_000);
    await world.sandbox.idle();
    expect(starts()).toBe(2);
    clock.advance(120_000);
    await world.sandbox.idle();
    clock.advance(600_000);
    await world.sandbox.idle();
    expect(starts()).toBe(3);
    expect(texts(world).at(-1)).toMatch(/^Event given up after 3 attempts/);
  });

  test.each([
    ['the attempts', { MaximumRetryAttempts: 0 }],
    ['the age', { MaximumEventAgeInSeconds: 60, MaximumRetryAttempts: 2 }],
  ])('honours %s that the queue is limited to', async (what, limits) => {
    const clock = manualClock();
    await using world = await startWith(`export const handler = async () => { throw new Error('no') }`, {}, { clock });
    await world.lambda.send(new PutFunctionEventInvokeConfigCommand({ FunctionName: 'f', ...limits }));
    await invoke(world, {}, 'Event');
    await world.sandbox.idle();
    for (const _retry of [1, 2]) {
      clock.advance(120_000);
      await world.sandbox.idle();
    }
    const starts = texts(world).filter((text) => text.startsWith('START'));
    expect(starts).toHaveLength(what === 'the attempts' ? 1 : 2);
  });

  test('throttles at the reserved concurrency, and drops events when it is 0', async () => {
    await using world = await startWith('export const handler = async () => null');
    const reserve = new PutFunctionConcurrencyCommand({ FunctionName: 'f', ReservedConcurrentExecutions: 0 });
    await world.lambda.send(reserve);
    await expect(invoke(world)).rejects.toMatchObject({ name: 'TooManyRequestsException' });
    await invoke(world, {}, 'Event');
    await world.sandbox.idle();
    expect(texts(world)).toEqual(['Event dropped: the reserved concurrency is 0']);
  });
});

describe('throttled events', () => {
  test('wait for their turn instead of being lost', async () => {
    const clock = manualClock();
    const code = `import { setTimeout } from 'node:timers/promises';
      export const handler = async () => { await setTimeout(100); console.log('ran') }`;
    await using world = await startWith(code, {}, { clock });
    const reserve = new PutFunctionConcurrencyCommand({ FunctionName: 'f', ReservedConcurrentExecutions: 1 });
    await world.lambda.send(reserve);
    await Promise.all([1, 2, 3, 4, 5].map(() => invoke(world, {}, 'Event')));
    const ran = () => texts(world).filter((text) => text.endsWith('ran')).length;
    await world.sandbox.idle();
    expect(ran()).toBe(1);
    for (let round = 0; round < 6; round += 1) {
      clock.advance(60_000);
      await world.sandbox.idle();
    }
    expect(ran()).toBe(5);
  });
});

describe('stopping', () => {
  test('does not wait for a program that a handler left running', async () => {
    await using world = await startWith(
      `import { spawn } from 'node:child_process';
       export const handler = async () => {
         const { pid } = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'inherit' });
         console.log('left ' + pid);
         process.exit(0);
       }`,
    );
    const { error, log } = await invoke(world);
    expect(error).toBe('Unhandled');
    const pid = Number(/left (\d+)/.exec(log)?.[1]);
    expect(pid).toBeGreaterThan(0);
    await expect.poll(() => isRunning(pid)).toBe(false);
  });

  test('ends running handlers and removes the unpacked code', async () => {
    const world = await startWith(
      `export const handler = async (event) => (event.wait ? new Promise(() => setInterval(() => {}, 1000)) : { root: process.env.LAMBDA_TASK_ROOT, pid: process.pid })`,
    );
    const { root, pid } = (await invoke(world)).payload;
    expect(existsSync(root)).toBe(true);
    await invoke(world, { wait: true }, 'Event');
    await world[Symbol.asyncDispose]();
    expect(existsSync(root)).toBe(false);
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  });
});

/** A process that has ended but was not collected yet does not count. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  return existsSync(`/proc/${pid}/stat`) && !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z');
}
