import type { ReceiptRule } from '@aws-sdk/client-ses';
import { load, loadAll } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { activeSet, functionArn, setUpByHand } from '../support/made-by-hand.ts';
import type { Document } from '../support/manifests.ts';
import { startWorld, type World } from '../support/world.ts';

const BUCKET = 'mail-of-the-shop';
const SET = 'default-rule-set';
const ADOPT = 'ses-lambda-pipeline.dev/adopt';

const store = { S3Action: { BucketName: BUCKET, ObjectKeyPrefix: 'inbound' } };
const invoke = (name: string) => ({
  LambdaAction: { FunctionArn: functionArn(name), InvocationType: 'Event' as const },
});
const stop = { StopAction: { Scope: 'RuleSet' as const } };
const header = { AddHeaderAction: { HeaderName: 'X-Shop', HeaderValue: 'yes' } };

function rule(Name: string, Actions: ReceiptRule['Actions'], over: Partial<ReceiptRule> = {}): ReceiptRule {
  return { Name, Enabled: true, ScanEnabled: true, Recipients: [`${Name}@example.com`], Actions, ...over };
}

const RULES = [
  rule('orders', [store, invoke('shop')]),
  rule('Foreign_first', [header]),
  rule('orders_stop', [store, header, invoke('shop'), stop], { ScanEnabled: false, TlsPolicy: 'Require' }),
  rule('bills', [store, invoke('bookkeeping')], { Enabled: false }),
  rule('archive', [store]),
  rule('both', [store, invoke('shop'), invoke('bookkeeping')]),
  rule('late', [header, store, invoke('shop')]),
];

async function shop(rules: readonly ReceiptRule[] = RULES): Promise<World> {
  const world = await startWorld();
  await setUpByHand(world.foreign, { bucket: BUCKET, functions: ['shop', 'bookkeeping'] });
  await activeSet(world.foreign, SET, rules);
  world.faults.clearCalls();
  return world;
}

const importing = (world: World, ...args: string[]) => world.run(['import', '--region', 'us-west-2', ...args]);
const documentsOf = (text: string) => loadAll(text) as Document[];

