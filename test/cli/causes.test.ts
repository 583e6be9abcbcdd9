import { CreateRoleCommand, UpdateAssumeRolePolicyCommand } from '@aws-sdk/client-iam';
import { ListFunctionsCommand, PutFunctionConcurrencyCommand } from '@aws-sdk/client-lambda';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import {
  CreateReceiptRuleCommand,
  CreateReceiptRuleSetCommand,
  SetActiveReceiptRuleSetCommand,
} from '@aws-sdk/client-ses';
import { describe, expect, test } from 'vitest';
import { bucketNames } from '../../src/core/names.ts';
import { dnsServer } from '../aws/support/dns-server.ts';
import type { clientsOf } from '../sandbox/support/running-sandbox.ts';
import { rule, type PipelineParts } from '../support/manifests.ts';
import { faults, place } from './place.ts';
import { cli } from './support.ts';

const SET = 'ses-lambda-pipeline';
const ACCOUNT = '123456789012';

const foreignRule = (name: string, recipients: readonly string[], stops: boolean) => ({
  Name: name,
  Enabled: true,
  Recipients: [...recipients],
  Actions: stops ? [{ StopAction: { Scope: 'RuleSet' as const } }] : [],
});

describe('trace names the cause and the next step', () => {
  test('nothing is wrong with a pipeline that runs', async () => {
    const { apply, trace } = await place();
    await apply({});

    expect(await trace([{}])).toEqual({ code: 0, causes: [] });
  });

  test('a trust policy that does not let Lambda in', async () => {
    const { foreign, trace } = await place();
    const trust = (service: string): string =>
      JSON.stringify({
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Principal: { Service: service }, Action: 'sts:AssumeRole' }],
      });
    const document = trust('lambda.amazonaws.com');
    await foreign.iam.send(new CreateRoleCommand({ RoleName: 'theirs', AssumeRolePolicyDocument: document }));
    const role = { existingArn: `arn:aws:iam::${ACCOUNT}:role/theirs` };
    expect((await trace([{ role }])).causes.map(({ check }) => check)).not.toContain('roleTrust');

    const wrong = trust('ec2.amazonaws.com');
    await foreign.iam.send(new UpdateAssumeRolePolicyCommand({ RoleName: 'theirs', PolicyDocument: wrong }));

    expect((await trace([{ role }])).causes).toContainEqual({
      check: 'roleTrust',
      outcome: 'fail',
      message: `The trust policy of role ${role.existingArn} does not let Lambda assume it`,
      todo: expect.stringContaining('"Service":"lambda.amazonaws.com"'),
    });
  });

  test('another rule set that is active', async () => {
    const { foreign, apply, trace } = await place();
    await apply({});
    await foreign.ses.send(new CreateReceiptRuleSetCommand({ RuleSetName: 'theirs' }));
    await foreign.ses.send(new SetActiveReceiptRuleSetCommand({ RuleSetName: 'theirs' }));

    expect(await trace([{}])).toEqual({
      code: 2,
      causes: [
        {
          check: 'RuleSetActive',
          reason: 'OtherRuleSetActive',
          outcome: 'fail',
          message: `Rule set theirs is active, so no mail reaches ${SET}; use it as ruleSet.name, or say ruleSet.activate: Always to switch over`,
          todo: 'Name the active set as `ruleSet.name`, or say `ruleSet.activate: Always`',
        },
      ],
    });
  });

  test("somebody else's rule in front that ends the evaluation", async () => {
    const { foreign, apply, trace } = await place();
    const one = { rules: [rule('Only', 'only@example.com')] };
    await apply(one);
    const stop = foreignRule('their-stop', ['example.com'], true);
    await foreign.ses.send(new CreateReceiptRuleCommand({ RuleSetName: SET, Rule: stop }));

    const { code, causes } = await trace([one]);
    expect(code).toBe(2);
    expect(causes).toMatchObject([
      {
        check: 'MailRouted',
        reason: 'StoppedBefore',
        message: expect.stringContaining('their-stop'),
        todo: expect.stringContaining('the earlier rule has to move'),
      },
    ]);
  });

  test('a domain that is not verified', async () => {
    const { apply, trace } = await place({ verifiedDomains: ['example.org'] });
    await apply({});

    expect((await trace([{}])).causes).toMatchObject([
      {
        check: 'MailRouted',
        reason: 'IdentityNotVerified',
        message: expect.stringContaining('example.com'),
        todo: expect.stringContaining('Create the identity'),
      },
    ]);
  });

  test('an MX record that leads elsewhere', async () => {
    await using dns = await dnsServer(() => [[10, 'mx.example.net']]);
    const { apply, trace } = await place();
    await apply({});

    expect((await trace([{}], '--dns-servers', dns.address)).causes).toMatchObject([
      {
        check: 'MailRouted',
        reason: 'MxElsewhere',
        message: expect.stringMatching(/sent to mx\.example\.net.*"10 inbound-smtp\.us-west-2\.amazonaws\.com"/),
        todo: 'Publish the MX record that the message gives',
      },
    ]);
  });

  test('a runtime that Lambda has ended', async () => {
    const { trace } = await place();

    expect((await trace([{ function: { runtime: 'nodejs14.x' } }])).causes).toContainEqual({
      check: 'runtime',
      outcome: 'fail',
      message: expect.stringContaining('nodejs14.x'),
      todo: expect.stringContaining('such as nodejs24.x'),
    });
  });

  test('bucket names that others have taken', async () => {
    const { asAccount, trace } = await place();
    const identity = { partition: 'aws', account: ACCOUNT, region: 'us-west-2', installation: 'slp' } as const;
    const taker = asAccount('210987654321');
    for (const Bucket of bucketNames({ ...identity, namespace: 'mail', name: 'app' }, 'Special'))
      await taker.s3.send(new CreateBucketCommand({ Bucket }));

    expect(await trace([{}])).toMatchObject({
      code: 2,
      causes: [
        {
          reason: 'BucketNameTaken',
          message: expect.stringContaining('belong to somebody else'),
          todo: expect.stringContaining('bucketName'),
        },
      ],
    });
  });

  test('a function that is throttled to nothing', async () => {
    const { foreign, apply, trace } = await place();
    await apply({});
    const [FunctionName = ''] = await functionNames(foreign);
    await foreign.lambda.send(new PutFunctionConcurrencyCommand({ FunctionName, ReservedConcurrentExecutions: 0 }));

    const { code, causes } = await trace([{}]);
    expect(code).toBe(2);
    expect(causes[0]).toEqual({
      check: 'throttled',
      outcome: 'fail',
      message: `Function ${FunctionName} is throttled: its reserved concurrency is 0, so Lambda runs it for no mail`,
      todo: `aws lambda delete-function-concurrency --region us-west-2 --function-name ${FunctionName}`,
    });
    const meant = { function: { reservedConcurrency: 0 } };
    expect((await trace([meant])).causes).toMatchObject([
      { check: 'throttled', todo: 'Take spec.function.reservedConcurrency out of the manifest, or say more than 0' },
    ]);
  });

  test('two pipelines that claim one address', async () => {
    const { trace } = await place();
    const other: PipelineParts = { name: 'aaa', rules: [rule('Theirs', 'first@example.com')] };

    const { code, causes } = await trace([other, {}]);
    expect(code).toBe(2);
    expect(causes).toContainEqual({
      check: 'RulesReady',
      reason: 'RecipientClaimed',
      outcome: 'fail',
      message: expect.stringContaining('already belongs to pipeline mail/aaa'),
      todo: 'Take the recipient out of one of the two',
    });
    expect(JSON.stringify(causes)).not.toContain('first@example.com');
  });

  test('a rule set that is full', async () => {
    const { foreign, trace } = await place();
    await fill(foreign, 199);

    expect((await trace([{}])).causes).toContainEqual({
      check: 'RulesReady',
      reason: 'QuotaExceeded',
      outcome: 'fail',
      message: expect.stringContaining('SES allows 200'),
      todo: expect.any(String),
    });
  });
});

