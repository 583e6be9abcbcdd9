import { createHash } from 'node:crypto';
import { strToU8, zipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FunctionCode } from '../../src/core/function-code.ts';
import type { PublicAccessBlock } from '../../src/core/observed.ts';
import { LAMBDA_TRUST, type InvokeGrant, type PolicyDocument } from '../../src/core/policy-document.ts';
import type { NewFunction, Ports } from '../../src/core/ports.ts';
import type { ReceiptRule } from '../../src/core/receipt-rule.ts';
import { startSandbox, type Sandbox } from '../../src/sandbox/sandbox.ts';
import { functionConfiguration } from '../core/support/function-configuration.ts';
import { faultFrom, portsAt } from './support/ports.ts';

const ACCOUNT = '123456789012';
const TAGS = { team: 'post', 'slp/name': 'mail' };
const BLOCKED: PublicAccessBlock = {
  blockPublicAcls: true,
  ignorePublicAcls: true,
  blockPublicPolicy: true,
  restrictPublicBuckets: true,
};

let sandbox: Sandbox;
let fresh = 0;

beforeAll(async () => {
  sandbox = await startSandbox({ port: 0, smtpPort: 0, functionUpdateMs: 0 });
});
afterAll(() => sandbox.stop());

/** Ports, and a name that no other test uses. */
function start(): { readonly ports: Ports; readonly name: string } {
  fresh += 1;
  return { ports: portsAt(sandbox.url), name: `mail-${fresh}` };
}

describe('identity', () => {
  it('tells account and partition', async () => {
    expect(await start().ports.identity.caller()).toEqual({ account: ACCOUNT, partition: 'aws' });
  });
});

describe('buckets', () => {
  it('creates, tags and deletes a bucket', async () => {
    const { ports, name } = start();

    expect(await ports.buckets.head(name)).toBe('absent');
    await ports.buckets.create(name, TAGS);
    expect(await ports.buckets.head(name)).toBe('accessible');
    expect(await ports.buckets.tags(name)).toEqual(TAGS);
    await ports.buckets.putTags(name, { other: 'x' });
    expect(await ports.buckets.tags(name)).toEqual({ other: 'x' });
    await ports.buckets.delete(name);
    expect(await ports.buckets.head(name)).toBe('absent');
    await ports.buckets.delete(name);
  });

  it('takes an existing bucket of ours for a change meanwhile', async () => {
    const { ports, name } = start();
    await ports.buckets.create(name, TAGS);

    expect(await faultFrom(ports.buckets.create(name, TAGS))).toMatchObject({
      class: 'stale',
      code: 'BucketAlreadyOwnedByYou',
    });
  });

  it('reads nothing where nothing is configured', async () => {
    const { ports, name } = start();
    await ports.buckets.create(name, {});

    expect(await ports.buckets.tags(name)).toEqual({});
    expect(await ports.buckets.policy(name)).toBeUndefined();
    expect(await ports.buckets.versioning(name)).toBeUndefined();
    expect(await ports.buckets.lifecycle(name)).toEqual([]);
    expect(await ports.buckets.list(name, 10)).toEqual([]);
  });

  it('reads back every setting it writes', async () => {
    const { ports, name } = start();
    const { buckets } = ports;
    const policy: PolicyDocument = {
      Version: '2012-10-17',
      Statement: [
        {
          Sid: 'Ses',
          Effect: 'Allow',
          Principal: { Service: 'ses.amazonaws.com' },
          Action: 's3:PutObject',
          Resource: `arn:aws:s3:::${name}/*`,
          Condition: { StringEquals: { 'aws:SourceAccount': ACCOUNT } },
        },
      ],
    };
    const lifecycle = [{ id: 'expire', Status: 'Enabled', Filter: { Prefix: 'in/' }, Expiration: { Days: 30 } }];
    await buckets.create(name, TAGS);

    await buckets.putPublicAccessBlock(name, BLOCKED);
    await buckets.putOwnership(name, 'BucketOwnerEnforced');
    await buckets.putEncryption(name, { algorithm: 'aws:kms', kmsKeyArn: `arn:aws:kms:us-west-2:${ACCOUNT}:key/k` });
    await buckets.putVersioning(name, 'Enabled');
    await buckets.putLifecycle(name, lifecycle);
    await buckets.putPolicy(name, policy);

    expect(await buckets.publicAccessBlock(name)).toEqual(BLOCKED);
    expect(await buckets.ownership(name)).toBe('BucketOwnerEnforced');
    expect(await buckets.encryption(name)).toEqual({
      algorithm: 'aws:kms',
      kmsKeyArn: `arn:aws:kms:us-west-2:${ACCOUNT}:key/k`,
    });
    expect(await buckets.versioning(name)).toBe('Enabled');
    expect(await buckets.lifecycle(name)).toEqual(lifecycle);
    expect(await buckets.policy(name)).toEqual(policy);

    await buckets.putLifecycle(name, []);
    await buckets.putPolicy(name, { Statement: [] });
    expect(await buckets.lifecycle(name)).toEqual([]);
    expect(await buckets.policy(name)).toBeUndefined();
  });

  it('lists and deletes objects, and says when the bucket is not empty', async () => {
    const { ports, name } = start();
    await ports.buckets.create(name, TAGS);
    await putObject(name, 'in/a');
    await putObject(name, 'in/b');

    expect((await ports.buckets.list(name, 1)).map(({ key }) => key)).toEqual(['in/a']);
    expect(await faultFrom(ports.buckets.delete(name))).toMatchObject({
      class: 'delete-blocked',
      reason: 'DeletionBlocked',
    });
    await ports.buckets.deleteObjects(name, await ports.buckets.list(name, 1_000));
    await ports.buckets.delete(name);
    expect(await ports.buckets.head(name)).toBe('absent');
  });
});

