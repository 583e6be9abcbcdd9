import { describe, expect, test } from 'vitest';
import { lookAhead } from '../../src/core/converge.ts';
import type { Step } from '../../src/core/step.ts';
import { bucket, fakeAws } from './support/fake-aws.ts';
import { BUCKET_NAME, IDENTITY, manifest, pipeline } from './support/pipeline.ts';
import { rule } from './support/rules.ts';
import { applying, bringAbout, kindsOf, settled } from './support/work.ts';

const rules = (...names: string[]) => ({
  receiptRules: names.map((name) => ({ name, recipients: [`${name.toLowerCase()}@example.com`] })),
});

function idsBefore(steps: readonly Step[], kind: string): string[] {
  const byId = new Map(steps.map((step) => [step.id, step]));
  const found = new Set<string>();
  const open = steps.filter(({ action }) => action.kind === kind).flatMap(({ needs }) => needs);
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (found.has(id)) continue;
    found.add(id);
    open.push(...(byId.get(id)?.needs ?? []));
  }
  return [...found].map((id) => byId.get(id)?.action.kind ?? id);
}

describe('a new pipeline', () => {
  test('is made in an order that can be run from top to bottom', async () => {
    const { steps, problems } = await lookAhead(applying(pipeline(rules('A', 'B'))), fakeAws().ports);

    expect(problems).toEqual([]);
    expect(kindsOf({ steps })).toEqual([
      'createBucket',
      'blockPublicAccess',
      'mergeBucketPolicy',
      'createRole',
      'putRolePolicy',
      'createFunction',
      'addPermission',
      'createRuleSet',
      'createRule',
      'createRule',
      'createRule',
      'activateRuleSet',
    ]);
    for (const [index, step] of steps.entries())
      expect(steps.slice(0, index).map(({ id }) => id)).toEqual(expect.arrayContaining([...step.needs]));
    expect(new Set(steps.map(({ id }) => id)).size).toBe(steps.length);
  });

  test('gets no function before its bucket can store, and no rule before it can be served', async () => {
    const { steps } = await lookAhead(applying(pipeline()), fakeAws().ports);

    expect(idsBefore(steps, 'createFunction')).toEqual(
      expect.arrayContaining(['createBucket', 'blockPublicAccess', 'mergeBucketPolicy', 'createRole']),
    );
    expect(idsBefore(steps, 'createRule')).toEqual(
      expect.arrayContaining([
        'mergeBucketPolicy',
        'putRolePolicy',
        'createFunction',
        'awaitFunction',
        'addPermission',
        'createRuleSet',
      ]),
    );
    expect(idsBefore(steps, 'createRole')).toEqual([]);
  });

  test('is settled once it was made: the next plan is empty, and no call of it writes', async () => {
    const aws = fakeAws();
    await settled(applying(pipeline(rules('A', 'B'))), aws);
    const writes = aws.writes().length;

    await bringAbout(applying(pipeline(rules('A', 'B'))), aws);

    expect(aws.writes()).toHaveLength(writes);
  });

  test('with everything in it is settled as well', async () => {
    const whole = {
      messageBodyStorage: {
        logicalName: 'Special',
        placement: 'PerRule',
        objectKeyPrefix: 'in',
        encryption: { kmsKeyArn: 'arn:aws:kms:us-west-2:1:key/1' },
        expireAfterDays: 3,
        versioned: true,
      },
      role: {
        privileges: [{ actions: ['s3:GetObject'], resource: '${bucket.arnAllKeys}' }],
        managedPolicyArns: ['arn:aws:iam::aws:policy/A'],
        permissionsBoundaryArn: 'arn:aws:iam::aws:policy/B',
      },
      ruleSet: { name: 'theirs', activate: 'Always', position: 'Tail' },
    };

    const { steps } = await settled(applying(pipeline(whole)), fakeAws());

    expect(kindsOf({ steps })).toEqual([]);
  });

  test('does not care who else is in the bucket policy and the set', async () => {
    const aws = fakeAws();
    const foreign = rule('theirs', { actions: [] });
    aws.sets.set('ses-lambda-pipeline', [foreign]);
    aws.active = 'ses-lambda-pipeline';

    await settled(applying(pipeline()), aws);

    expect(aws.sets.get('ses-lambda-pipeline')).toContain(foreign);
  });
});

