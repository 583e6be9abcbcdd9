import {
  AttachRolePolicyCommand,
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  PutRolePolicyCommand,
  TagRoleCommand,
  UntagRoleCommand,
  UpdateAssumeRolePolicyCommand,
} from '@aws-sdk/client-iam';
import {
  AddPermissionCommand,
  DeleteFunctionCommand,
  RemovePermissionCommand,
  TagResourceCommand,
  UpdateFunctionCodeCommand,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda';
import {
  DeleteBucketCommand,
  DeleteBucketPolicyCommand,
  DeleteObjectCommand,
  DeletePublicAccessBlockCommand,
  ListObjectVersionsCommand,
  PutBucketEncryptionCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketOwnershipControlsCommand,
  PutBucketPolicyCommand,
  PutBucketTaggingCommand,
  PutBucketVersioningCommand,
} from '@aws-sdk/client-s3';
import {
  DeleteReceiptRuleCommand,
  ReorderReceiptRuleSetCommand,
  SetActiveReceiptRuleSetCommand,
  SetReceiptRulePositionCommand,
  UpdateReceiptRuleCommand,
} from '@aws-sdk/client-ses';
import { strToU8, zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import type { Foreign } from '../support/aws-clients.ts';
import type { Holdings } from '../support/holdings.ts';
import { pipeline } from '../support/manifests.ts';
import { startWorld } from '../support/world.ts';

const SET = 'ses-lambda-pipeline';
const DOCUMENT = pipeline({ storage: { expireAfterDays: 30, versioned: true } });

type Names = {
  readonly bucket: string;
  readonly role: string;
  readonly fn: string;
  readonly fnArn: string;
  readonly holdings: Holdings;
};
type Drift = {
  readonly what: string;
  /** What a stranger does. */
  readonly spoil: (clients: Foreign, names: Names) => Promise<unknown>;
  /** What puts it right. */
  readonly writes: readonly string[];
};

const policyOf = (...statements: readonly unknown[]) =>
  JSON.stringify({ Version: '2012-10-17', Statement: statements });
const ruleOf = ({ holdings }: Names, index: number) => {
  const found = holdings.ruleSets[SET]?.[index];
  if (found === undefined) throw new Error(`there is no rule ${index}`);
  return found;
};
const update = ({ ses }: Foreign, Rule: ReturnType<typeof ruleOf>) =>
  ses.send(new UpdateReceiptRuleCommand({ RuleSetName: SET, Rule }));

const DRIFTS: readonly Drift[] = [
  {
    what: 'the bucket policy is deleted',
    spoil: ({ s3 }, { bucket }) => s3.send(new DeleteBucketPolicyCommand({ Bucket: bucket })),
    writes: ['s3:PutBucketPolicy'],
  },
  {
    what: 'our statement is taken out of the bucket policy',
    spoil: ({ s3 }, { bucket }) =>
      s3.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy: policyOf(DENY_DELETE(bucket)) })),
    writes: ['s3:PutBucketPolicy'],
  },
  {
    what: 'our statement is altered under its Sid',
    spoil: ({ s3 }, { bucket, holdings }) => {
      const [ours] = holdings.buckets[0]?.policy ?? [];
      return s3.send(
        new PutBucketPolicyCommand({
          Bucket: bucket,
          Policy: policyOf({ ...ours, Condition: { StringEquals: { 'aws:SourceAccount': '123456789012' } } }),
        }),
      );
    },
    writes: ['s3:PutBucketPolicy'],
  },
  {
    what: 'a tag of the bucket is changed',
    spoil: ({ s3 }, { bucket, holdings }) => {
      const tags = { ...holdings.buckets[0]?.tags, 'sparta:logicalBucketName': 'Other' };
      return s3.send(
        new PutBucketTaggingCommand({
          Bucket: bucket,
          Tagging: { TagSet: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) },
        }),
      );
    },
    writes: ['s3:PutBucketTagging'],
  },
  {
    what: 'the public access block is removed',
    spoil: ({ s3 }, { bucket }) => s3.send(new DeletePublicAccessBlockCommand({ Bucket: bucket })),
    writes: ['s3:PutPublicAccessBlock'],
  },
  {
    what: 'ACLs are switched on',
    spoil: ({ s3 }, { bucket }) =>
      s3.send(
        new PutBucketOwnershipControlsCommand({
          Bucket: bucket,
          OwnershipControls: { Rules: [{ ObjectOwnership: 'ObjectWriter' }] },
        }),
      ),
    writes: ['s3:PutBucketOwnershipControls'],
  },
  {
    what: 'the encryption is changed',
    spoil: ({ s3 }, { bucket }) =>
      s3.send(
        new PutBucketEncryptionCommand({
          Bucket: bucket,
          ServerSideEncryptionConfiguration: {
            Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms' } }],
          },
        }),
      ),
    writes: ['s3:PutBucketEncryption'],
  },
  {
    what: 'versioning is suspended',
    spoil: ({ s3 }, { bucket }) =>
      s3.send(new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: { Status: 'Suspended' } })),
    writes: ['s3:PutBucketVersioning'],
  },
  {
    what: 'our lifecycle rule is switched off',
    spoil: ({ s3 }, { bucket, holdings }) => {
      const Rules = (holdings.buckets[0]?.lifecycle ?? []).map((rule) => ({ ...rule, Status: 'Disabled' as const }));
      return s3.send(new PutBucketLifecycleConfigurationCommand({ Bucket: bucket, LifecycleConfiguration: { Rules } }));
    },
    writes: ['s3:PutBucketLifecycleConfiguration'],
  },
  {
    what: 'our policy of the role is widened',
    spoil: ({ iam }, { role }) =>
      iam.send(
        new PutRolePolicyCommand({
          RoleName: role,
          PolicyName: 'ses-lambda-pipeline',
          PolicyDocument: policyOf({ Effect: 'Allow', Action: '*', Resource: '*' }),
        }),
      ),
    writes: ['iam:PutRolePolicy'],
  },
  {
    what: 'our policy of the role is deleted',
    spoil: ({ iam }, { role }) =>
      iam.send(new DeleteRolePolicyCommand({ RoleName: role, PolicyName: 'ses-lambda-pipeline' })),
    writes: ['iam:PutRolePolicy'],
  },
  {
    what: 'the role gets a further policy of its own',
    spoil: ({ iam }, { role }) =>
      iam.send(
        new PutRolePolicyCommand({
          RoleName: role,
          PolicyName: 'more',
          PolicyDocument: policyOf({ Effect: 'Allow', Action: '*', Resource: '*' }),
        }),
      ),
    writes: ['iam:DeleteRolePolicy'],
  },
  {
    what: 'the role gets a managed policy',
    spoil: ({ iam }, { role }) =>
      iam.send(
        new AttachRolePolicyCommand({ RoleName: role, PolicyArn: 'arn:aws:iam::aws:policy/AdministratorAccess' }),
      ),
    writes: ['iam:DetachRolePolicy'],
  },
  {
    what: 'the role is opened to others',
    spoil: ({ iam }, { role }) =>
      iam.send(
        new UpdateAssumeRolePolicyCommand({
          RoleName: role,
          PolicyDocument: policyOf({
            Effect: 'Allow',
            Principal: { Service: ['lambda.amazonaws.com', 'ec2.amazonaws.com'] },
            Action: 'sts:AssumeRole',
          }),
        }),
      ),
    writes: ['iam:UpdateAssumeRolePolicy'],
  },
  {
    what: 'the configuration of the function is changed',
    spoil: ({ lambda }, { fn }) =>
      lambda.send(
        new UpdateFunctionConfigurationCommand({
          FunctionName: fn,
          MemorySize: 1024,
          Timeout: 1,
          Environment: { Variables: { DEBUG: '1' } },
        }),
      ),
    writes: ['lambda:UpdateFunctionConfiguration'],
  },
  {
    what: 'the code of the function is changed',
    spoil: ({ lambda }, { fn }) =>
      lambda.send(
        new UpdateFunctionCodeCommand({
          FunctionName: fn,
          ZipFile: zipSync({ 'index.mjs': strToU8('export const handler = () => {};') }),
        }),
      ),
    writes: ['lambda:UpdateFunctionCode'],
  },
  {
    what: 'the permission of SES is removed',
    spoil: ({ lambda }, { fn, holdings }) =>
      lambda.send(
        new RemovePermissionCommand({ FunctionName: fn, StatementId: holdings.functions[0]?.policy[0]?.Sid }),
      ),
    writes: ['lambda:AddPermission'],
  },
  {
    what: 'the permission of SES is opened to every account',
    spoil: async ({ lambda }, { fn, holdings }) => {
      const StatementId = holdings.functions[0]?.policy[0]?.Sid;
      await lambda.send(new RemovePermissionCommand({ FunctionName: fn, StatementId }));
      await lambda.send(
        new AddPermissionCommand({
          FunctionName: fn,
          StatementId,
          Action: 'lambda:InvokeFunction',
          Principal: 'ses.amazonaws.com',
        }),
      );
    },
    writes: ['lambda:RemovePermission', 'lambda:AddPermission'],
  },
  {
    what: 'a rule is switched off',
    spoil: (clients, names) => update(clients, { ...ruleOf(names, 1), Enabled: false }),
    writes: ['ses:UpdateReceiptRule'],
  },
  {
    what: 'recipients of a rule are cut',
    spoil: (clients, names) => update(clients, { ...ruleOf(names, 0), Recipients: ['first@example.com'] }),
    writes: ['ses:UpdateReceiptRule'],
  },
  {
    what: 'a rule gets another action in front',
    spoil: (clients, names) => {
      const rule = ruleOf(names, 2);
      return update(clients, { ...rule, Actions: [{ StopAction: { Scope: 'RuleSet' } }, ...(rule.Actions ?? [])] });
    },
    writes: ['ses:UpdateReceiptRule'],
  },
  {
    what: 'a rule is moved to the head',
    spoil: ({ ses }, names) =>
      ses.send(new SetReceiptRulePositionCommand({ RuleSetName: SET, RuleName: ruleOf(names, 2).Name })),
    writes: ['ses:ReorderReceiptRuleSet'],
  },
  {
    what: 'all rules are reversed',
    spoil: ({ ses }, names) =>
      ses.send(
        new ReorderReceiptRuleSetCommand({
          RuleSetName: SET,
          RuleNames: [2, 1, 0].map((index) => ruleOf(names, index).Name ?? ''),
        }),
      ),
    writes: ['ses:ReorderReceiptRuleSet'],
  },
  {
    what: 'the storage rule is deleted',
    spoil: ({ ses }, names) =>
      ses.send(new DeleteReceiptRuleCommand({ RuleSetName: SET, RuleName: ruleOf(names, 0).Name })),
    writes: ['ses:CreateReceiptRule'],
  },
  {
    what: 'a rule in the middle is deleted',
    spoil: ({ ses }, names) =>
      ses.send(new DeleteReceiptRuleCommand({ RuleSetName: SET, RuleName: ruleOf(names, 1).Name })),
    writes: ['ses:CreateReceiptRule'],
  },
  {
    what: 'receiving is switched off',
    spoil: ({ ses }) => ses.send(new SetActiveReceiptRuleSetCommand({})),
    writes: ['ses:SetActiveReceiptRuleSet'],
  },
  {
    what: 'the role is deleted',
    spoil: async ({ iam }, { role }) => {
      await iam.send(new DeleteRolePolicyCommand({ RoleName: role, PolicyName: 'ses-lambda-pipeline' }));
      await iam.send(new DeleteRoleCommand({ RoleName: role }));
    },
    writes: ['iam:CreateRole', 'iam:PutRolePolicy'],
  },
  {
    what: 'the function is deleted',
    spoil: ({ lambda }, { fn }) => lambda.send(new DeleteFunctionCommand({ FunctionName: fn })),
    writes: ['lambda:CreateFunction', 'lambda:AddPermission'],
  },
];