describe('roles', () => {
  it('creates, changes and deletes a role with all that hangs on it', async () => {
    const { ports, name } = start();
    const { roles } = ports;
    const arn = `arn:aws:iam::${ACCOUNT}:role/slp/${name}`;
    const document: PolicyDocument = {
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Action: 's3:GetObject', Resource: '*' }],
    };
    const managed = 'arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole';
    expect(await roles.get(name)).toBeUndefined();

    await roles.create({
      name,
      path: '/slp/',
      description: 'made',
      trust: LAMBDA_TRUST,
      tags: TAGS,
      permissionsBoundaryArn: undefined,
    });
    await roles.putInlinePolicy(name, 'own', document);
    await roles.attachPolicy(name, managed);
    await roles.updateDescription(name, 'changed');
    await roles.tag(name, { extra: '1' });

    expect(await roles.get(name)).toEqual({
      name,
      arn,
      path: '/slp/',
      description: 'changed',
      trust: LAMBDA_TRUST,
      tags: { ...TAGS, extra: '1' },
      permissionsBoundaryArn: undefined,
    });
    expect(await roles.inlinePolicyNames(name)).toEqual(['own']);
    expect(await roles.inlinePolicy(name, 'own')).toEqual(document);
    expect(await roles.inlinePolicy(name, 'none')).toBeUndefined();
    expect(await roles.managedPolicyArns(name)).toEqual([managed]);
    expect(await roles.instanceProfiles(name)).toEqual([]);

    expect(await faultFrom(roles.delete(name))).toMatchObject({ class: 'delete-blocked', code: 'DeleteConflict' });
    for (const twice of [1, 2]) {
      await roles.deleteInlinePolicy(name, 'own');
      await roles.detachPolicy(name, managed);
      await roles.delete(name);
      expect(await roles.get(name), `deletion ${twice}`).toBeUndefined();
    }
  });

  it('takes an existing role for a change meanwhile', async () => {
    const { ports, name } = start();
    const role = { name, path: '/', description: '', trust: LAMBDA_TRUST, tags: {}, permissionsBoundaryArn: undefined };
    await ports.roles.create(role);

    expect(await faultFrom(ports.roles.create(role))).toMatchObject({ class: 'stale', code: 'EntityAlreadyExists' });
  });
});

