import { describe, expect, it } from 'vitest';
import { importRules, type Import, type ImportInput } from '../../src/core/import.ts';
import type { LiveFunction } from '../../src/core/import-settings.ts';
import { parseManifest } from '../../src/core/manifest.ts';
import { ownerTags } from '../../src/core/ownership.ts';
import type { ReceiptRule, RuleAction } from '../../src/core/receipt-rule.ts';
import { functionConfiguration } from './support/function-configuration.ts';
import { IDENTITY } from './support/pipeline.ts';
import { bounce, rule, stop, store, workmail } from './support/rules.ts';

const ARN = 'arn:aws:lambda:us-west-2:123456789012:function:';
const TOPIC = 'arn:aws:sns:us-west-2:123456789012:mail';
const ROLE = 'arn:aws:iam::123456789012:role/theirs';
const call = (name: string): RuleAction => ({ kind: 'lambda', functionArn: ARN + name, invocationType: 'Event' });

const FUNCTION: LiveFunction = {
  ...functionConfiguration({ timeout: 3, description: 'Theirs', roleArn: ROLE }),
  architecture: 'x86_64',
  packageType: 'Zip',
  version: '$LATEST',
  tags: {},
  reservedConcurrency: undefined,
  async: undefined,
};

function imported(rules: readonly ReceiptRule[], over: Partial<ImportInput> = {}): Import {
  return importRules({
    account: '123456789012',
    partition: 'aws',
    region: 'us-west-2',
    installation: 'slp',
    namespace: 'mail',
    ruleSet: { name: 'theirs', rules, active: true },
    rules: undefined,
    functions: undefined,
    live: new Map([
      ['app', FUNCTION],
      ['other', FUNCTION],
    ]),
    adopt: false,
    ...over,
  });
}

const theirs = (name: string, actions: readonly RuleAction[], over: Partial<ReceiptRule> = {}): ReceiptRule =>
  rule(name, { recipients: [`${name.toLowerCase().replaceAll(/[^a-z]/g, '')}@example.com`], actions, ...over });
const reasons = ({ leftOut }: Import): string[] => leftOut.map(({ rule: name, why }) => `${name}: ${why}`);
const rulesOf = ({ pipelines }: Import) => pipelines.map(({ document }) => document.spec.receiptRules);

describe('a rule', () => {
  it.each<{ name: string; actions: readonly RuleAction[]; why: string }>([
    { name: 'that only stores', actions: [store()], why: 'it invokes no function, and a rule of a pipeline does' },
    { name: 'with two functions', actions: [call('app'), call('other')], why: 'it invokes 2 functions' },
    { name: 'that stores late', actions: [bounce, store(), call('app')], why: 'its S3 action does not stand first' },
    { name: 'that goes on behind', actions: [store(), call('app'), bounce], why: 'it does more after it has invoked' },
    { name: 'that stops twice', actions: [store(), stop, call('app')], why: 'it goes on after its stop action' },
    {
      name: 'whose invocation tells a topic',
      actions: [store(), { ...call('app'), topicArn: TOPIC } as RuleAction],
      why: 'its Lambda action tells a topic',
    },
    {
      name: 'whose stop tells a topic',
      actions: [store(), call('app'), { kind: 'stop', topicArn: TOPIC }],
      why: 'its stop action tells a topic',
    },
    {
      name: 'that stores as a role',
      actions: [{ kind: 's3', bucketName: 'bodies', iamRoleArn: ROLE }, call('app')],
      why: 'its S3 action uses a role',
    },
    {
      name: 'with an action that no manifest has',
      actions: [store(), { kind: 'other', type: 'connect', detail: '' }, call('app')],
      why: 'it has a connect action',
    },
    {
      name: 'with more actions than fit',
      actions: [store(), ...Array.from({ length: 8 }, () => workmail), call('app')],
      why: 'it has 8 actions beside ours, and a manifest takes 7',
    },
    { name: 'of an alias', actions: [store(), call('app:live')], why: 'it invokes the version or alias live of app' },
    {
      name: 'of another account',
      actions: [
        store(),
        { ...call('app'), functionArn: 'arn:aws:lambda:us-west-2:999999999999:function:app' } as RuleAction,
      ],
      why: 'is in another account or region',
    },
    { name: 'of a function that is gone', actions: [store(), call('gone')], why: 'its function gone does not exist' },
    {
      name: 'with a prefix that a manifest refuses',
      actions: [{ kind: 's3', bucketName: 'bodies', objectKeyPrefix: 'a//b' }, call('app')],
      why: 'objectKeyPrefix must be made of names separated by single slashes',
    },
    {
      name: 'with a topic elsewhere',
      actions: [
        store(),
        { kind: 'sns', topicArn: TOPIC.replace('us-west-2', 'eu-west-1'), encoding: 'UTF-8' },
        call('app'),
      ],
      why: 'is in region eu-west-1',
    },
  ])('$name is left out, and it says why', ({ actions, why }) => {
    const found = imported([theirs('one', actions)]);

    expect(found.pipelines).toEqual([]);
    expect(reasons(found)).toEqual([expect.stringContaining(why)]);
  });

  it('that we made is left out', () => {
    expect(reasons(imported([theirs('slp_mail_app_A', [store(), call('app')])]))).toEqual([
      expect.stringContaining('installation slp of ses-lambda-pipeline made'),
    ]);
  });

  it('whose function is a container image, or belongs to a pipeline, is left out', () => {
    const live = new Map([
      ['app', { ...FUNCTION, runtime: undefined }],
      ['other', { ...FUNCTION, tags: ownerTags(IDENTITY) }],
    ]);
    const rules = ['app', 'other'].map((name) => theirs(name, [store(), call(name)]));

    expect(reasons(imported(rules, { live }))).toEqual([
      'app: its function app is a container image',
      'other: its function other belongs to pipeline mail/app already',
    ]);
  });

  it('that does all that a manifest can say is written with all of it', () => {
    const own: RuleAction = { kind: 's3', bucketName: 'bodies', objectKeyPrefix: 'own/', topicArn: TOPIC };
    const last: RuleAction = { ...call('app'), invocationType: 'RequestResponse' } as RuleAction;
    const found = imported([
      theirs('first', [store(), call('app')]),
      theirs('second.one', [own, bounce, workmail, last, stop], {
        tlsPolicy: 'Require',
        enabled: false,
        recipients: [],
      }),
      theirs('third', [call('app')]),
    ]);

    expect(found.leftOut).toEqual([]);
    expect(rulesOf(found)[0]?.slice(1)).toMatchObject([
      {
        name: 'second.one',
        ruleName: 'second.one',
        recipients: [],
        tlsPolicy: 'Require',
        enabled: false,
        invocationType: 'RequestResponse',
        actions: [{ bounce: { smtpReplyCode: '550' } }, { workmail: {} }],
        stop: true,
        storage: { objectKeyPrefix: 'own/', topicArn: TOPIC },
      },
      { name: 'third', storage: { disabled: true } },
    ]);
    for (const { document, remarks } of found.pipelines) {
      expect(parseManifest(document)).toMatchObject({ ok: true });
      expect(remarks.filter((remark) => remark.includes('is updated'))).toEqual([]);
    }
  });

  it('gets a name that a manifest takes, and no two the same', () => {
    const names = ['a_b', 'a b', 'MessageBodyStorage', 'x'.repeat(40), `${'x'.repeat(40)}y`];
    const found = imported(names.map((name) => theirs(name.replace(' ', '__'), [store(), call('app')])));

    expect(rulesOf(found)[0]?.map(({ name }) => name)).toEqual([
      'a-b',
      'a-b-2',
      'MessageBodyStorage-2',
      'x'.repeat(31),
      `${'x'.repeat(29)}-2`,
    ]);
  });
});