describe('import', () => {
  it('S3 S23 writes a manifest for each function, over its bucket, role and code as they are', async () => {
    const world = await shop();
    const { out, err, code } = await importing(world, '-n', 'mail');
    const documents = documentsOf(out);

    expect(documents.map(({ metadata }) => metadata)).toEqual([
      { name: 'shop', namespace: 'mail' },
      { name: 'bookkeeping', namespace: 'mail' },
    ]);
    expect(documents[0]?.spec).toEqual({
      region: 'us-west-2',
      messageBodyStorage: { bucketName: BUCKET, placement: 'PerRule', objectKeyPrefix: 'inbound' },
      role: { existingArn: 'arn:aws:iam::123456789012:role/made-by-hand' },
      function: {
        name: 'shop',
        description: 'Reads mail',
        runtime: 'nodejs24.x',
        handler: 'index.handler',
        memorySize: 128,
        timeout: 3,
        environment: { TABLE: 'mail' },
        code: { existing: true },
      },
      ruleSet: { name: SET, create: false },
      receiptRules: [
        { name: 'orders', ruleName: 'orders', recipients: ['orders@example.com'] },
        {
          name: 'orders-stop',
          ruleName: 'orders_stop',
          recipients: ['orders_stop@example.com'],
          tlsPolicy: 'Require',
          scanEnabled: false,
          actions: [{ addHeader: { name: 'X-Shop', value: 'yes' } }],
          stop: true,
        },
      ],
    });
    expect(code).toBe(2);
    expect(err.split('\n').map((line) => /rule (\S+), because (.*)/.exec(line)?.slice(1))).toEqual([
      ['Foreign_first', 'it invokes no function, and a rule of a pipeline does.'],
      ['archive', 'it invokes no function, and a rule of a pipeline does.'],
      ['both', 'it invokes 2 functions, and a pipeline has one.'],
      ['late', 'its S3 action does not stand first, or it has several.'],
    ]);
    expect(world.writes()).toEqual([]);
  });

  it('prints the same as data, for those who read JSON', async () => {
    const world = await shop();
    const { out } = await importing(world, '-o', 'json', '--rules', 'orders,bills', '--adopt');
    const text = await importing(world, '--rules', 'orders,bills', '--adopt');
    const data = JSON.parse(out) as { format: string; pipelines: { manifest: Document }[]; leftOut: unknown[] };

    expect(data).toMatchObject({ format: 'ses-lambda-pipeline.dev/import/v1', leftOut: [] });
    expect(documentsOf(text.out)).toEqual(data.pipelines.map(({ manifest }) => manifest));
    expect(text.code).toBe(0);
  });

  it('takes over nothing before it is told to, and says what to write', async () => {
    const world = await shop();
    const { out } = await importing(world, '--rules', 'orders');
    const before = await world.holdings();
    const applied = await world.apply(documentsOf(out));

    expect(applied.code).toBe(1);
    expect(applied.err).toContain(ADOPT);
    expect(out).toContain(`# annotations: { ${ADOPT}: "true" }`);
    expect(load(out.replace('# annotations:', 'annotations:'))).toMatchObject({
      metadata: { annotations: { [ADOPT]: 'true' } },
    });
    expect(await world.holdings()).toEqual(before);
  });

  it('S10 B4 lets apply take over while mail comes in: nothing is deleted, no bucket made, no mail lost or told twice', async () => {
    const world = await shop(RULES.map((one) => ({ ...one, TlsPolicy: 'Optional' })));
    const { out } = await importing(world, '--adopt');
    const documents = documentsOf(out);
    const before = await world.holdings();

    const taking = { over: false };
    const apply = world.apply(documents).finally(() => {
      taking.over = true;
    });
    let sent = 0;
    for (; !taking.over || sent < 3; sent += 1) await world.send({ to: 'orders@example.com' });
    expect((await apply).code).toBe(0);
    await world.send({ to: 'orders_stop@example.com' });

    const after = await world.holdings();
    expect(after.ruleSets).toEqual(before.ruleSets);
    expect(after.roles).toEqual(before.roles);
    expect(after.buckets.map(({ name }) => name)).toEqual([BUCKET]);
    expect(after.functions.map(({ name, codeSha256 }) => [name, codeSha256])).toEqual(
      before.functions.map(({ name, codeSha256 }) => [name, codeSha256]),
    );
    expect(world.writes().filter((operation) => /Delete|Remove|Receipt|CreateBucket/.test(operation))).toEqual([]);

    const told = (await world.log()).map(({ messageId }) => String(messageId));
    expect(told).toHaveLength(sent + 1);
    expect(new Set(told).size).toBe(sent + 1);
    const keys = (await world.bucket()).keys;
    for (const messageId of told) expect(keys).toContain(`inbound/${messageId}`);

    expect(await world.plan(documents)).toMatchObject({ code: 0, steps: [] });
    const confirmed = documents.map(({ metadata: { name, namespace }, ...rest }) => ({
      ...rest,
      metadata: { name, namespace },
    }));
    expect(await world.plan(confirmed)).toMatchObject({ code: 0, steps: [] });
  });

  it('says what it cannot be asked for', async () => {
    const world = await shop([]);

    expect(await importing(world, '--rule-set', 'nobody')).toMatchObject({
      code: 1,
      err: 'Error: --rule-set nobody: there is no such rule set in us-west-2',
    });
    expect(await importing(world, '--rules', 'a,b')).toMatchObject({
      code: 1,
      err: `Error: --rules a,b: not in rule set ${SET}`,
    });
    expect(await importing(world, '--installation', 'A_B')).toMatchObject({ code: 1 });
    expect(await importing(world)).toMatchObject({ code: 0, err: 'No rule can be taken over.' });
    expect(await world.run(['import'])).toMatchObject({
      code: 1,
      err: 'Error: say which region to look at: --region us-west-2',
    });
  });
});