describe('functions', () => {
  it('creates, changes and deletes a function', async () => {
    const { ports, name } = start();
    const { functions } = ports;
    const fn = await functionWithRole(ports, name);
    const first = zipOf('exports.handler = async () => 1;');
    const second = zipOf('exports.handler = async () => 2;');
    expect(await functions.get(name)).toBeUndefined();

    await functions.create(fn, first);

    const created = await settled(ports, name);
    expect(created).toEqual({
      arn: `arn:aws:lambda:us-west-2:${ACCOUNT}:function:${name}`,
      state: 'Active',
      stateReason: created?.stateReason,
      lastUpdateStatus: 'Successful',
      lastUpdateReason: created?.lastUpdateReason,
      ...fn,
      logging: { ...fn.logging, group: `/aws/lambda/${name}` },
      codeSha256: first.sha256,
      packageType: 'Zip',
      version: '$LATEST',
      reservedConcurrency: undefined,
      tags: TAGS,
    });

    await functions.updateCode(name, fn.architecture, second);
    expect((await settled(ports, name))?.codeSha256).toBe(second.sha256);
    await functions.updateConfiguration(name, { ...fn, environment: {}, memorySize: 256 });
    expect(await settled(ports, name)).toMatchObject({ environment: {}, memorySize: 256, tags: TAGS });
    await functions.tag(created?.arn ?? '', { extra: '1' });
    expect((await functions.get(name))?.tags).toEqual({ ...TAGS, extra: '1' });
    await functions.untag(created?.arn ?? '', ['extra']);
    expect((await functions.get(name))?.tags).toEqual(TAGS);

    await functions.delete(name);
    expect(await functions.get(name)).toBeUndefined();
    await functions.delete(name);
  });

  it('publishes versions, and moves an alias with a policy of its own from one to the next', async () => {
    const { ports, name } = start();
    const { functions } = ports;
    const fn = await functionWithRole(ports, name);
    const grant = { ...GRANT, statementId: 'ses-alias' };
    await functions.create(fn, zipOf('exports.handler = async () => 1;'));
    await settled(ports, name);
    expect(await functions.get(name, 'live')).toBeUndefined();

    await functions.publish(name);
    await functions.publish(name);
    await functions.createAlias(name, 'live', '1');
    await functions.addPermission(name, grant, 'live');
    await functions.updateCode(name, fn.architecture, zipOf('exports.handler = async () => 2;'));
    await settled(ports, name);
    await functions.publish(name);
    await functions.updateAlias(name, 'live', '2');

    expect(await functions.versions(name)).toEqual(['1', '2']);
    expect(await functions.aliases(name)).toEqual([{ name: 'live', versions: ['2'] }]);
    expect(await functions.get(name, 'live')).toMatchObject({ version: '2', memorySize: fn.memorySize });
    expect((await functions.policy(name, 'live'))?.Statement).toMatchObject([{ Sid: 'ses-alias' }]);
    expect(await functions.policy(name)).toBeUndefined();

    await functions.deleteVersion(name, '1');
    await functions.removePermission(name, 'ses-alias', 'live');
    expect(await functions.versions(name)).toEqual(['2']);
    expect(await functions.policy(name, 'live')).toBeUndefined();
    await functions.deleteAlias(name, 'live');
    await functions.deleteAlias(name, 'live');
    expect(await functions.get(name, 'live')).toBeUndefined();
  });

  it('makes a function of an image, and tells what the image is', async () => {
    const { ports, name } = start();
    const { functions } = ports;
    const uri = `${ACCOUNT}.dkr.ecr.us-west-2.amazonaws.com/handler@sha256:${'a'.repeat(64)}`;
    const other = uri.replace(/a{64}$/, 'b'.repeat(64));
    const { runtime: _runtime, handler: _handler, ...fn } = await functionWithRole(ports, name);

    await functions.create(
      { ...fn, runtime: undefined, handler: undefined, packageType: 'Image' },
      { kind: 'image', uri },
    );

    expect(await settled(ports, name)).toMatchObject({
      packageType: 'Image',
      image: { uri, resolvedUri: uri },
      architecture: 'arm64',
    });
    await functions.updateCode(name, fn.architecture, { kind: 'image', uri: other });
    expect((await settled(ports, name))?.image?.uri).toBe(other);
  });

  it('adds and removes a permission', async () => {
    const { ports, name } = start();
    await ports.functions.create(await functionWithRole(ports, name), zipOf('exports.handler = async () => 1;'));
    expect(await ports.functions.policy(name)).toBeUndefined();

    await ports.functions.addPermission(name, GRANT);

    expect((await ports.functions.policy(name))?.Statement).toEqual([
      expect.objectContaining({ Sid: 'ses-1', Effect: 'Allow' }),
    ]);
    expect(await faultFrom(ports.functions.addPermission(name, GRANT))).toMatchObject({
      class: 'stale',
      reason: 'ChangedMeanwhile',
    });
    await ports.functions.removePermission(name, 'ses-1');
    expect((await ports.functions.policy(name))?.Statement ?? []).toEqual([]);
    await ports.functions.removePermission(name, 'ses-1');
  });

  it('waits for a role that Lambda cannot assume', async () => {
    const { ports, name } = start();
    const fn = { ...(await functionWithRole(ports, name)), roleArn: `arn:aws:iam::${ACCOUNT}:role/none` };

    expect(await faultFrom(ports.functions.create(fn, zipOf('x')))).toMatchObject({
      class: 'propagating',
      reason: 'WaitingForPropagation',
    });
  });
});