describe('the manifests', () => {
  it('are one for each function, in the order of the set, with a word where their rules alternate', () => {
    const found = imported([
      theirs('one', [store(), call('app')]),
      theirs('two', [store(), call('other')]),
      theirs('three', [store(), call('app')]),
    ]);

    expect(found.pipelines.map(({ document }) => [document.metadata.name, document.spec.ruleSet?.priority])).toEqual([
      ['app', undefined],
      ['other', 1],
    ]);
    expect(found.pipelines.map(({ remarks }) => remarks.some((remark) => remark.includes('alternate')))).toEqual([
      true,
      false,
    ]);
  });

  it('have one bucket: what stores elsewhere is left out', () => {
    const found = imported([theirs('one', [store(), call('app')]), theirs('two', [store('elsewhere'), call('app')])]);

    expect(reasons(found)).toEqual(['two: it stores in elsewhere, and the other rules of function app in bodies']);
  });

  it('take the bucket of the rule before when theirs only invoke, and none is made up', () => {
    const only = theirs('only', [call('app')]);

    expect(imported([theirs('head', [store()]), only]).pipelines[0]?.document.spec.messageBodyStorage).toMatchObject({
      bucketName: 'bodies',
    });
    expect(reasons(imported([only]))).toEqual([
      'only: no rule of function app stores the mail, and a pipeline has a bucket',
    ]);
  });

  it('do not switch on a set that is not the active one', () => {
    const rules = [theirs('one', [store(), call('app')])];
    const found = imported(rules, { ruleSet: { name: 'theirs', rules, active: false } });

    expect(found.pipelines[0]?.document.spec.ruleSet).toEqual({ name: 'theirs', create: false, activate: 'Never' });
  });

  it('hold only what was asked for', () => {
    const rules = ['one', 'two'].map((name, index) => theirs(name, [store(), call(index === 0 ? 'app' : 'other')]));

    expect(rulesOf(imported(rules, { rules: ['two'] })).flat()).toMatchObject([{ name: 'two' }]);
    expect(rulesOf(imported(rules, { functions: ['app'] })).flat()).toMatchObject([{ name: 'one' }]);
  });

  it('leave out what discovery put into the environment', () => {
    const environment = { SES_LAMBDA_PIPELINE_DISCOVERY: 'x', SES_LAMBDA_PIPELINE_LOG_LEVEL: 'info', TABLE: 'mail' };
    const found = imported([theirs('one', [store(), call('app')])], {
      live: new Map([['app', { ...FUNCTION, environment }]]),
    });

    expect(found.pipelines[0]?.document.spec.function.environment).toEqual({ TABLE: 'mail' });
  });
});
