import { describe, expect, test } from 'vitest';
import { lookAhead } from '../../src/core/converge.ts';
import { decodeDiscovery } from '../../src/core/discovery.ts';
import type { ObservedFunction } from '../../src/core/observed.ts';
import { ownerTags } from '../../src/core/ownership.ts';
import { statementsOf } from '../../src/core/policy-document.ts';
import type { Step, StepAction } from '../../src/core/step.ts';
import { fakeAws, type FakeAws } from './support/fake-aws.ts';
import { adopting, desired, faultThrownBy, IDENTITY, pipeline } from './support/pipeline.ts';
import { applying, bringAbout, kindsOf, removing, settled } from './support/work.ts';

const CODE = { code: { inline: { 'index.mjs': '' } } };
const QUEUE = 'arn:aws:sqs:us-west-2:123456789012:failures';
const VPC = { subnetIds: ['subnet-1'], securityGroupIds: ['sg-1'] };

/** A pipeline whose function has these settings. */
const having = (settings: object, spec: object = {}) => pipeline({ function: { ...CODE, ...settings }, ...spec });

/** Every step that has to be done before one of a kind. */
function before(steps: readonly Step[], kind: StepAction['kind']): StepAction['kind'][] {
  const at = steps.findIndex(({ action }) => action.kind === kind);
  if (at === -1) throw new Error(`there is no ${kind} in ${kindsOf({ steps }).join()}`);
  const needed = new Set(steps[at]?.needs);
  return steps
    .slice(0, at)
    .reverse()
    .flatMap((step) => {
      if (!needed.has(step.id)) return [];
      for (const id of step.needs) needed.add(id);
      return [step.action.kind];
    });
}

const onlyFunction = (aws: FakeAws): ObservedFunction => {
  const [fn] = aws.functions.values();
  if (fn === undefined) throw new Error('there is no function');
  return fn;
};
const change = (aws: FakeAws, over: Partial<ObservedFunction>): void => {
  const fn = onlyFunction(aws);
  aws.functions.set(fn.name, { ...fn, ...over });
};

describe('the order of steps', () => {
  test.each([
    { settings: { vpc: VPC }, waits: true },
    { settings: { deadLetterArn: QUEUE }, waits: true },
    { settings: { tracing: 'Active' }, waits: true },
    { settings: { memorySize: 256 }, waits: false },
  ])('makes a function with $settings wait for the policy of its role: $waits', async ({ settings, waits }) => {
    const { steps } = await lookAhead(applying(having(settings)), fakeAws().ports);

    expect(before(steps, 'createFunction').includes('putRolePolicy')).toBe(waits);
  });

  test('makes the log group with its retention before the function', async () => {
    const { steps } = await lookAhead(applying(having({ logRetentionDays: 7 })), fakeAws().ports);

    expect(before(steps, 'createFunction')).toEqual(expect.arrayContaining(['createLogGroup', 'putLogRetention']));
  });

  test('lets no rule use the function before events have somewhere to go', async () => {
    const { steps } = await lookAhead(
      applying(having({ async: { onFailureArn: QUEUE }, reservedConcurrency: 3 })),
      fakeAws().ports,
    );

    expect(before(steps, 'putAsyncSettings')).toEqual(expect.arrayContaining(['putRolePolicy', 'awaitFunction']));
    expect(before(steps, 'createRule')).toEqual(
      expect.arrayContaining(['putAsyncSettings', 'putReservedConcurrency', 'awaitFunction']),
    );
  });

  test('takes a right off the role only after the function has let go of what needs it', async () => {
    const aws = fakeAws();
    await settled(applying(having({ vpc: VPC })), aws);

    const { steps } = await lookAhead(applying(having({})), aws.ports);

    expect(kindsOf({ steps })).toEqual(['updateFunctionConfiguration', 'putRolePolicy']);
    expect(before(steps, 'putRolePolicy')).toEqual(['awaitFunction', 'updateFunctionConfiguration']);
  });

  test('gives the role a new right first and takes the old one last', async () => {
    const aws = fakeAws();
    await settled(applying(having({ vpc: VPC })), aws);

    const { steps } = await lookAhead(applying(having({ deadLetterArn: QUEUE })), aws.ports);

    expect(kindsOf({ steps })).toEqual(['putRolePolicy', 'updateFunctionConfiguration', 'putRolePolicy']);
    const [first, last] = steps.flatMap(({ action }) =>
      action.kind === 'putRolePolicy' ? [statementsOf(action.document).map(({ Sid }) => Sid)] : [],
    );
    expect(first).toEqual(['WriteOwnLog', 'SendDeadLetters', 'UseNetworkInterfaces', 'SeeNetworks']);
    expect(last).toEqual(['WriteOwnLog', 'SendDeadLetters']);
  });

  test('lets the function learn a new prefix before a rule uses it', async () => {
    const aws = fakeAws();
    await settled(applying(pipeline()), aws);
    const moved = pipeline({ messageBodyStorage: { logicalName: 'Special', objectKeyPrefix: 'inbound/' } });

    const { steps } = await lookAhead(applying(moved), aws.ports);

    const learnt = steps.flatMap(({ action }) =>
      action.kind === 'updateFunctionConfiguration' ? [decodeDiscovery(action.configuration.environment)] : [],
    );
    expect(JSON.stringify(learnt)).toContain('inbound/');
    expect(before(steps, 'updateRule')).toEqual(
      expect.arrayContaining(['updateFunctionConfiguration', 'awaitFunction']),
    );
  });
});