describe('receipt rules', () => {
  const rule = (name: string, change: Partial<ReceiptRule> = {}): ReceiptRule => ({
    name,
    enabled: true,
    tlsPolicy: 'Optional',
    scanEnabled: true,
    recipients: [`${name}@example.com`],
    actions: [{ kind: 'stop' }],
    ...change,
  });

  it('creates rules at the head or behind another, changes, reorders and deletes them', async () => {
    const { ports, name: set } = start();
    const { receiptRules } = ports;
    const names = async () => (await receiptRules.describe(set))?.rules.map(({ name }) => name);
    expect(await receiptRules.describe(set)).toBeUndefined();

    await receiptRules.createSet(set);
    expect(await receiptRules.describe(set)).toMatchObject({ name: set, rules: [] });
    await receiptRules.create(set, rule('a'), undefined);
    await receiptRules.create(set, rule('b'), undefined);
    await receiptRules.create(set, rule('c'), 'b');
    expect(await names()).toEqual(['b', 'c', 'a']);

    const changed = rule('c', { recipients: [], enabled: false, tlsPolicy: 'Require' });
    await receiptRules.update(set, changed);
    await receiptRules.reorder(set, ['a', 'b', 'c']);
    expect(await receiptRules.describe(set)).toMatchObject({ name: set, rules: [rule('a'), rule('b'), changed] });

    await receiptRules.delete(set, 'b');
    await receiptRules.delete(set, 'b');
    expect(await names()).toEqual(['a', 'c']);
    await receiptRules.deleteSet(set);
    await receiptRules.deleteSet(set);
    await receiptRules.delete(set, 'a');
    expect(await receiptRules.describe(set)).toBeUndefined();
  });

  it('activates a set, does not delete it then, and switches receiving off', async () => {
    const { ports, name: set } = start();
    await ports.receiptRules.createSet(set);

    await ports.receiptRules.setActive(set);
    expect(await ports.receiptRules.describeActive()).toMatchObject({ name: set, rules: [] });
    expect(await faultFrom(ports.receiptRules.deleteSet(set))).toMatchObject({
      class: 'delete-blocked',
      code: 'CannotDelete',
    });
    await ports.receiptRules.setActive(undefined);
    expect(await ports.receiptRules.describeActive()).toBeUndefined();
  });

  it.each<{ name: string; attempt: (ports: Ports, set: string) => Promise<void> }>([
    { name: 'a set that exists', attempt: ({ receiptRules }, set) => receiptRules.createSet(set) },
    { name: 'a rule that exists', attempt: ({ receiptRules }, set) => receiptRules.create(set, rule('a'), undefined) },
    { name: 'an anchor that is gone', attempt: ({ receiptRules }, set) => receiptRules.create(set, rule('b'), 'gone') },
    { name: 'a rule that is gone', attempt: ({ receiptRules }, set) => receiptRules.update(set, rule('gone')) },
    { name: 'an order that misses a rule', attempt: ({ receiptRules }, set) => receiptRules.reorder(set, []) },
    {
      name: 'an order that names a rule too many',
      attempt: ({ receiptRules }, set) => receiptRules.reorder(set, ['a', 'gone']),
    },
    {
      name: 'a set that is gone',
      attempt: ({ receiptRules }, set) => receiptRules.create(`${set}-gone`, rule('a'), undefined),
    },
  ])('takes $name for a change meanwhile', async ({ attempt }) => {
    const { ports, name: set } = start();
    await ports.receiptRules.createSet(set);
    await ports.receiptRules.create(set, rule('a'), undefined);

    expect(await faultFrom(attempt(ports, set))).toMatchObject({ class: 'stale', reason: 'ChangedMeanwhile' });
  });

  it('tells a missing bucket from one that SES may not yet write to', async () => {
    const { ports, name: set } = start();
    await ports.receiptRules.createSet(set);
    const storing = rule('a', { actions: [{ kind: 's3', bucketName: set }] });

    expect(await faultFrom(ports.receiptRules.create(set, storing, undefined))).toMatchObject({ class: 'dependency' });
    await ports.buckets.create(set, {});
    expect(await faultFrom(ports.receiptRules.create(set, storing, undefined))).toMatchObject({ class: 'propagating' });
  });

  it('waits for a function that SES may not yet invoke', async () => {
    const { ports, name: set } = start();
    const functionArn = `arn:aws:lambda:us-west-2:${ACCOUNT}:function:none`;
    const invoking = rule('a', { actions: [{ kind: 'lambda', functionArn, invocationType: 'Event' }] });
    await ports.receiptRules.createSet(set);

    expect(await faultFrom(ports.receiptRules.create(set, invoking, undefined))).toMatchObject({
      class: 'propagating',
    });
  });
});

