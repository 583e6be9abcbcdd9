import { PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { CreateFunctionCommand, InvokeCommand } from '@aws-sdk/client-lambda';
import { describe, expect, it } from 'vitest';
import { matchesFilter } from '../../src/sandbox/logs-filter.ts';
import { zipOf } from './mail-fixture.ts';
import { logsApi } from './support/logs-api.ts';
import { manualClock } from './support/manual-clock.ts';
import { ACCOUNT, functionWorld, policyOf, REGION } from './support/running-sandbox.ts';

const logGroupName = '/aws/lambda/f';
const Code = {
  ZipFile: zipOf({ 'index.mjs': 'export const handler = ({ n }) => { console.log(`handling ${n}`); return n; }' }),
};

/** A function that logs its input, and a caller of the Logs API. */
async function loggingWorld() {
  const clock = manualClock();
  const { sandbox, lambda, iam, Role } = await functionWorld({ clock });
  const mayLog = (PolicyDocument: string) =>
    iam.send(new PutRolePolicyCommand({ RoleName: 'runner', PolicyName: 'logs', PolicyDocument }));
  await mayLog(policyOf({ Effect: 'Allow', Action: 'logs:*', Resource: '*' }));
  const settings = { FunctionName: 'f', Role, Runtime: 'nodejs24.x', Handler: 'index.handler' } as const;
  await lambda.send(new CreateFunctionCommand({ ...settings, Code }));
  const invoke = (n: number) =>
    lambda.send(new InvokeCommand({ FunctionName: 'f', Payload: Buffer.from(JSON.stringify({ n })) }));
  return { clock, invoke, logs: logsApi(sandbox), mayLog };
}

const messagesOf = ({ events }: { events: readonly { message: string }[] }) => events.map(({ message }) => message);

describe('the log of a function', () => {
  it('is in its group, in the stream of its process', async () => {
    const { invoke, logs } = await loggingWorld();
    expect((await logs('DescribeLogGroups')).logGroups).toEqual([]);

    await invoke(1);

    const { logGroups } = await logs('DescribeLogGroups', { logGroupNamePrefix: '/aws/lambda/' });
    expect(logGroups).toMatchObject([
      { logGroupName, logGroupArn: `arn:aws:logs:${REGION}:${ACCOUNT}:log-group:${logGroupName}` },
    ]);
    const { logStreams } = await logs('DescribeLogStreams', { logGroupName });
    const { logStreamName } = logStreams[0];
    expect(logStreamName).toMatch(/^2026\/01\/01\/\[\$LATEST\][0-9a-f]{32}$/);
    const read = await logs('GetLogEvents', { logGroupName, logStreamName, startFromHead: true });
    expect(messagesOf(read)).toMatchObject([
      expect.stringMatching(/^START RequestId: /),
      expect.stringMatching(/handling 1/),
      expect.stringMatching(/^END RequestId: /),
      expect.stringMatching(/^REPORT RequestId: /),
    ]);
  });

  it('is read page by page, until the token stays the same', async () => {
    const { invoke, logs } = await loggingWorld();
    await invoke(1);
    const { logStreams } = await logs('DescribeLogStreams', { logGroupName });
    const read = (more: object) => logs('GetLogEvents', { logGroupName, ...logStreams[0], limit: 3, ...more });

    const first = await read({ startFromHead: true });
    const second = await read({ nextToken: first.nextForwardToken });
    const third = await read({ nextToken: second.nextForwardToken });

    expect([first, second, third].map(({ events }) => events.length)).toEqual([3, 1, 0]);
    expect(third.nextForwardToken).toBe(second.nextForwardToken);
    expect(messagesOf(await read({}))).toHaveLength(3);
    expect(messagesOf(await read({}))[2]).toMatch(/^REPORT/);
  });

  it('is filtered by terms and time over all streams', async () => {
    const { clock, invoke, logs } = await loggingWorld();
    await invoke(1);
    clock.advance(60_000);
    await invoke(2);

    const filter = (more: object) => logs('FilterLogEvents', { logGroupName, ...more });
    expect(messagesOf(await filter({ filterPattern: 'handling' }))).toHaveLength(2);
    expect(messagesOf(await filter({ filterPattern: '"handling 2"' }))).toHaveLength(1);
    expect(messagesOf(await filter({ startTime: clock.now() }))).toHaveLength(4);
    expect(messagesOf(await filter({ endTime: clock.now() - 1, filterPattern: 'handling' }))).toHaveLength(1);
    expect((await filter({ filterPattern: '{ $.level = "error" }' })).__type).toBe('NotImplemented');
  });

  it('is kept as long as its retention says, and gone with its group until the next line', async () => {
    const { clock, invoke, logs } = await loggingWorld();
    await invoke(1);
    await logs('PutRetentionPolicy', { logGroupName, retentionInDays: 1 });
    clock.advance(2 * 86_400_000);
    expect(messagesOf(await logs('FilterLogEvents', { logGroupName }))).toEqual([]);

    await logs('DeleteLogGroup', { logGroupName });
    expect((await logs('FilterLogEvents', { logGroupName })).__type).toBe('ResourceNotFoundException');
    clock.advance(1);
    await invoke(2);

    expect((await logs('DescribeLogGroups')).logGroups).toMatchObject([{ logGroupName }]);
  });

  it('is not there when its role may not write it', async () => {
    const { invoke, logs, mayLog } = await loggingWorld();
    await mayLog(policyOf({ Effect: 'Allow', Action: 's3:*', Resource: '*' }));

    await invoke(1);

    expect((await logs('DescribeLogGroups')).logGroups).toEqual([]);
  });
});

describe('a log group', () => {
  it('can be made ahead of the function, with tags', async () => {
    const { logs } = await loggingWorld();

    await logs('CreateLogGroup', { logGroupName, tags: { team: 'mail' } });

    expect((await logs('CreateLogGroup', { logGroupName })).__type).toBe('ResourceAlreadyExistsException');
    const resourceArn = `arn:aws:logs:${REGION}:${ACCOUNT}:log-group:${logGroupName}`;
    await logs('TagResource', { resourceArn, tags: { tier: '1' } });
    await logs('UntagResource', { resourceArn, tagKeys: ['team'] });
    expect(await logs('ListTagsForResource', { resourceArn })).toEqual({ tags: { tier: '1' } });
  });

  it.each([
    ['PutRetentionPolicy', { logGroupName, retentionInDays: 2 }, 'InvalidParameterException'],
    ['PutRetentionPolicy', { logGroupName: 'none', retentionInDays: 1 }, 'ResourceNotFoundException'],
    ['CreateLogGroup', { logGroupName: 'not a name' }, 'InvalidParameterException'],
    ['GetLogEvents', { logGroupName, logStreamName: 'none' }, 'ResourceNotFoundException'],
    ['StartQuery', {}, 'NotImplemented'],
  ])('%s refuses %j', async (operation, input, code) => {
    const { logs } = await loggingWorld();
    await logs('CreateLogGroup', { logGroupName });

    expect((await logs(operation, input)).__type).toBe(code);
  });
});

it.each([
  ['', true],
  ['ERROR', true],
  ['ERROR timeout', true],
  ['ERROR WARN', false],
  ['?WARN ?ERROR', true],
  ['?WARN ?INFO', false],
  ['ERROR -timeout', false],
  ['"ERROR: timeout"', true],
  ['"timeout ERROR"', false],
  ['error', false],
])('the filter %j finds "ERROR: timeout of 3 s": %s', (pattern, found) => {
  expect(matchesFilter(pattern, 'ERROR: timeout of 3 s')).toBe(found);
});