test('a plan that creates a function tells the settings that not every function has', async () => {
  const { steps } = await lookAhead(applying(having({ vpc: VPC, tracing: 'Active' })), fakeAws().ports);

  expect(steps.find(({ action }) => action.kind === 'createFunction')?.changes).toEqual([
    { field: 'runtime', after: 'nodejs24.x' },
    { field: 'handler', after: 'index.handler' },
    { field: 'vpc.subnetIds', after: 'subnet-1' },
    { field: 'vpc.securityGroupIds', after: 'sg-1' },
    { field: 'tracing', after: 'Active' },
  ]);
});

describe('the rights of the role', () => {
  test('name what they are for, except where IAM knows no names', () => {
    const { role } = desired({
      function: {
        ...CODE,
        vpc: VPC,
        tracing: 'Active',
        deadLetterArn: QUEUE,
        kmsKeyArn: 'arn:aws:kms:us-west-2:123456789012:key/1',
        async: { onFailureArn: 'arn:aws:s3:::lost', onSuccessArn: 'arn:aws:sns:us-west-2:123456789012:done' },
      },
    });
    if (role.kind !== 'own') throw new Error('the role is ours');

    expect(role.policy.Statement.slice(1).map(({ Sid, Action, Resource }) => [Sid, Action, Resource])).toEqual([
      [
        'UseNetworkInterfaces',
        [
          'ec2:CreateNetworkInterface',
          'ec2:DeleteNetworkInterface',
          'ec2:AssignPrivateIpAddresses',
          'ec2:UnassignPrivateIpAddresses',
        ],
        'arn:aws:ec2:us-west-2:123456789012:*/*',
      ],
      ['SeeNetworks', ['ec2:DescribeNetworkInterfaces', 'ec2:DescribeSubnets'], '*'],
      ['SendDeadLetters', ['sqs:SendMessage'], QUEUE],
      ['SendFailures', ['s3:PutObject', 's3:ListBucket'], ['arn:aws:s3:::lost', 'arn:aws:s3:::lost/*']],
      ['SendSuccesses', ['sns:Publish'], 'arn:aws:sns:us-west-2:123456789012:done'],
      ['WriteTraces', ['xray:PutTraceSegments', 'xray:PutTelemetryRecords'], '*'],
      ['DecryptEnvironment', ['kms:Decrypt'], 'arn:aws:kms:us-west-2:123456789012:key/1'],
    ]);
  });
});