describe('a change', () => {
  const whole = pipeline();
  const fn = { code: { inline: { 'index.mjs': 'export const handler = () => {};' } } };
  const storage = (over: object) => ({ messageBodyStorage: { logicalName: 'Special', ...over } });

  test.each<[string, object, string[]]>([
    ['of nothing', {}, []],
    ['of memory', { function: { ...fn, memorySize: 256 } }, ['updateFunctionConfiguration']],
    ['of the environment', { function: { ...fn, environment: { AA: 'x' } } }, ['updateFunctionConfiguration']],
    ['of the architecture', { function: { ...fn, architecture: 'arm64' } }, ['updateFunctionCode']],
    ['of a privilege', { role: { privileges: [{ actions: ['s3:GetObject'], resource: '*' }] } }, ['putRolePolicy']],
    ['of managed policies', { role: { managedPolicyArns: ['arn:aws:iam::aws:policy/A'] } }, ['attachRolePolicy']],
    ['of the boundary', { role: { permissionsBoundaryArn: 'arn:aws:iam::aws:policy/A' } }, ['putRoleBoundary']],
    ['of encryption', storage({ encryption: { kmsKeyArn: 'arn:aws:kms:us-west-2:1:key/1' } }), ['putBucketEncryption']],
    ['of versions', storage({ versioned: true }), ['putBucketVersioning']],
    ['of expiry', storage({ expireAfterDays: 3 }), ['putBucketLifecycle']],
    [
      'of the prefix, which the function must know',
      storage({ objectKeyPrefix: 'in' }),
      ['updateFunctionConfiguration', 'updateRule'],
    ],
    [
      'of a recipient, without a new grant',
      { receiptRules: [{ name: 'Default', recipients: ['b@example.com'] }] },
      ['updateRule', 'updateRule', 'updateRule'],
    ],
    [
      'of TLS',
      { receiptRules: [{ name: 'Default', recipients: ['a@example.com'], tlsPolicy: 'Require' }] },
      ['updateRule', 'updateRule'],
    ],
  ])('%s is that and nothing else', async (_, spec, expected) => {
    const aws = fakeAws();
    await settled(applying(whole), aws);

    const changed = applying(pipeline(spec));

    expect(kindsOf(await lookAhead(changed, aws.ports))).toEqual(expected);
    await settled(changed, aws);
  });

  test('and back leaves nothing behind', async () => {
    const aws = fakeAws();
    await settled(applying(whole), aws);
    const before = [...aws.roles.values(), ...aws.buckets.values()];
    const changed = {
      ...storage({ versioned: true, expireAfterDays: 3 }),
      role: { managedPolicyArns: ['arn:aws:iam::aws:policy/A'], permissionsBoundaryArn: 'arn:aws:iam::aws:policy/A' },
    };

    await settled(applying(pipeline(changed)), aws);
    await settled(applying(whole), aws);

    expect([...aws.roles.values(), ...aws.buckets.values()]).toEqual(
      before.map((one) => ('versioning' in one ? { ...one, versioning: 'Suspended' } : one)),
    );
  });
});

describe('drift', () => {
  const name = (names: Iterable<string>): string => [...names][0] ?? '';

  test.each<[string, (aws: ReturnType<typeof fakeAws>) => void, string[]]>([
    [
      'the public access block was taken off',
      ({ buckets }) =>
        buckets.set(BUCKET_NAME, { ...bucket(BUCKET_NAME, buckets.get(BUCKET_NAME)), publicAccessBlock: undefined }),
      ['blockPublicAccess'],
    ],
    [
      'ACLs were switched on',
      ({ buckets }) =>
        buckets.set(BUCKET_NAME, { ...bucket(BUCKET_NAME, buckets.get(BUCKET_NAME)), ownership: 'ObjectWriter' }),
      ['putBucketOwnership'],
    ],
    [
      'the bucket policy is gone',
      ({ buckets }) =>
        buckets.set(BUCKET_NAME, { ...bucket(BUCKET_NAME, buckets.get(BUCKET_NAME)), policy: undefined }),
      ['mergeBucketPolicy'],
    ],
    [
      'the bucket is gone',
      ({ buckets }) => buckets.clear(),
      ['createBucket', 'blockPublicAccess', 'mergeBucketPolicy'],
    ],
    ['the role is gone', ({ roles }) => roles.clear(), ['createRole', 'putRolePolicy']],
    [
      'a policy was added to the role',
      ({ ports, roles }) => void ports.roles.putInlinePolicy(name(roles.keys()), 'other', { Statement: [] }),
      ['deleteRolePolicy'],
    ],
    [
      'a managed policy was attached',
      ({ ports, roles }) => void ports.roles.attachPolicy(name(roles.keys()), 'arn:x'),
      ['detachRolePolicy'],
    ],
    [
      'the role trusts others',
      ({ ports, roles }) => void ports.roles.updateTrust(name(roles.keys()), { Statement: [] }),
      ['updateRoleTrust'],
    ],
    [
      'the role is described otherwise',
      ({ ports, roles }) => void ports.roles.updateDescription(name(roles.keys()), 'x'),
      ['updateRoleDescription'],
    ],
    [
      'the permission was removed',
      ({ functions }) => functions.forEach((fn, key) => functions.set(key, { ...fn, policy: undefined })),
      ['addPermission'],
    ],
    [
      'the permission was altered under its id',
      ({ functions }) =>
        functions.forEach((fn, key) =>
          functions.set(key, {
            ...fn,
            policy: { Statement: (fn.policy?.Statement ?? []).map((one) => ({ ...one, Action: 'lambda:*' })) },
          }),
        ),
      ['removePermission', 'addPermission'],
    ],
    [
      'the set was switched off',
      (aws) => {
        aws.active = undefined;
      },
      ['activateRuleSet'],
    ],
    ['all rules were deleted', ({ sets }) => sets.set('ses-lambda-pipeline', []), ['createRule', 'createRule']],
  ])('is put right when %s', async (_, spoil, expected) => {
    const aws = fakeAws();
    const work = applying(pipeline());
    await settled(work, aws);

    spoil(aws);

    expect(kindsOf(await lookAhead(work, aws.ports))).toEqual(expected);
    await settled(work, aws);
  });

  test('says that the bucket which the function used is gone', async () => {
    const aws = fakeAws();
    await settled(applying(pipeline()), aws);
    aws.buckets.clear();

    const { steps } = await lookAhead(applying(pipeline()), aws.ports);

    expect(steps.find(({ action }) => action.kind === 'createBucket')?.why).toBe(
      'the bucket that the function uses is gone; it is made anew under its name',
    );
  });

  test('is none when others added tags and statements of their own', async () => {
    const aws = fakeAws();
    const work = applying(pipeline());
    await settled(work, aws);
    const live = bucket(BUCKET_NAME, aws.buckets.get(BUCKET_NAME));
    const Statement = [...(live.policy?.Statement ?? []), { Sid: 'Theirs', Effect: 'Deny' }];
    aws.buckets.set(BUCKET_NAME, { ...live, tags: { ...live.tags, cost: 'x' }, policy: { Statement } });

    expect(kindsOf(await lookAhead(work, aws.ports))).toEqual([]);
  });
});

