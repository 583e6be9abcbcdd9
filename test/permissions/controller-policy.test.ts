import {
  CreateRoleCommand,
  DeleteRolePermissionsBoundaryCommand,
  TagRoleCommand,
  UntagRoleCommand,
  UpdateAssumeRolePolicyCommand,
  UpdateRoleCommand,
} from '@aws-sdk/client-iam';
import { DeleteFunctionCommand, UntagResourceCommand } from '@aws-sdk/client-lambda';
import {
  CreateBucketCommand,
  PutBucketOwnershipControlsCommand,
  PutBucketTaggingCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { loadAll } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { controllerPolicy, MAX_MANAGED_POLICY, WITHOUT_RESOURCE } from '../../src/core/controller-policy.ts';
import type { PolicyDocument } from '../../src/core/policy-document.ts';
import type { PolicyScope } from '../../src/core/policy-scope.ts';
import { KEPT_VERSIONS } from '../../src/core/publishing.ts';
import { EDITS, EXISTING, zipFor } from '../cluster/edits.ts';
import { asJson } from '../cluster/documents.ts';
import { withField } from '../cluster/with-field.ts';
import { foreignClients } from '../support/aws-clients.ts';
import { activeSet, functionArn, setUpByHand } from '../support/made-by-hand.ts';
import { ECHO, pipeline, rule } from '../support/manifests.ts';
import { startWorld, type World } from '../support/world.ts';
import { decisionOf, judgeBy } from './judge.ts';
import type { Need } from './needs.ts';

const ACCOUNT = '123456789012';
/** One that the sandbox has. */
const BOUNDARY = 'arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess';
const SCOPE: PolicyScope = { partition: 'aws', account: ACCOUNT, regions: ['us-west-2'], installation: 'slp' };
const WITH_EVERYTHING: PolicyScope = {
  ...SCOPE,
  buckets: ['mail-of-the-shop'],
  codeBuckets: ['releases-*', 'others-*'],
  roleArns: [`arn:aws:iam::${ACCOUNT}:role/made-by-hand`, `arn:aws:iam::${ACCOUNT}:role/${EXISTING.role}`],
  functions: ['shop'],
  layers: [`arn:aws:lambda:*:${ACCOUNT}:layer:tools:3`],
  vpc: true,
  repositories: [`arn:aws:ecr:*:${ACCOUNT}:repository/handler`],
  kmsKeys: [`arn:aws:kms:*:${ACCOUNT}:key/*`],
};

/** What calls have needed in all scenarios of this file together. */
const used = new Set<string>();

/**
 * Lives in a world that judges every call of ours by the policy.
 *
 * @returns why calls were refused
 */
async function judged(scope: PolicyScope, live: (world: World) => Promise<void>): Promise<readonly string[]> {
  const judge = judgeBy(controllerPolicy(scope));
  const world = await startWorld({ faults: judge });
  judge.look(world.sandbox);
  // What was refused says more than what failed after it.
  await live(world).catch((error: unknown) => {
    if (judge.refusals().length === 0) throw error;
  });
  for (const action of judge.used()) used.add(action);
  return judge.refusals();
}

const actionsOf = ({ Statement }: PolicyDocument): string[] => [
  ...new Set(Statement.flatMap(({ Action }) => Action as readonly string[])),
];

/** Fails unless the command succeeds. */
async function mustRemove(world: World, ...documents: readonly object[]): Promise<void> {
  const { code, err } = await world.remove(documents);
  if (code !== 0) throw new Error(err);
}

describe('the policy of the controller lets through', () => {
  it('a pipeline being made, told about and taken down, its bucket with all that is in it', async () => {
    const refused = await judged(SCOPE, async (world) => {
      const all = pipeline({ storage: { deletionPolicy: 'DeleteWithContents', versioned: true } });
      await world.mustApply(all);
      await world.send({ to: 'first@example.com' });
      await world.run(['get'], [all]);
      await world.run(['explain', '--to', 'first@example.com', '--region', 'us-west-2']);
      await mustRemove(world, all);
    });
    expect(refused).toEqual([]);
  });

  it('a bucket that is kept, and one whose objects have no versions', async () => {
    const refused = await judged(SCOPE, async (world) => {
      const kept = pipeline({ ruleSet: { onDelete: 'DeleteWhenEmpty' } });
      await world.mustApply(kept);
      await mustRemove(world, kept);
      const emptied = pipeline({ name: 'emptied', storage: { deletionPolicy: 'DeleteWithContents' } });
      await world.mustApply(emptied);
      await world.send({ to: 'first@example.com' });
      await mustRemove(world, emptied);
    });
    expect(refused).toEqual([]);
  });

  it('every field being changed, and changed back', async () => {
    // Whatever a rule says, it is the same two calls: a few of its fields stand for all.
    const rows = EDITS.filter(
      ({ field }) => !field.startsWith('receiptRules[].actions') && !field.startsWith('interval'),
    );
    const edits = rows.map((edit, index) => {
      const name = `edit-${index}`;
      const region = `eu-test-${String.fromCharCode(97 + Math.floor(index / 10))}-${index % 10}`;
      const regional = JSON.parse(JSON.stringify(edit).replaceAll('us-west-2', region)) as typeof edit;
      const plain = asJson(pipeline({ name, region, rules: [rule('First', `${name}@example.com`)] }));
      const before = Object.entries(regional.given ?? {}).reduce(
        (document, [field, value]) => withField(document, field, value),
        plain,
      );
      return { field: edit.field, region, before, after: withField(before, regional.field, regional.to) };
    });
    const regions = edits.map(({ region }) => region);
    const refused = await judged({ ...WITH_EVERYTHING, regions }, async (world) => {
      await putEdited(world, regions);
      await world.mustApply(...CONFIG_MAPS, ...edits.map(({ before }) => before as object));
      await world.mustApply(...CONFIG_MAPS, ...edits.map(({ after }) => after as object));
      const inPlace = edits.filter(({ field }) => /^(function|role|messageBodyStorage)\./.test(field));
      await world.mustApply(...CONFIG_MAPS, ...inPlace.map(({ before }) => before as object));
    });
    expect(refused).toEqual([]);
  }, 300_000);

  it('rules changing places, and one for everybody', async () => {
    const refused = await judged(SCOPE, async (world) => {
      const [first, second] = [rule('First', 'a@example.com'), rule('Second', 'b@example.com')];
      await world.mustApply(pipeline({ rules: [first, second] }));
      await world.mustApply(pipeline({ rules: [second, first] }));
      const forAll = pipeline({ name: 'all', rules: [rule('All')] });
      await world.mustApply(forAll);
      await world.run(['get'], [forAll]);
    });
    expect(refused).toEqual([]);
  });

  it('what drifted being mended', async () => {
    const refused = await judged(SCOPE, async (world) => {
      const all = pipeline({ role: { permissionsBoundaryArn: BOUNDARY } });
      await world.mustApply(all);
      const { iam, lambda, s3 } = world.foreign;
      const { name: RoleName } = await world.role();
      await iam.send(new DeleteRolePermissionsBoundaryCommand({ RoleName }));
      await iam.send(new UpdateRoleCommand({ RoleName, Description: 'changed' }));
      await iam.send(new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument: TRUST }));
      await iam.send(new UntagRoleCommand({ RoleName, TagKeys: ['ses-lambda-pipeline.dev/name'] }));
      await iam.send(new TagRoleCommand({ RoleName, Tags: [{ Key: 'ses-lambda-pipeline.dev/name', Value: 'app' }] }));
      const { name: Bucket } = await world.bucket();
      await s3.send(new PutBucketTaggingCommand({ Bucket, Tagging: { TagSet: marks() } }));
      const theirs = { Rules: [{ ObjectOwnership: 'ObjectWriter' as const }] };
      await s3.send(new PutBucketOwnershipControlsCommand({ Bucket, OwnershipControls: theirs }));
      await world.mustApply(all);
      await lambda.send(new DeleteFunctionCommand({ FunctionName: (await world.fn()).name }));
      await world.mustApply(all);
      await mustRemove(world, all);
    });
    expect(refused).toEqual([]);
  });

  it('a change of rule sets, side by side or in two colours', async () => {
    const refused = await judged(SCOPE, async (world) => {
      const inSet = (name: string, rollout: 'InPlace' | 'BlueGreen', to: string) =>
        pipeline({ ruleSet: { name, rollout, activate: 'Always' }, rules: [rule('First', to)] });
      await world.mustApply(inSet('one', 'InPlace', 'a@example.com'));
      await world.mustApply(inSet('two', 'InPlace', 'a@example.com'));
      await world.mustApply(inSet('two', 'BlueGreen', 'b@example.com'));
      await world.mustApply(inSet('two', 'BlueGreen', 'c@example.com'));
    });
    expect(refused).toEqual([]);
  });

  it('what nobody names any more being looked for and taken down', async () => {
    const refused = await judged(SCOPE, async (world) => {
      await world.mustApply(pipeline(), pipeline({ name: 'left', rules: [rule('Left', 'left@example.com')] }));
      const { code } = await world.apply([pipeline()], { flags: ['--prune'] });
      expect(code).toBe(0);
    });
    expect(refused).toEqual([]);
  });

  it('versions being published beyond those that are kept, and a log group with all its settings', async () => {
    const refused = await judged(SCOPE, async (world) => {
      const settings = { publish: true, logRetentionDays: 7, tags: { team: 'post' } } as const;
      const storage = { deletionPolicy: 'DeleteWithContents' } as const;
      for (let release = 0; release <= KEPT_VERSIONS; release += 1)
        await world.mustApply(pipeline({ storage, function: { ...settings, code: codeOf(release) } }));
      const plain = pipeline({
        storage,
        function: { publish: true, logRetentionDays: 7, code: codeOf(KEPT_VERSIONS) },
      });
      await world.mustApply(plain);
      await mustRemove(world, plain);
    });
    expect(refused).toEqual([]);
  });

  it('a function under a name of its own, its versions and its alias', async () => {
    const refused = await judged({ ...SCOPE, functions: ['orders'] }, async (world) => {
      const storage = { deletionPolicy: 'DeleteWithContents' } as const;
      const settings = { name: 'orders', publish: true, logRetentionDays: 7 } as const;
      const told = pipeline({
        storage,
        function: { ...settings, code: codeOf(0), async: { maximumRetryAttempts: 0 } },
      });
      await world.mustApply(told);
      for (let release = 1; release <= KEPT_VERSIONS; release += 1)
        await world.mustApply(pipeline({ storage, function: { ...settings, code: codeOf(release) } }));
      await mustRemove(world, told);
    });
    expect(refused).toEqual([]);
  });

  it('rules that run today being imported and adopted', async () => {
    const refused = await judged(WITH_EVERYTHING, async (world) => {
      await setUpByHand(world.foreign, { bucket: 'mail-of-the-shop', functions: ['shop'] });
      const store = { S3Action: { BucketName: 'mail-of-the-shop', ObjectKeyPrefix: 'in/' } };
      const invoke = { LambdaAction: { FunctionArn: functionArn('shop'), InvocationType: 'Event' as const } };
      await activeSet(world.foreign, 'default-rule-set', [
        { Name: 'orders', Enabled: true, ScanEnabled: true, Recipients: ['o@example.com'], Actions: [store, invoke] },
      ]);
      const { out } = await world.run(['import', '--region', 'us-west-2', '--adopt']);
      await world.mustApply(...(loadAll(out) as object[]));
      await mustRemove(world, ...(loadAll(out) as object[]));
    });
    expect(refused).toEqual([]);
  });

  it('a bucket of others being left without our statement, which was its only one', async () => {
    const refused = await judged(WITH_EVERYTHING, async (world) => {
      await world.foreign.s3.send(new CreateBucketCommand({ Bucket: 'mail-of-the-shop' }));
      const theirs = pipeline({ storage: { bucketName: 'mail-of-the-shop' } });
      await world.mustApply(theirs);
      await mustRemove(world, theirs);
    });
    expect(refused).toEqual([]);
  });

  it('a role and a function of our name and nobody’s mark being adopted', async () => {
    const refused = await judged(SCOPE, async (world) => {
      const asked = pipeline({ annotations: { 'ses-lambda-pipeline.dev/adopt': 'true' } });
      await world.mustApply(pipeline());
      const { iam, lambda, s3 } = world.foreign;
      const marked = marks().map(({ Key }) => Key);
      const { name: RoleName } = await world.role();
      const { name } = await world.fn();
      await iam.send(new UntagRoleCommand({ RoleName, TagKeys: marked }));
      await lambda.send(new UntagResourceCommand({ Resource: functionArn(name), TagKeys: marked }));
      const { name: Bucket } = await world.bucket();
      await s3.send(new PutBucketTaggingCommand({ Bucket, Tagging: { TagSet: [{ Key: 'team', Value: 'a' }] } }));
      await world.mustApply(withField(asJson(asked), 'function.memorySize', 256));
    });
    expect(refused).toEqual([]);
  });

  it('a life under a boundary that every role has to carry, put back where it was changed', async () => {
    const refused = await judged({ ...SCOPE, permissionsBoundaryArn: BOUNDARY }, async (world) => {
      const under = pipeline({ role: { privileges: [], permissionsBoundaryArn: BOUNDARY } });
      await world.mustApply(under);
      const { name: RoleName } = await world.role();
      await world.foreign.iam.send(new DeleteRolePermissionsBoundaryCommand({ RoleName }));
      await world.mustApply(withField(asJson(under), 'role.privileges', [LISTING]));
      await mustRemove(world, under);
    });
    expect(refused).toEqual([]);
  });
});