function DENY_DELETE(bucket: string) {
  return {
    Sid: 'KeepIt',
    Effect: 'Deny',
    Principal: '*',
    Action: 's3:DeleteBucket',
    Resource: `arn:aws:s3:::${bucket}`,
  };
}

async function settledWorld() {
  const world = await startWorld();
  await world.mustApply(DOCUMENT);
  const holdings = await world.holdings();
  const {
    buckets: [bucket],
    roles: [role],
    functions: [fn],
  } = holdings;
  if (bucket === undefined || role === undefined || fn === undefined) throw new Error('the pipeline is incomplete');
  return { world, names: { bucket: bucket.name, role: role.name, fn: fn.name, fnArn: fn.arn, holdings } };
}

describe('apply puts it right', () => {
  it.each(DRIFTS)('when $what', async ({ spoil, writes }) => {
    const { world, names } = await settledWorld();
    await spoil(world.foreign, names);
    world.faults.clearCalls();

    expect((await world.plan([DOCUMENT])).code).toBe(2);
    expect(world.writes()).toEqual([]);
    await world.mustApply(DOCUMENT);
    expect(world.writes()).toEqual(writes);
    expect((await world.plan([DOCUMENT])).code).toBe(0);

    const { buckets, ...rest } = await world.holdings();
    const { buckets: bucketsBefore, ...restBefore } = names.holdings;
    expect(rest).toEqual(restBefore);
    const kept = buckets.map(({ policy, ...bucket }) => ({
      ...bucket,
      policy: policy.filter(({ Sid }) => Sid !== 'KeepIt'),
    }));
    expect(kept).toEqual(bucketsBefore);
  });

  it('B23 when the bucket is deleted: it is made anew under its name, and the plan says so', async () => {
    const { world, names } = await settledWorld();
    const { s3 } = world.foreign;
    const { Versions = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket: names.bucket }));
    for (const { Key, VersionId } of Versions)
      await s3.send(new DeleteObjectCommand({ Bucket: names.bucket, Key, VersionId }));
    await s3.send(new DeleteBucketCommand({ Bucket: names.bucket }));

    const { steps } = await world.plan([DOCUMENT]);
    expect(steps.find(({ target, verb }) => verb === 'create' && target === `bucket ${names.bucket}`)?.why).toContain(
      'made anew',
    );
    await world.mustApply(DOCUMENT);
    const { keys: _, ...after } = await world.bucket();
    const [{ keys: __, ...before } = { keys: [] }] = names.holdings.buckets;
    expect(after).toEqual(before);
    await world.send({ to: 'first@example.com' });
    expect((await world.bucket()).keys).toHaveLength(1);
  });
});

