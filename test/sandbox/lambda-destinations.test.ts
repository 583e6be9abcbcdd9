import { DeleteRolePolicyCommand, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import {
  PutFunctionConcurrencyCommand,
  PutFunctionEventInvokeConfigCommand,
  UpdateFunctionConfigurationCommand,
  type DestinationConfig,
} from '@aws-sdk/client-lambda';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  ACCOUNT,
  BUCKET,
  createFunction,
  createMailBucket,
  manualClock,
  REGION,
  type Fixture,
} from './mail-fixture.ts';
import { invoke, startWith, texts } from './support/one-function.ts';

const arnOf = (service: string, name: string): string => `arn:aws:${service}:${REGION}:${ACCOUNT}:${name}`;
const QUEUE = arnOf('sqs', 'failed');
const OTHER = arnOf('lambda', 'function:other');
const FAILS = `export const handler = async () => { throw new Error('no') }`;

async function start(code: string, destinations: DestinationConfig, allowed: readonly string[]) {
  const clock = manualClock();
  const world = await startWith(code, {}, { clock });
  onTestFinished(() => world[Symbol.asyncDispose]());
  await createMailBucket(world);
  await world.iam.send(
    new PutRolePolicyCommand({
      RoleName: 'handler',
      PolicyName: 'destinations',
      PolicyDocument: JSON.stringify({
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Action: ['logs:*', ...allowed], Resource: '*' }],
      }),
    }),
  );
  const config = { FunctionName: 'f', MaximumRetryAttempts: 1, DestinationConfig: destinations };
  await world.lambda.send(new PutFunctionEventInvokeConfigCommand(config));
  const forbid = () => world.iam.send(new DeleteRolePolicyCommand({ RoleName: 'handler', PolicyName: 'destinations' }));
  const run = async (payload: unknown) => {
    const { requestId } = await invoke(world, payload, 'Event');
    await world.sandbox.idle();
    clock.advance(60_000);
    await world.sandbox.idle();
    return requestId;
  };
  return { world, run, forbid };
}

const storedIn = ({ sandbox }: Fixture) =>
  sandbox.s3.objects(BUCKET).map(({ key }) => ({
    key,
    record: JSON.parse(Buffer.from(sandbox.s3.readObject(BUCKET, key) ?? []).toString()) as unknown,
  }));

// https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
describe('the destination of an event', () => {
  test('that failed for good is a bucket, with the record that Lambda writes', async () => {
    const { world, run } = await start(FAILS, { OnFailure: { Destination: `arn:aws:s3:::${BUCKET}` } }, [
      's3:PutObject',
    ]);
    const requestId = await run({ n: 1 });
    expect(storedIn(world)).toEqual([
      {
        key: expect.stringMatching(/^aws\/lambda\/async\/f\/2026\/01\/01\/2026-01-01T00\.01\.00-[0-9a-f-]{36}$/),
        record: {
          version: '1.0',
          timestamp: '2026-01-01T00:01:00.000Z',
          requestContext: {
            requestId,
            functionArn: `${arnOf('lambda', 'function:f')}:$LATEST`,
            condition: 'RetriesExhausted',
            approximateInvokeCount: 2,
          },
          requestPayload: { n: 1 },
          responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
          responsePayload: expect.objectContaining({ errorMessage: 'no' }),
        },
      },
    ]);
    expect(texts(world)).toContainEqual(
      expect.stringMatching(/^Destination arn:aws:s3:::mail-bodies: stored as aws\/lambda/),
    );
  });

  test('that succeeded is another function, which is invoked with the record', async () => {
    const { world, run } = await start(
      `export const handler = async () => 'fine'`,
      { OnSuccess: { Destination: OTHER } },
      ['lambda:InvokeFunction'],
    );
    await createFunction(world, 'other', 'export const handler = async (event) => console.log(JSON.stringify(event))');
    await run({ n: 1 });
    const said = world.sandbox.lambda.logs.lines('other').find(({ source }) => source === 'stdout')?.text ?? '';
    expect(JSON.parse(said.slice(said.indexOf('{')))).toMatchObject({
      requestContext: { condition: 'Success', approximateInvokeCount: 1 },
      requestPayload: { n: 1 },
      responsePayload: 'fine',
    });
  });

  test.each<[string, DestinationConfig, string, string]>([
    [
      'a queue',
      { OnFailure: { Destination: QUEUE } },
      'sqs:SendMessage',
      `Destination ${QUEUE}: not delivered: the role of the function does not allow sqs:SendMessage on it`,
    ],
    [
      'a bucket',
      { OnFailure: { Destination: `arn:aws:s3:::${BUCKET}` } },
      's3:PutObject',
      `Destination arn:aws:s3:::${BUCKET}: not delivered: AccessDenied`,
    ],
  ])(
    'that is %s which the role may not use any more is told in the log',
    async (_what, destinations, right, expected) => {
      const { world, run, forbid } = await start(FAILS, destinations, [right]);
      await forbid();
      await run({});
      expect(texts(world).at(-1)).toContain(expected);
      expect(storedIn(world)).toEqual([]);
    },
  );

  test.each<[string, DestinationConfig, readonly string[], string]>([
    [
      'a queue',
      { OnFailure: { Destination: QUEUE } },
      ['sqs:SendMessage'],
      `Destination ${QUEUE}: delivered to nobody: the sandbox has no SQS`,
    ],
    [
      'a function that is not there',
      { OnFailure: { Destination: OTHER } },
      ['lambda:InvokeFunction'],
      `Destination ${OTHER}: not delivered: there is no such function`,
    ],
  ])('that is %s is told in the log', async (_what, destinations, allowed, expected) => {
    const { world, run } = await start(FAILS, destinations, allowed);
    await run({});
    expect(texts(world).at(-1)).toContain(expected);
    expect(storedIn(world)).toEqual([]);
  });

  test('is not told of an event that has yet to fail for good', async () => {
    const { world } = await start(FAILS, { OnFailure: { Destination: QUEUE } }, ['sqs:SendMessage']);
    await invoke(world, {}, 'Event');
    await world.sandbox.idle();
    expect(texts(world).join('\n')).not.toContain('Destination');
  });
});

// https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html#invocation-dlq
describe('the dead-letter target', () => {
  test('gets what failed, besides the destination', async () => {
    const { world, run } = await start(FAILS, { OnFailure: { Destination: `arn:aws:s3:::${BUCKET}` } }, [
      's3:PutObject',
      'sqs:SendMessage',
    ]);
    await world.lambda.send(
      new UpdateFunctionConfigurationCommand({ FunctionName: 'f', DeadLetterConfig: { TargetArn: QUEUE } }),
    );
    await run({});
    expect(storedIn(world)).toHaveLength(1);
    expect(texts(world).at(-1)).toBe(`Dead-letter target ${QUEUE}: delivered to nobody: the sandbox has no SQS`);
  });

  test('gets at once what comes while the reserved concurrency is 0', async () => {
    const { world, run } = await start(FAILS, { OnFailure: { Destination: QUEUE } }, ['sqs:SendMessage']);
    const none = new PutFunctionConcurrencyCommand({ FunctionName: 'f', ReservedConcurrentExecutions: 0 });
    await world.lambda.send(none);
    await run({});
    expect(texts(world)).toEqual([
      'Event dropped: the reserved concurrency is 0',
      `Destination ${QUEUE}: delivered to nobody: the sandbox has no SQS`,
    ]);
  });
});
