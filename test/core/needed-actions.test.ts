import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { actionsOf } from '../../src/core/aws-actions.ts';
import { controllerPolicy } from '../../src/core/controller-policy.ts';
import { neededActions, needsIn, type Needs } from '../../src/core/needed-actions.ts';
import type { PolicyDocument, Statement } from '../../src/core/policy-document.ts';
import type { NamedThings, PolicyScope } from '../../src/core/policy-scope.ts';
import { decisionOf } from '../permissions/judge.ts';
import { IDENTITY, manifest } from './support/pipeline.ts';

const actions = new Set(neededActions(IDENTITY).flatMap((question) => question.actions));

/** How IAM calls what an operation needs, where that has another name. */
const IAM_NAMES: Readonly<Record<string, readonly string[]>> = {
  HeadBucket: ['ListBucket'],
  ListObjectVersions: ['ListBucketVersions'],
  // By version, `null` included.
  DeleteObjects: ['DeleteObjectVersion'],
  GetPublicAccessBlock: ['GetBucketPublicAccessBlock'],
  PutPublicAccessBlock: ['PutBucketPublicAccessBlock'],
  GetBucketEncryption: ['GetEncryptionConfiguration'],
  PutBucketEncryption: ['PutEncryptionConfiguration'],
  GetBucketLifecycleConfiguration: ['GetLifecycleConfiguration'],
  PutBucketLifecycleConfiguration: ['PutLifecycleConfiguration'],
  DeleteBucketLifecycle: ['PutLifecycleConfiguration'],
};

/** Adapters, and the service that each calls. */
const ADAPTERS: Readonly<Record<string, string>> = {
  'buckets.ts': 's3',
  'bucket-settings.ts': 's3',
  'bucket-objects.ts': 's3',
  'roles.ts': 'iam',
  'functions.ts': 'lambda',
  'log-groups.ts': 'logs',
  'receipt-rules.ts': 'ses',
  'mail-identities.ts': 'ses',
};