describe('apply lets be', () => {
  it('tags that others add', async () => {
    const { world, names } = await settledWorld();
    await world.foreign.iam.send(
      new TagRoleCommand({ RoleName: names.role, Tags: [{ Key: 'cost-centre', Value: '42' }] }),
    );
    await world.foreign.lambda.send(new TagResourceCommand({ Resource: names.fnArn, Tags: { 'cost-centre': '42' } }));
    const TagSet = Object.entries({ ...names.holdings.buckets[0]?.tags, 'cost-centre': '42' }).map(([Key, Value]) => ({
      Key,
      Value,
    }));
    await world.foreign.s3.send(new PutBucketTaggingCommand({ Bucket: names.bucket, Tagging: { TagSet } }));

    expect((await world.plan([DOCUMENT])).code).toBe(0);
  });

  it('statements that others add, to the bucket and to the function', async () => {
    const { world, names } = await settledWorld();
    const [ours] = names.holdings.buckets[0]?.policy ?? [];
    await world.foreign.s3.send(
      new PutBucketPolicyCommand({ Bucket: names.bucket, Policy: policyOf(ours, DENY_DELETE(names.bucket)) }),
    );
    const grant = {
      FunctionName: names.fn,
      StatementId: 'theirs',
      Action: 'lambda:InvokeFunction',
      Principal: 's3.amazonaws.com',
    };
    await world.foreign.lambda.send(new AddPermissionCommand(grant));

    expect((await world.plan([DOCUMENT])).code).toBe(0);
    await world.remove([DOCUMENT]);
    expect((await world.bucket()).policy).toMatchObject([DENY_DELETE(names.bucket)]);
  });

  it('B20 everything, with nothing but reads, when nothing differs', async () => {
    const { world } = await settledWorld();
    world.faults.clearCalls();
    await world.mustApply(DOCUMENT);

    expect(world.writes()).toEqual([]);
    const calls = world.faults.calls().map(({ operation }) => operation);
    expect(calls.filter((operation) => operation.startsWith('ses:'))).toEqual(['ses:DescribeActiveReceiptRuleSet']);
    expect(calls.length).toBeLessThanOrEqual(19);
  });
});

