import { PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { UpdateFunctionConfigurationCommand } from '@aws-sdk/client-lambda';
import { describe, expect, test } from 'vitest';
import { memoryOf } from '../../src/sandbox/lambda-memory.ts';
import { invoke, startWith } from './support/one-function.ts';

// https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
describe.skipIf(memoryOf(process.pid) === undefined)('a function that takes more memory than it has', () => {
  test('is ended, and the next invocation begins anew', async () => {
    await using world = await startWith(
      `const kept = [];
       export const handler = async (event) => {
         for (; event.greedy; await new Promise(setImmediate)) kept.push(Buffer.alloc(8 * 1024 * 1024, 1));
         return kept.length;
       }`,
      { MemorySize: 128 },
    );
    const { payload, log } = await invoke(world, { greedy: true });
    expect(payload).toEqual({
      errorType: 'Runtime.OutOfMemory',
      errorMessage: expect.stringMatching(/^RequestId: \S+ Error: Runtime exited with error: signal: killed$/),
    });
    expect(log).toMatch(
      /\tMemory Size: 128 MB\tMax Memory Used: \d+ MB\t.*Status: error\tError Type: Runtime\.OutOfMemory\n$/,
    );
    expect((await invoke(world)).payload).toBe(0);
  });
});

// https://docs.aws.amazon.com/lambda/latest/dg/services-xray.html
describe('the trace of an invocation', () => {
  const code = 'export const handler = async () => process.env._X_AMZN_TRACE_ID';

  test('has the form of X-Ray and is not sampled', async () => {
    await using world = await startWith(code);
    const answers = [await invoke(world), await invoke(world)];
    for (const { payload, log } of answers) {
      expect(payload).toMatch(/^Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=0$/);
      expect(log).not.toContain('XRAY');
    }
    expect(answers[0]?.payload).not.toBe(answers[1]?.payload);
  });

  test('is sampled and stands in the log of a function that traces actively', async () => {
    await using world = await startWith(code);
    await world.iam.send(
      new PutRolePolicyCommand({
        RoleName: 'handler',
        PolicyName: 'traces',
        PolicyDocument: JSON.stringify({
          Version: '2012-10-17',
          Statement: [
            { Effect: 'Allow', Action: ['xray:PutTraceSegments', 'xray:PutTelemetryRecords'], Resource: '*' },
          ],
        }),
      }),
    );
    await world.lambda.send(
      new UpdateFunctionConfigurationCommand({ FunctionName: 'f', TracingConfig: { Mode: 'Active' } }),
    );
    const { payload, log } = await invoke(world);
    const [, traceId, segmentId] = /^Root=(\S+);Parent=(\S+);Sampled=1$/.exec(payload) ?? [];
    expect(log).toMatch(new RegExp(`\nXRAY TraceId: ${traceId}\tSegmentId: ${segmentId}\tSampled: true\n$`));
  });
});

// https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime
test('a function finds the variables that Lambda sets', async () => {
  await using world = await startWith('export const handler = async () => process.env', {
    Environment: { Variables: { TZ: 'Europe/Berlin', STAGE: 'test' } },
    LoggingConfig: { LogFormat: 'JSON', ApplicationLogLevel: 'DEBUG' },
  });
  const { payload } = await invoke(world);
  expect(payload).toEqual({
    AWS_ACCESS_KEY_ID: expect.stringMatching(/^ASIA/),
    AWS_DEFAULT_REGION: 'us-west-2',
    AWS_ENDPOINT_URL: world.sandbox.url,
    AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '128',
    AWS_LAMBDA_FUNCTION_NAME: 'f',
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_LAMBDA_LOG_FORMAT: 'JSON',
    AWS_LAMBDA_LOG_GROUP_NAME: '/aws/lambda/f',
    AWS_LAMBDA_LOG_LEVEL: 'DEBUG',
    AWS_LAMBDA_LOG_STREAM_NAME: expect.stringMatching(/^\d{4}\/\d\d\/\d\d\/\[\$LATEST\][0-9a-f]{32}$/),
    AWS_LAMBDA_RUNTIME_API: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
    AWS_REGION: 'us-west-2',
    AWS_SECRET_ACCESS_KEY: expect.any(String),
    AWS_SESSION_TOKEN: expect.any(String),
    AWS_XRAY_CONTEXT_MISSING: 'LOG_ERROR',
    AWS_XRAY_DAEMON_ADDRESS: '127.0.0.1:2000',
    LAMBDA_RUNTIME_DIR: '/var/runtime',
    LAMBDA_TASK_ROOT: expect.any(String),
    LANG: 'en_US.UTF-8',
    PATH: '/usr/local/bin:/usr/bin:/bin',
    STAGE: 'test',
    TZ: 'Europe/Berlin',
    _HANDLER: 'index.handler',
    _X_AMZN_TRACE_ID: expect.stringMatching(/^Root=/),
  });
});

describe('a start that does not go well', () => {
  test('is reported before the log ends, with its kind', async () => {
    await using world = await startWith(`throw new RangeError('bad init')`);
    const { payload, log } = await invoke(world);
    expect(payload).toMatchObject({ errorType: 'RangeError', errorMessage: 'bad init' });
    expect(log).toMatch(/^INIT_REPORT Init Duration: [\d.]+ ms\tPhase: init\tStatus: error\tError Type: RangeError$/m);
    expect(log).toMatch(/\nREPORT .*\tMax Memory Used: \d+ MB\tStatus: error\tError Type: RangeError\n$/);
  });

  // https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html#runtimes-lifecycle-ib
  test(
    'but only takes more than ten seconds goes on within the limit of the function',
    { timeout: 40_000 },
    async () => {
      await using world = await startWith(
        `await new Promise((resolve) => setTimeout(resolve, 10_300)); export const handler = async () => 'made it'`,
        { Timeout: 15 },
      );
      const { payload, log } = await invoke(world);
      expect(payload).toBe('made it');
      expect(log).toMatch(/^INIT_REPORT Init Duration: 1\d{4}\.\d\d ms\tPhase: init\tStatus: timeout$/m);
    },
  );
});