/** Actions of which no call above is made, and why they are there all the same. */
const RARE: Readonly<Record<string, string>> = {
  'iam:RemoveRoleFromInstanceProfile':
    'a stranger put the role into an instance profile, which the sandbox has none of',
  's3:GetObjectVersion': 'function.code.s3.version: of versions, the sandbox makes up the names',
};

const ALL = [SCOPE, WITH_EVERYTHING, { ...WITH_EVERYTHING, permissionsBoundaryArn: BOUNDARY }].map(controllerPolicy);

describe('the policy of the controller', () => {
  it('allows what those calls have needed and nothing else', () => {
    expect(used.size).toBeGreaterThan(40); // else only a part of this file was run
    const allowed = new Set(ALL.flatMap(actionsOf));
    expect([...allowed].filter((action) => !(action in RARE)).sort()).toEqual([...used].sort());
    expect(Object.keys(RARE).filter((action) => !allowed.has(action) || used.has(action))).toEqual([]);
  });

  it('names a resource wherever IAM knows one, and every action in full', () => {
    const onAnything = ALL.flatMap(({ Statement }) => Statement).filter(({ Resource }) =>
      (Resource as readonly string[]).includes('*'),
    );
    expect(onAnything.flatMap(({ Action }) => Action).filter((one) => !WITHOUT_RESOURCE.includes(String(one)))).toEqual(
      [],
    );
    expect(ALL.flatMap(actionsOf).filter((action) => action.includes('*'))).toEqual([]);
  });

  it('fits into a managed policy, in several regions or with each kind of thing that pipelines name', () => {
    const withOne = Object.entries(WITH_EVERYTHING).map(([kind, named]) => ({ ...SCOPE, [kind]: named }));
    for (const scope of [...withOne, { ...SCOPE, regions: ['us-east-1', 'us-west-2', 'eu-west-1'] }])
      expect(JSON.stringify(controllerPolicy(scope)).length).toBeLessThan(MAX_MANAGED_POLICY);
  });

  const role = `arn:aws:iam::${ACCOUNT}:role`;
  const ours = `${role}/ses-lambda-pipeline/slp/slp-mail-app`;
  const fn = `arn:aws:lambda:us-west-2:${ACCOUNT}:function`;
  const bodies = 'arn:aws:s3:::app-sesmessagestorebucket0123456789-x';
  const marked = { 'aws:requesttag/ses-lambda-pipeline.dev/installation': 'slp' };
  const toLambda = { 'iam:passedtoservice': 'lambda.amazonaws.com' };

  it.each<[string, Need]>([
    ['a role outside of the path', { action: 'iam:CreateRole', resource: `${role}/slp-mail-app`, context: marked }],
    [
      'a role of another installation',
      { action: 'iam:DeleteRole', resource: `${role}/ses-lambda-pipeline/two/a`, context: {} },
    ],
    ['a role without our mark', { action: 'iam:CreateRole', resource: ours, context: {} }],
    ['another role for a function', { action: 'iam:PassRole', resource: `${role}/admin`, context: toLambda }],
    [
      'our role for a machine',
      { action: 'iam:PassRole', resource: ours, context: { 'iam:passedtoservice': 'ec2.amazonaws.com' } },
    ],
    ['rights for a role of others', { action: 'iam:PutRolePolicy', resource: `${role}/slp-mail-app`, context: {} }],
    [
      'code for a function of another name',
      { action: 'lambda:UpdateFunctionCode', resource: `${fn}:billing`, context: {} },
    ],
    [
      'code for a function without our mark',
      { action: 'lambda:UpdateFunctionCode', resource: `${fn}:slp-by-hand`, context: {} },
    ],
    ['a function without our mark', { action: 'lambda:CreateFunction', resource: `${fn}:slp-mail-app`, context: {} }],
    [
      'a function of another region',
      { action: 'lambda:GetFunction', resource: `${fn.replace('us-west-2', 'eu-west-1')}:slp-a`, context: {} },
    ],
    ['a function being invoked', { action: 'lambda:InvokeFunction', resource: `${fn}:slp-mail-app`, context: {} }],
    [
      'a mail being read',
      { action: 's3:GetObject', resource: `${bodies}/mail`, context: { 's3:resourceaccount': ACCOUNT } },
    ],
    [
      'a bucket of another account',
      { action: 's3:PutBucketPolicy', resource: bodies, context: { 's3:resourceaccount': '1' } },
    ],
    [
      'a bucket of another name',
      { action: 's3:ListBucket', resource: 'arn:aws:s3:::payroll', context: { 's3:resourceaccount': ACCOUNT } },
    ],
    [
      'rules of another region',
      { action: 'ses:DeleteReceiptRule', resource: '*', context: { 'aws:requestedregion': 'eu-west-1' } },
    ],
    ['mail being sent', { action: 'ses:SendRawEmail', resource: '*', context: { 'aws:requestedregion': 'us-west-2' } }],
  ])('refuses %s', (_what, need) => {
    expect(decisionOf(controllerPolicy(SCOPE), need)).toBe('none');
  });

  it.each<[string, Need]>([
    [
      'a function whose name begins so',
      { action: 'lambda:GetFunction', resource: `${fn}:orders-archive`, context: {} },
    ],
    [
      'the log group of one',
      {
        action: 'logs:DeleteLogGroup',
        resource: `arn:aws:logs:us-west-2:${ACCOUNT}:log-group:/aws/lambda/orders-archive`,
        context: {},
      },
    ],
  ])('with a function under a name of its own, refuses %s', (_what, need) => {
    expect(decisionOf(controllerPolicy({ ...SCOPE, functions: ['orders'] }), need)).toBe('none');
  });

  it('of a tenant does not reach into instance profiles, which may hold roles of others', () => {
    const need = {
      action: 'iam:RemoveRoleFromInstanceProfile',
      resource: `arn:aws:iam::${ACCOUNT}:instance-profile/web`,
      context: {},
    };
    const decisions = [SCOPE, { ...SCOPE, namespaces: ['team-a'] }].map((scope) =>
      decisionOf(controllerPolicy(scope), need),
    );
    expect(decisions).toEqual(['allow', 'none']);
  });

  it.each<[string, Need]>([
    ['a role without it', { action: 'iam:CreateRole', resource: ours, context: marked }],
    [
      'a role with another one',
      {
        action: 'iam:CreateRole',
        resource: ours,
        context: { ...marked, 'iam:permissionsboundary': 'arn:aws:iam::aws:policy/AdministratorAccess' },
      },
    ],
    ['rights for a role that has lost it', { action: 'iam:PutRolePolicy', resource: ours, context: {} }],
    [
      'it being taken off',
      { action: 'iam:DeleteRolePermissionsBoundary', resource: ours, context: { 'iam:permissionsboundary': BOUNDARY } },
    ],
  ])('with a boundary, refuses %s', (_what, need) => {
    expect(decisionOf(controllerPolicy({ ...SCOPE, permissionsBoundaryArn: BOUNDARY }), need)).toBe('none');
  });
});