describe('a resource of ours whose mark was taken away', () => {
  it.each<{ what: string; unmark: Drift['spoil'] }>([
    {
      what: 'bucket',
      unmark: ({ s3 }, { bucket }) => s3.send(new PutBucketTaggingCommand({ Bucket: bucket, Tagging: { TagSet: [] } })),
    },
    {
      what: 'role',
      unmark: ({ iam }, { role, holdings }) =>
        iam.send(new UntagRoleCommand({ RoleName: role, TagKeys: Object.keys(holdings.roles[0]?.tags ?? {}) })),
    },
  ])('is a conflict for a $what: nothing is written, and nothing is made beside it', async ({ unmark }) => {
    const { world, names } = await settledWorld();
    await unmark(world.foreign, names);
    const before = await world.holdings();
    world.faults.clearCalls();
    const { code, err } = await world.apply([DOCUMENT]);

    expect(code).toBe(1);
    expect(err).toContain('OwnershipConflict');
    expect(world.writes()).toEqual([]);
    expect(await world.holdings()).toEqual(before);
  });

  it('is not replaced by another bucket when only the bucket in use cannot be looked at', async () => {
    const { world } = await settledWorld();
    world.faults.clearCalls();
    world.faults.failNext({
      operation: 's3:HeadBucket',
      error: { status: 403, code: 'AccessDenied', message: 'Injected' },
    });
    const { code } = await world.apply([DOCUMENT]);

    expect(code).toBe(1);
    expect(world.writes()).toEqual([]);
  });
});