describe('a function that Lambda could not make ready', () => {
  test.each([
    ['that cannot run', { state: 'Failed', stateReason: 'no such subnet' }],
    ['whose update failed', { lastUpdateStatus: 'Failed', lastUpdateReason: 'no such subnet' }],
  ])('%s is sent its configuration again, and the reason is told', async (_, failed) => {
    const aws = fakeAws();
    await settled(applying(having({ vpc: VPC })), aws);
    change(aws, failed);

    const { results } = await bringAbout(applying(having({ vpc: VPC })), aws);

    expect(results.map(({ kind, step }) => [kind, step.action.kind])).toEqual([
      ['done', 'updateFunctionConfiguration'],
      ['failed', 'awaitFunction'],
    ]);
    const [failure] = results.flatMap((result) => (result.kind === 'failed' ? [result.fault] : []));
    expect(failure).toMatchObject({ reason: 'FunctionFailed', message: expect.stringContaining('no such subnet') });
  });

  test('is put right by a manifest that is put right', async () => {
    const aws = fakeAws();
    await settled(applying(having({ vpc: VPC })), aws);
    change(aws, { state: 'Failed', stateReason: 'no such subnet' });

    const { steps } = await lookAhead(applying(having({ vpc: { ...VPC, subnetIds: ['subnet-2'] } })), aws.ports);

    expect(steps.map(({ action }) => action.kind)).toEqual(['updateFunctionConfiguration', 'awaitFunction']);
  });
});

describe('the log group', () => {
  const kept = having({ logRetentionDays: 7 });
  const marks = ownerTags(IDENTITY);

  test('that Lambda made for the function becomes ours', async () => {
    const aws = fakeAws();
    await settled(applying(having({})), aws);
    await aws.ports.logGroups.create(`/aws/lambda/${onlyFunction(aws).name}`, { team: 'post' });

    await settled(applying(kept), aws);

    expect([...aws.logGroups.values()]).toMatchObject([{ retentionDays: 7, tags: { ...marks, team: 'post' } }]);
  });

  test('of another pipeline is left untouched', async () => {
    const aws = fakeAws();
    await settled(applying(having({})), aws);
    await aws.ports.logGroups.create(
      `/aws/lambda/${onlyFunction(aws).name}`,
      ownerTags({ ...IDENTITY, name: 'other' }),
    );

    const { steps, problems } = await lookAhead(applying(kept), aws.ports);

    expect(steps).toEqual([]);
    expect(problems.map(({ part, fault }) => [part, fault.reason])).toEqual([['function', 'OwnershipConflict']]);
  });

  test('is not asked for while nobody wants it kept', async () => {
    const aws = fakeAws();

    await settled(applying(having({})), aws);

    expect(aws.calls.filter((call) => call.startsWith('logGroups'))).toEqual([]);
  });

  test('keeps its lines when the manifest says nothing about them any more', async () => {
    const aws = fakeAws();
    await settled(applying(kept), aws);

    await settled(applying(having({})), aws);

    expect([...aws.logGroups.values()]).toMatchObject([{ retentionDays: undefined }]);
    expect(Object.keys(onlyFunction(aws).tags)).toEqual(Object.keys(marks));
  });

  test.each([
    ['Retain', 1],
    ['Delete', 1],
    ['DeleteWithContents', 0],
  ])('under deletionPolicy %s: %i is left of it when the pipeline is deleted', async (deletionPolicy, left) => {
    const aws = fakeAws();
    const storage = { messageBodyStorage: { logicalName: 'Special', deletionPolicy } };
    await settled(applying(having({ logRetentionDays: 7 }, storage)), aws);

    await bringAbout(removing(having({ logRetentionDays: 7 }, storage)), aws);

    expect(aws.functions.size).toBe(0);
    expect(aws.logGroups.size).toBe(left);
  });

  test('that a taken over function writes into is its own affair, until it is to be kept', async () => {
    const aws = fakeAws();
    const taken = (settings: object) =>
      adopting({ function: { name: 'theirs', code: { existing: true }, ...settings } });
    await aws.ports.functions.create(
      { ...desired().function.configuration, name: 'theirs', architecture: 'x86_64', packageType: 'Zip', tags: {} },
      { kind: 'zip', bytes: new Uint8Array(), sha256: 'x' },
    );
    const logging = { ...onlyFunction(aws).logging, group: '/shared' };
    change(aws, { logging });

    await settled(applying(taken({ memorySize: 256 })), aws);
    expect(onlyFunction(aws)).toMatchObject({ memorySize: 256, logging });

    await settled(applying(taken({ logRetentionDays: 7 })), aws);
    expect(onlyFunction(aws).logging.group).toBe('/aws/lambda/theirs');
    expect([...aws.logGroups.keys()]).toEqual(['/aws/lambda/theirs']);
  });
});