describe('what is not ours', () => {
  test.each<[string, (aws: ReturnType<typeof fakeAws>, tags: Record<string, string>) => void, RegExp]>([
    [
      'a role',
      ({ roles }, tags) => roles.forEach((role, key) => roles.set(key, { ...role, tags })),
      /^Role \S+ %; it is left untouched/,
    ],
    [
      'a function',
      ({ functions }, tags) => functions.forEach((fn, key) => functions.set(key, { ...fn, tags })),
      /^Function \S+ %; it is left untouched/,
    ],
  ])('%s is left alone, and nothing is done for the pipeline', async (_, spoil, message) => {
    const says = [
      [{}, 'was not made by ses-lambda-pipeline'],
      [
        { 'ses-lambda-pipeline.dev/namespace': 'x', 'ses-lambda-pipeline.dev/name': 'y' },
        'belongs to pipeline x/y of installation \\?',
      ],
    ] as const;
    for (const [tags, who] of says) {
      const aws = fakeAws();
      await settled(applying(pipeline()), aws);
      spoil(aws, tags);

      const { steps, problems } = await lookAhead(applying(pipeline()), aws.ports);

      expect(kindsOf({ steps })).toEqual([]);
      expect(problems).toMatchObject([
        { owner: 'mail/app', stops: true, fault: { class: 'conflict', reason: 'OwnershipConflict' } },
      ]);
      expect(problems[0]?.fault.message).toMatch(new RegExp(message.source.replace('%', who)));
    }
  });

  test('does not hinder the other pipelines', async () => {
    const aws = fakeAws();
    const other = pipeline({ receiptRules: [] }, { identity: { ...IDENTITY, name: 'other' } });
    await settled(applying(pipeline()), aws);
    aws.roles.forEach((role, key) => aws.roles.set(key, { ...role, tags: {} }));

    const { steps, problems } = await lookAhead(applying(pipeline(), other), aws.ports);

    expect(problems.map(({ owner }) => owner)).toEqual(['mail/app']);
    expect(steps.find(({ action }) => action.kind === 'createFunction')?.owner).toBe('mail/other');
  });
});