test('every operation that an adapter calls is asked for', () => {
  const folder = new URL('../../src/aws/', import.meta.url);
  const lacking = readdirSync(folder).flatMap((file) => {
    const service = ADAPTERS[file];
    if (service === undefined) return [];
    const called = [...readFileSync(new URL(file, folder), 'utf8').matchAll(/\(\s*'([A-Z][A-Za-z]+)'/g)].map(
      ([, name = '']) => name,
    );
    expect(called.length).toBeGreaterThan(1);
    return called
      .flatMap((name) => (IAM_NAMES[name] ?? [name]).map((each) => `${service}:${each}`))
      .filter((each) => !actions.has(each));
  });

  expect(lacking).toEqual([]);
});

test('each is asked for once about the same thing', () => {
  const asked = neededActions(IDENTITY).flatMap(({ actions, resources }) =>
    actions.map((action) => `${action} ${resources.join(' ')}`),
  );
  expect(new Set(asked).size).toBe(asked.length);
});

const { account, partition, region, installation, namespace } = IDENTITY;
const SCOPE: PolicyScope = { account, partition, regions: [region], installation };
const BOUNDARY = `arn:aws:iam::${account}:policy/mail-functions`;
const NAMED: NamedThings = {
  buckets: ['mail-of-the-shop'],
  codeBuckets: ['releases'],
  roleArns: [`arn:aws:iam::${account}:role/made-by-hand`],
  functions: ['shop'],
  layers: [`arn:aws:lambda:${region}:${account}:layer:tools:3`],
  vpc: true,
  repositories: [`arn:aws:ecr:${region}:${account}:repository/handler`],
  kmsKeys: [`arn:aws:kms:${region}:${account}:key/1`],
};

const MORE: Needs = { codeVersionBuckets: ['releases'], publishedFunctions: ['shop'] };
const [OURS, SHOP] = [`${installation}-*`, 'shop'];

/** Actions of which doctor would say that the policy does not allow them. */
const missingIn = (policy: PolicyDocument, needs: Needs): readonly string[] =>
  neededActions(IDENTITY, needs).flatMap(({ actions, resources, context }) => {
    const asked = Object.fromEntries(Object.entries(context).map(([key, value]) => [key.toLowerCase(), value]));
    return actions.filter(
      (action) => decisionOf(policy, { action, resource: resources[0] ?? '', context: asked }) !== 'allow',
    );
  });

test.for<[what: string, scope: PolicyScope, needs: Needs]>([
  ['of a controller', SCOPE, {}],
  ['of several regions', { ...SCOPE, regions: ['us-east-1', region] }, {}],
  ['with a boundary', { ...SCOPE, permissionsBoundaryArn: BOUNDARY }, { permissionsBoundaryArn: BOUNDARY }],
  ['of pipelines that name things', { ...SCOPE, ...NAMED }, { ...NAMED, ...MORE }],
  [
    'of a tenant',
    { ...SCOPE, ...NAMED, rolePath: '/team/', namespaces: [namespace], permissionsBoundaryArn: BOUNDARY },
    { ...NAMED, rolePath: '/team/', permissionsBoundaryArn: BOUNDARY, tenant: true },
  ],
  ['of tenants by pattern', { ...SCOPE, namespaces: [`${namespace.slice(0, 2)}*`] }, { tenant: true }],
])('doctor misses nothing in the policy %s', ([, scope, needs]) => {
  expect(missingIn(controllerPolicy(scope), needs)).toEqual([]);
});

test('doctor misses what pipelines name, where the policy does not', () => {
  expect(missingIn(controllerPolicy(SCOPE), NAMED)).toEqual(
    expect.arrayContaining([
      's3:PutBucketPolicy',
      's3:GetObject',
      'iam:PassRole',
      'lambda:CreateFunction',
      'lambda:GetLayerVersion',
      'ec2:DescribeVpcs',
      'ecr:BatchGetImage',
      'kms:Encrypt',
      'kms:CreateGrant',
    ]),
  );
});

test.for<[sid: string, statement: Partial<Statement> | undefined, needs: Needs, lacking: readonly string[]]>([
  ['LookForRoles', undefined, {}, actionsOf(['roleSearch'])],
  ['ReadCode', { Action: ['s3:GetObject'] }, {}, ['s3:GetObjectVersion']],
  [
    'OurFunctions',
    { Resource: [OURS, SHOP].map((name) => `arn:${partition}:lambda:${region}:${account}:function:${name}`) },
    {},
    actionsOf(['qualifiedFunction']),
  ],
  ['TakeRolesOutOfProfiles', undefined, {}, actionsOf(['profiles'])],
  ['TakeRolesOutOfProfiles', undefined, { tenant: true }, []],
])('doctor finds what is lacking where %s is %j, for %j', ([sid, statement, needs, lacking]) => {
  const whole = controllerPolicy({ ...SCOPE, ...NAMED });
  const part = whole.Statement.flatMap((each) => {
    if (each['Sid'] !== sid) return [each];
    return statement === undefined ? [] : [{ ...each, ...statement }];
  });

  const missing = missingIn({ ...whole, Statement: part }, { ...NAMED, ...MORE, ...needs });

  expect(part).not.toEqual(whole.Statement);
  expect([...missing].sort()).toEqual([...lacking]);
});

test('doctor asks for more where manifests name a version of code or publish under a name of their own', () => {
  const of = (settings: object, s3: object) =>
    manifest({ function: { handler: 'index.handler', ...settings, code: { s3: { key: 'app.zip', ...s3 } } } }).spec;
  const spec = of({ name: 'shop', publish: true }, { bucket: 'releases', version: '1' });
  const plain = of({ name: 'till' }, { bucket: 'others' });

  expect(needsIn([spec, plain], partition)).toMatchObject({ ...MORE, codeBuckets: ['releases', 'others'] });
});

test('a tenant may not work in the namespace of another', () => {
  const other = controllerPolicy({ ...SCOPE, rolePath: '/team/', namespaces: ['other'] });
  const ours = missingIn(other, { rolePath: '/team/' });

  expect(ours).toEqual(expect.arrayContaining([...actionsOf(['newRole', 'role', 'passedRoles', 'newFunction', 'fn'])]));
  expect(ours).toEqual(expect.arrayContaining([...actionsOf(['markedFunction', 'logGroup'])]));
});