describe('the pace of SES', () => {
  it('is never above what SES allows, from the first call on', async () => {
    const paced = await startSandbox({ port: 0, smtpPort: 0 });
    try {
      paced.faults.setSesCallsPerSecond(1);
      const { receiptRules } = portsAt(paced.url, { sesCallsPerSecond: 1 });

      await Promise.all([receiptRules.createSet('a'), receiptRules.createSet('b'), receiptRules.describeActive()]);

      const arrivals = paced.faults.calls().filter(({ operation }) => operation.startsWith('ses:'));
      expect(arrivals.map(({ operation, status }) => `${operation} ${status}`)).toEqual([
        'ses:CreateReceiptRuleSet 200',
        'ses:CreateReceiptRuleSet 200',
        'ses:DescribeActiveReceiptRuleSet 200',
      ]);
    } finally {
      await paced.stop();
    }
  });
});

function zipOf(source: string): FunctionCode & { readonly kind: 'zip' } {
  const bytes = zipSync({ 'index.js': strToU8(source) });
  return { kind: 'zip', bytes, sha256: createHash('sha256').update(bytes).digest('base64') };
}

const GRANT: InvokeGrant = {
  statementId: 'ses-1',
  principal: 'ses.amazonaws.com',
  action: 'lambda:InvokeFunction',
  sourceAccount: ACCOUNT,
  sourceArn: `arn:aws:ses:us-west-2:${ACCOUNT}:receipt-rule-set/s:receipt-rule/p_*`,
};

/** A function to create, with a role that exists. */
async function functionWithRole({ roles }: Ports, name: string): Promise<NewFunction> {
  await roles.create({
    name,
    path: '/',
    description: '',
    trust: LAMBDA_TRUST,
    tags: {},
    permissionsBoundaryArn: undefined,
  });
  return {
    name,
    architecture: 'arm64',
    packageType: 'Zip',
    tags: TAGS,
    ...functionConfiguration({
      description: 'echo',
      roleArn: `arn:aws:iam::${ACCOUNT}:role/${name}`,
      environment: { GREETING: 'hello' },
    }),
  };
}

/** The function once Lambda is done with its last change. */
async function settled({ functions }: Ports, name: string) {
  return await expect
    .poll(() => functions.get(name))
    .toMatchObject({ state: 'Active', lastUpdateStatus: 'Successful' })
    .then(() => functions.get(name));
}

async function putObject(bucket: string, key: string): Promise<void> {
  const { S3Client, PutObjectCommand } = await import('@aws-sdk/client-s3');
  const s3 = new S3Client({
    region: 'us-west-2',
    endpoint: sandbox.url,
    forcePathStyle: true,
    credentials: { accessKeyId: 'AKIDTEST', secretAccessKey: 'secret' },
  });
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: 'mail' }));
  s3.destroy();
}