describe('refusals', () => {
  const existing = { messageBodyStorage: { bucketName: 'theirs' } };

  test('an existing bucket that is missing', async () => {
    const { steps, problems } = await lookAhead(applying(pipeline(existing)), fakeAws().ports);

    expect(steps).toEqual([]);
    expect(problems).toMatchObject([
      { part: 'bucket', stops: true, fault: { class: 'dependency', reason: 'DependencyNotReady' } },
    ]);
  });

  test('another bucket than that of the live pipeline, in every direction', async () => {
    const own = (logicalName: string) => ({ messageBodyStorage: { logicalName } });
    for (const [before, after] of [
      [own('A'), own('B')],
      [own('A'), existing],
      [existing, own('A')],
      [existing, { messageBodyStorage: { bucketName: 'other' } }],
    ]) {
      const aws = fakeAws();
      for (const name of ['theirs', 'other']) aws.buckets.set(name, bucket(name));
      await settled(applying(pipeline(before)), aws);

      const { steps, problems } = await lookAhead(applying(pipeline(after)), aws.ports);

      expect(steps).toEqual([]);
      expect(problems).toMatchObject([{ stops: true, fault: { class: 'invalid', reason: 'Immutable' } }]);
    }
  });

  test('a set that would hold more rules than SES allows', async () => {
    const aws = fakeAws();
    const foreign = (index: number) =>
      ({
        name: `f${index}`,
        enabled: true,
        tlsPolicy: 'Optional',
        scanEnabled: true,
        recipients: [],
        actions: [],
      }) as const;
    aws.sets.set(
      'ses-lambda-pipeline',
      Array.from({ length: 199 }, (_, index) => foreign(index)),
    );
    aws.active = 'ses-lambda-pipeline';

    const { steps, problems } = await lookAhead(applying(pipeline()), aws.ports);

    expect(steps).toEqual([]);
    expect(problems).toMatchObject([
      {
        part: 'rules',
        stops: true,
        fault: { reason: 'QuotaExceeded', message: expect.stringContaining('would hold 201 rules') },
      },
    ]);
  });

  test('a recipient that another pipeline of the same run has', async () => {
    const other = pipeline({}, { identity: { ...IDENTITY, name: 'zzz' } });

    const { problems } = await lookAhead(applying(pipeline(), other), fakeAws().ports);

    expect(problems).toMatchObject([
      { owner: 'mail/zzz', part: 'rules', stops: true, fault: { reason: 'RecipientClaimed' } },
    ]);
  });
});

test('a bucket that exists gets a statement in its policy and nothing else', async () => {
  const aws = fakeAws();
  const policy = { Id: 'x', Statement: [{ Sid: 'Theirs', Effect: 'Allow' }] };
  aws.buckets.set(
    'theirs',
    bucket('theirs', { policy, publicAccessBlock: undefined, ownership: 'ObjectWriter', versioning: 'Enabled' }),
  );

  await settled(applying(pipeline({ messageBodyStorage: { bucketName: 'theirs' } })), aws);

  expect(aws.writes().filter((call) => call.startsWith('buckets.'))).toEqual(['buckets.putPolicy theirs']);
  expect(aws.buckets.get('theirs')?.policy).toMatchObject({
    Id: 'x',
    Statement: [policy.Statement[0], { Effect: 'Allow' }],
  });
});

test('lifecycle rules of others in our bucket stay', async () => {
  const aws = fakeAws();
  await settled(applying(pipeline()), aws);
  const theirs = { id: 'theirs', Status: 'Enabled' };
  aws.buckets.set(BUCKET_NAME, { ...bucket(BUCKET_NAME, aws.buckets.get(BUCKET_NAME)), lifecycle: [theirs] });

  await settled(applying(pipeline({ messageBodyStorage: { logicalName: 'Special', expireAfterDays: 3 } })), aws);
  expect(aws.buckets.get(BUCKET_NAME)?.lifecycle).toMatchObject([theirs, { id: 'ses-lambda-pipeline-expire' }]);

  await settled(applying(pipeline()), aws);
  expect(aws.buckets.get(BUCKET_NAME)?.lifecycle).toEqual([theirs]);
});

test('an idle function can be changed, one that is busy is waited for', async () => {
  const aws = fakeAws();
  await settled(applying(pipeline()), aws);
  const changed = applying(pipeline({ function: { ...manifest().spec.function, memorySize: 512 } }));
  const planWhen = async (state: string, lastUpdateStatus: string) => {
    aws.functions.forEach((fn, key) => aws.functions.set(key, { ...fn, state, lastUpdateStatus }));
    return (await lookAhead(changed, aws.ports)).steps.map(({ action }) => action.kind);
  };

  expect(await planWhen('Inactive', 'Successful')).toEqual(['updateFunctionConfiguration', 'awaitFunction']);
  expect(await planWhen('Active', 'InProgress')).toEqual([
    'awaitFunction',
    'updateFunctionConfiguration',
    'awaitFunction',
  ]);
});

test('values of the environment are not shown: they may be secrets', async () => {
  const aws = fakeAws();
  const withSecret = (secret: string) =>
    applying(pipeline({ function: { ...manifest().spec.function, environment: { TOKEN: secret } } }));
  await settled(withSecret('first-secret'), aws);

  const { steps } = await lookAhead(withSecret('second-secret'), aws.ports);

  expect(JSON.stringify(steps.map(({ changes }) => changes))).not.toMatch(/first-secret|second-secret/);
  expect(steps[0]?.changes).toEqual([{ field: 'environment.TOKEN', before: '(set)', after: '(changed)' }]);
});