describe('doctor names the cause and the next step', () => {
  test('nothing fails where nothing is wrong', async () => {
    const { apply, doctor } = await place();
    await apply({});

    const { code, findings } = await doctor();
    expect(code).toBe(0);
    expect(findings.map(({ check, outcome }) => `${check} ${outcome}`)).toEqual([
      'credentials ok',
      'clock ok',
      'permissions ok',
      'receiving unknown', // the sandbox is not in DNS
      'activeSet ok',
      ...Array(6).fill('quota ok'),
    ]);
  });

  test('credentials that have expired', async () => {
    const { sandbox, doctor } = await place();
    const error = {
      status: 403,
      code: 'ExpiredToken',
      message: 'The security token included in the request is expired',
    };
    await faults(sandbox.url, { rules: [{ operation: '*:*', kind: 'error', error }] });

    const { code, failed } = await doctor();
    expect(code).toBe(2);
    expect(failed).toEqual([
      {
        check: 'credentials',
        about: 'us-west-2',
        reason: 'CredentialsMissing',
        outcome: 'fail',
        message: 'The AWS credentials have expired. Renew them, for example with aws sso login',
        todo: expect.stringContaining('Give the process AWS credentials'),
      },
    ]);
  });

  test('a clock that is off by an hour', async () => {
    const { sandbox } = await place();
    const { code, out } = await cli(
      ['doctor', '--no-cluster', '--region', 'us-west-2', '--endpoint-url', sandbox.url],
      { clock: { now: () => Date.now() + 3_600_000, sleep: () => Promise.resolve(), random: () => 0.5 } },
    );

    expect(code).toBe(2);
    expect(out).toContain('✗ clock (us-west-2): The clock of this machine is 60 min ahead of that of AWS');
    expect(out).toContain('next: Set the clock right, and switch time synchronisation on');
  });

  test('quotas that are used up', async () => {
    const { foreign, doctor } = await place();
    await fill(foreign, 200);
    await foreign.ses.send(new SetActiveReceiptRuleSetCommand({ RuleSetName: SET }));
    for (let index = 0; index < 39; index += 1)
      await foreign.ses.send(new CreateReceiptRuleSetCommand({ RuleSetName: `set-${index}` }));

    expect((await doctor()).failed).toMatchObject([
      { message: `The quota is used up: 200 of 200 rules of set ${SET}`, todo: expect.stringContaining('Join rules') },
      { message: 'The quota is used up: 40 of 40 rule sets', todo: 'Delete sets that nobody needs' },
    ]);
  });

  test('a read that is denied, where IAM may not be asked', async () => {
    const { sandbox, doctor } = await place();
    const denied = (operation: string) => ({
      operation,
      kind: 'error',
      error: {
        status: 403,
        code: 'AccessDenied',
        message: `User: arn:aws:iam::1:user/u is not authorized to perform: ${operation} on resource: role x`,
      },
    });
    await faults(sandbox.url, { rules: ['iam:SimulatePrincipalPolicy', 'iam:GetRole'].map(denied) });

    expect((await doctor()).failed).toMatchObject([
      {
        check: 'permissions',
        reason: 'AccessDenied',
        message: expect.stringContaining('may not iam:GetRole'),
        todo: expect.stringContaining('Grant the action'),
      },
    ]);
  });
});

test('what is traced is told without a value of the environment', async () => {
  const { apply, run } = await place();
  const parts = { function: { environment: { TOKEN: 'hidden-value' } } };
  await apply(parts);

  for (const output of ['text', 'json', 'yaml'])
    expect((await run('trace', [parts], 'app', '-o', output)).out).not.toContain('hidden-value');
});

async function functionNames({ lambda }: ReturnType<typeof clientsOf>): Promise<readonly string[]> {
  const { Functions = [] } = await lambda.send(new ListFunctionsCommand({}));
  return Functions.flatMap(({ FunctionName }) => FunctionName ?? []);
}

/** Rules of somebody else. */
async function fill({ ses }: ReturnType<typeof clientsOf>, count: number): Promise<void> {
  await ses.send(new CreateReceiptRuleSetCommand({ RuleSetName: SET }));
  for (let index = 0; index < count; index += 1)
    await ses.send(
      new CreateReceiptRuleCommand({
        RuleSetName: SET,
        Rule: foreignRule(`r${index}`, [`d${index}.example.net`], false),
      }),
    );
}