const TRUST = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { Service: 'ec2.amazonaws.com' }, Action: 'sts:AssumeRole' }],
});
const codeOf = (release: number) => ({ inline: { 'index.mjs': `${ECHO} // ${release}` } });
const LISTING = { actions: ['s3:ListBucket'], resource: '${bucket.arn}' };
const CONFIG_MAPS = [
  ...['code-1', 'code-2'].map((name) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace: 'mail' },
    data: { 'index.mjs': `${ECHO} // ${name}` },
  })),
  {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'greetings', namespace: 'mail' },
    data: { english: 'hello' },
  },
];

const marks = () =>
  Object.entries({ installation: 'slp', namespace: 'mail', name: 'app' }).map(([key, Value]) => ({
    Key: `ses-lambda-pipeline.dev/${key}`,
    Value,
  }));

/** What the edits name and no pipeline makes. */
async function putEdited({ foreign, sandbox }: World, regions: readonly string[]): Promise<void> {
  const trust = { Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' };
  const AssumeRolePolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [trust] });
  await foreign.iam.send(new CreateRoleCommand({ RoleName: EXISTING.role, AssumeRolePolicyDocument }));
  for (const region of regions) {
    const clients = foreignClients(sandbox.url, region);
    for (const bucket of [EXISTING.bucket, EXISTING.otherBucket]) {
      const Bucket = bucket.replace('us-west-2', region);
      await clients.s3.send(new CreateBucketCommand({ Bucket }));
      for (const Key of [EXISTING.key, EXISTING.otherKey])
        await clients.s3.send(new PutObjectCommand({ Bucket, Key, Body: zipFor(`${bucket} ${Key}`) }));
    }
    clients.destroy();
  }
}