describe('what is worth a second look', () => {
  const warnings = async (settings: object, spec: object = {}, nowMs = Date.UTC(2026, 10, 22)) => {
    const aws = fakeAws();
    await aws.ports.clock.sleep(nowMs);
    return (await lookAhead(applying(having(settings, spec)), aws.ports)).warnings.map(({ message }) => message);
  };
  const answering = { invocationType: 'RequestResponse' };

  test.each([
    ['a runtime of long ago', { runtime: 'nodejs18.x' }, /nodejs18\.x on 2025-09-01/],
    ['a runtime nobody here knows', { runtime: 'cobol9' }, /cobol9 is none of the runtimes known here/],
    ['a function that may not run', { reservedConcurrency: 0 }, /with 0 the function never runs/],
  ])('is %s', async (_, settings, message) => {
    expect(await warnings(settings)).toEqual([expect.stringMatching(message)]);
  });

  test('is a runtime from the day on which its support ends', async () => {
    expect(await warnings({ runtime: 'nodejs22.x' }, {}, Date.UTC(2027, 3, 29, 23))).toEqual([]);
    expect(await warnings({ runtime: 'nodejs22.x' }, {}, Date.UTC(2027, 3, 30))).toHaveLength(1);
  });

  test('is what becomes of events where there are none', async () => {
    const settings = { async: { maximumRetryAttempts: 0 }, deadLetterArn: QUEUE };

    expect(await warnings(settings)).toEqual([]);
    expect(await warnings(settings, answering)).toEqual([
      expect.stringContaining('spec.function.async, deadLetterArn'),
    ]);
  });

  test.each(['nodejs24.x', 'python3.14', 'provided.al2023', 'java25', 'dotnet10', 'ruby4.0'])(
    'is nothing about %s',
    async (runtime) => {
      expect(await warnings({ runtime })).toEqual([]);
    },
  );
});

describe('what is in another region', () => {
  test.each([
    ['layers[0]', { layers: ['arn:aws:lambda:eu-west-1:123456789012:layer:tools:1'] }],
    ['deadLetterArn', { deadLetterArn: 'arn:aws:sqs:eu-west-1:123456789012:failures' }],
    ['async.onFailureArn', { async: { onFailureArn: 'arn:aws:sns:eu-west-1:123456789012:failures' } }],
    ['async.onSuccessArn', { async: { onSuccessArn: 'arn:aws:sqs:eu-west-1:123456789012:done' } }],
    ['kmsKeyArn', { kmsKeyArn: 'arn:aws:kms:eu-west-1:123456789012:key/1' }],
  ])('is refused at spec.function.%s', (field, settings) => {
    const { reason, message } = faultThrownBy(() => desired({ function: { ...CODE, ...settings } }));

    expect(reason).toBe('InvalidSpec');
    expect(message).toMatch(new RegExp(`^spec\\.function\\.${field.replaceAll(/[.[\]]/g, '\\$&')}: .* eu-west-1`));
  });
});
