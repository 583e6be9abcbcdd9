import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { loadAll } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { pipeline, rule } from '../support/manifests.ts';
import { startWorld, type World } from '../support/world.ts';

/** The whole example that is published with the project: the seed's pipeline and its handler. */
const ECHO = ['configmap.yaml', 'pipeline.yaml'].flatMap((file) =>
  loadAll(readFileSync(fileURLToPath(new URL(`../../examples/echo/${file}`, import.meta.url)), 'utf8')),
);
const SPECIAL_ID = 'SESMessageStoreBucketa622fdfda5789d596c08c79124f12b978b3da772';

const SETUP = 'AMAZON_SES_SETUP_NOTIFICATION';
const bodies = async (world: World) => (await world.bucket()).keys.filter((key) => !key.endsWith(SETUP));

const outcomes = ({ sandbox }: World) =>
  sandbox.ses.journal
    .mails()
    .map(({ rules }) =>
      rules.flatMap(({ name, outcome }) => (outcome === 'matched' ? [name.replace(/^.*_/, '')] : [])),
    );

const refused = (sent: Promise<void>) =>
  sent.then(
    () => 'accepted',
    (error: { responseCode?: number }) => `refused with ${String(error.responseCode)}`,
  );

describe("the seed's example, as it is published", () => {
  it('S15 S31 S32 S33 S34 B16 logs what the seed says, once for each rule that matches', async () => {
    const world = await startWorld();
    await world.mustApply(...ECHO);
    await world.send({ to: 'sombody_special@gosparta.io', from: 'sender@elsewhere.test' });

    const [mail] = world.sandbox.ses.journal.mails();
    const { name } = await world.bucket();
    const bucket = {
      DomainName: `${name}.s3.amazonaws.com`,
      Ref: name,
      Tags: [{ Key: 'sparta:logicalBucketName', Value: 'Special' }],
      Type: 'AWS::S3::Bucket',
      WebsiteURL: `http://${name}.s3-website-us-west-2.amazonaws.com`,
    };
    const log = await world.log();
    const one = [
      { level: 'info', msg: 'Request received', RequestID: expect.stringMatching(/^[0-9a-f-]{36}$/) },
      {
        level: 'debug',
        msg: 'Discovery results',
        Error: null,
        Configuration: { [SPECIAL_ID]: bucket, handlerFunc: 'index.handler' },
      },
      {
        level: 'info',
        msg: 'SES Event',
        Source: 'sender@elsewhere.test',
        MessageID: mail?.id,
        S3BodyInfo: { Bucket: bucket },
      },
      {
        level: 'info',
        msg: 'SES MessageBody',
        Error: null,
        Metadata: expect.objectContaining({ ContentLength: mail?.sizeBytes }),
      },
    ];
    expect(outcomes(world)).toEqual([['MessageBodyStorage', 'Special', 'Default']]);
    expect(log).toHaveLength(8);
    for (const line of one)
      expect(log.filter(({ msg }) => msg === line.msg)).toEqual(
        [line, line].map((each) => expect.objectContaining(each)),
      );
    expect(new Set(log.filter(({ msg }) => msg === 'Request received').map(({ RequestID }) => RequestID)).size).toBe(2);
  });

  it('S12 S15 B12 stores a mail once, under its id, however many rules match', async () => {
    const world = await startWorld();
    await world.mustApply(...ECHO);
    await world.send({ to: 'sombody_special@gosparta.io' });

    expect(await bodies(world)).toEqual(world.sandbox.ses.journal.mails().map(({ id }) => id));
    expect(world.faults.calls().filter(({ operation }) => operation === 's3:HeadObject')).toHaveLength(2);
  });

  it('S15 takes mail for anybody else once', async () => {
    const world = await startWorld();
    await world.mustApply(...ECHO);
    await world.send({ to: 'anybody@gosparta.io' });

    expect(outcomes(world)).toEqual([['MessageBodyStorage', 'Default']]);
    expect((await world.log()).filter(({ msg }) => msg === 'SES Event')).toHaveLength(1);
  });

  it('S28 S40 shows in status what the function discovers', async () => {
    const world = await startWorld();
    await world.mustApply(...ECHO);
    const { name } = await world.bucket();
    const { environment } = await world.fn();
    const discovered: unknown = JSON.parse(
      Buffer.from(environment['SES_LAMBDA_PIPELINE_DISCOVERY'] ?? '', 'base64').toString('utf8'),
    );

    expect(discovered).toEqual({
      [SPECIAL_ID]: {
        DomainName: `${name}.s3.amazonaws.com`,
        Ref: name,
        Tags: [{ Key: 'sparta:logicalBucketName', Value: 'Special' }],
        Type: 'AWS::S3::Bucket',
        WebsiteURL: `http://${name}.s3-website-us-west-2.amazonaws.com`,
      },
      handlerFunc: 'index.handler',
    });
    const { out } = await world.run(['get', '-o', 'json'], ECHO);
    expect(JSON.parse(out)).toMatchObject({ status: { discovery: discovered, bucket: { name } } });
  });

  it('S43 B20 is explained rule by rule, and does nothing when applied twice', async () => {
    const world = await startWorld();
    await world.mustApply(...ECHO);
    const { out } = await world.run(['explain', '--to', 'sombody_special@gosparta.io', '--region', 'us-west-2']);
    expect(out).toContain('3 of 3 rules run for sombody_special@gosparta.io');

    world.faults.clearCalls();
    await world.mustApply(...ECHO);
    expect(world.writes()).toEqual([]);
    expect(world.faults.calls().filter(({ operation }) => operation.startsWith('ses:'))).toHaveLength(1);
  });
});

describe('a mail', () => {
  it('S1 S13 goes through the rules in the declared order', async () => {
    const order = ['Third', 'First', 'Second'];
    const world = await startWorld();
    await world.mustApply(
      pipeline({ invocationType: 'RequestResponse', rules: order.map((name) => rule(name, 'example.com')) }),
    );
    await world.send({ to: 'any@example.com' });

    expect(outcomes(world)).toEqual([['MessageBodyStorage', ...order]]);
    expect(await world.log()).toHaveLength(3);
  });

  it('S15 goes no further than a rule with stop', async () => {
    const world = await startWorld();
    await world.mustApply(
      pipeline({ rules: [{ ...rule('First', 'first@example.com'), stop: true }, rule('Default')] }),
    );
    await world.send({ to: 'first@example.com' });
    await world.send({ to: 'other@example.com' });

    expect(outcomes(world)).toEqual([
      ['MessageBodyStorage', 'First'],
      ['MessageBodyStorage', 'Default'],
    ]);
    expect((await world.log()).map(({ recipients }) => recipients)).toEqual([
      ['first@example.com'],
      ['other@example.com'],
    ]);
  });

  it('S19 goes no further when a synchronous function says so', async () => {
    const world = await startWorld();
    const stopping = `export const handler = async () => ({ disposition: 'STOP_RULE_SET' });`;
    const rules = [
      { ...rule('First', 'example.com'), invocationType: 'RequestResponse' as const },
      rule('Second', 'example.com'),
    ];
    await world.mustApply(pipeline({ rules, function: { code: { inline: { 'index.mjs': stopping } } } }));
    await world.send({ to: 'any@example.com' });

    expect(outcomes(world)).toEqual([['MessageBodyStorage', 'First']]);
  });

  it('S10 has its body stored before the function runs, so that it can be read', async () => {
    const reading = `import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
      import { bucketOf, discover, objectKeys } from 'ses-lambda-pipeline/lambda';
      const s3 = new S3Client({});
      export const handler = async (event) => {
        const bucket = bucketOf(discover());
        const [Key] = objectKeys(bucket, event.Records[0].ses.mail.messageId);
        const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket.Ref, Key }));
        console.log(JSON.stringify({ Key, body: await Body.transformToString() }));
      };`;
    const world = await startWorld();
    await world.mustApply(
      pipeline({ storage: { objectKeyPrefix: 'in' }, function: { code: { inline: { 'index.mjs': reading } } } }),
    );
    await world.send({ to: 'first@example.com', raw: 'From: a@b.test\r\nSubject: Hi\r\n\r\nAll there\r\n' });

    const [mail] = world.sandbox.ses.journal.mails();
    expect(await world.log()).toEqual([
      { Key: `in/${mail?.id}`, body: expect.stringMatching(/Subject: Hi\r\n\r\nAll there\r\n$/) },
    ]);
  });

  it('S10 S11 is stored by each rule where that rule stores', async () => {
    const world = await startWorld();
    const rules = [
      { ...rule('Own', 'own@example.com'), storage: { objectKeyPrefix: 'own' } },
      { ...rule('None', 'none@example.com'), storage: { disabled: true } },
      rule('Common', 'common@example.com'),
    ];
    await world.mustApply(pipeline({ storage: { placement: 'PerRule', objectKeyPrefix: 'all' }, rules }));
    await world.send({ to: 'own@example.com' });
    await world.send({ to: 'none@example.com' });
    await world.send({ to: 'common@example.com' });

    const [own, , common] = world.sandbox.ses.journal.mails();
    expect(await bodies(world)).toEqual([`all/${common?.id}`, `own/${own?.id}`]);
    expect(await world.log()).toHaveLength(3);
  });

  it('S15 S18 is refused when no rule is for its recipient, and accepted by a catch-all', async () => {
    const world = await startWorld();
    await world.mustApply(pipeline());
    expect(await refused(world.send({ to: 'nobody@example.com' }))).toMatch(/^refused with 5/);

    await world.mustApply(pipeline({ rules: [rule('Default')] }));
    expect(await refused(world.send({ to: 'nobody@example.com' }))).toBe('accepted');
    expect(await world.log()).toHaveLength(1);
  });

  it('S16 without TLS is refused where every rule for it requires TLS', async () => {
    const world = await startWorld();
    await world.mustApply(pipeline({ rules: [{ ...rule('Strict', 'first@example.com'), tlsPolicy: 'Require' }] }));

    expect(await refused(world.send({ to: 'first@example.com' }))).toMatch(/^refused with 5/);
    expect(await world.log()).toEqual([]);
  });

  it('S17 is not for a rule that is not enabled', async () => {
    const world = await startWorld();
    await world.mustApply(
      pipeline({ rules: [{ ...rule('Off', 'first@example.com'), enabled: false }, rule('On', 'second@example.com')] }),
    );

    expect(await refused(world.send({ to: 'first@example.com' }))).toMatch(/^refused with 5/);
    expect((await world.rules())[0]?.Recipients).toEqual(['second@example.com']);
  });

  it('S38 B4 is stored and then handed to the function at every moment of a change', async () => {
    const world = await startWorld();
    await world.mustApply(pipeline());
    const arrivals: { readonly after: string; readonly ids: readonly string[] }[] = [];
    const end = world.faults.onCall(({ operation, principal }) => {
      if (principal.kind !== 'root' || !operation.startsWith('ses:')) return;
      for (const recipient of ['first@example.com', 'second@example.com']) {
        const mail = {
          from: 'sender@elsewhere.test',
          recipients: [recipient],
          raw: Buffer.from('Subject: Now\r\n\r\n'),
          clientAddress: '127.0.0.1',
          clientName: 'test',
          tls: false,
        };
        arrivals.push({
          after: `${recipient} after ${operation}`,
          ids: world.sandbox.ses.receive(mail).map(({ id }) => id),
        });
      }
    });
    const other = {
      storage: { placement: 'PerRule' },
      rules: [rule('B', 'second@example.com'), rule('A', 'first@example.com')],
    } as const;
    await world.mustApply(pipeline({ ...other, rules: [...other.rules] }));
    await world.mustApply(
      pipeline({ ...other, rules: [...other.rules], ruleSet: { name: 'new', activate: 'Always' } }),
    );
    end();
    await world.sandbox.idle();

    const unserved = arrivals.filter(({ ids: [id = ''] }) => {
      const actions = (world.sandbox.ses.journal.mail(id)?.rules ?? []).flatMap((each) => each.actions);
      const kinds = actions.flatMap(({ kind, outcome }) => (outcome === 'done' ? [kind] : []));
      return kinds[0] !== 'S3Action' || !kinds.includes('LambdaAction');
    });
    expect(unserved.map(({ after }) => after)).toEqual([]);
    expect(arrivals.length).toBeGreaterThan(20);
    expect((await world.holdings()).activeRuleSet).toBe('new');
  });

  it('S39 is refused once the pipeline is deleted, and what came before stays stored', async () => {
    const world = await startWorld();
    await world.mustApply(pipeline());
    await world.send({ to: 'first@example.com' });
    await world.remove([pipeline()]);

    expect(await refused(world.send({ to: 'first@example.com' }))).toMatch(/^refused with 5/);
    expect(await bodies(world)).toHaveLength(1);
  });

  it('S11 that came under the previous prefix can still be found', async () => {
    const world = await startWorld();
    await world.mustApply(...withPrefix('old'));
    await world.mustApply(...withPrefix('new'));
    const { environment } = await world.fn();
    const discovered = JSON.parse(
      Buffer.from(environment['SES_LAMBDA_PIPELINE_DISCOVERY'] ?? '', 'base64').toString('utf8'),
    ) as Record<string, unknown>;

    expect(discovered[SPECIAL_ID]).toMatchObject({
      ObjectKeyPrefixes: ['new/', 'old/'],
      PreviousObjectKeyPrefix: 'old/',
    });
    expect((await world.plan(withPrefix('new'))).code).toBe(0);
  });
});

const withPrefix = (objectKeyPrefix: string) => [pipeline({ storage: { objectKeyPrefix } })];

describe('pipelines side by side', () => {
  it('two in one file get each their own mail', async () => {
    const world = await startWorld();
    await world.mustApply(
      pipeline({ name: 'sales', rules: [rule('In', 'sales@example.com')] }),
      pipeline({ name: 'support', rules: [rule('In', 'support@example.com')] }),
    );
    await world.send({ to: 'sales@example.com' });
    await world.send({ to: 'support@example.com' });

    const { buckets, functions } = await world.holdings();
    expect(buckets.map(({ keys }) => keys.filter((key) => !key.endsWith(SETUP)).length)).toEqual([1, 1]);
    expect(
      functions.map(
        ({ name }) => world.sandbox.lambda.logs.lines(name).filter(({ source }) => source === 'stdout').length,
      ),
    ).toEqual([1, 1]);
  });

  it('two in one file that claim one recipient are told so, and nothing is written', async () => {
    const world = await startWorld();
    const { code, err } = await world.apply([
      pipeline({ name: 'a', rules: [rule('In', 'shared@example.com')] }),
      pipeline({ name: 'b', rules: [rule('In', 'Shared@Example.com')] }),
    ]);

    expect(code).toBe(1);
    expect(err).toContain('RecipientClaimed');
    expect(world.writes()).toEqual([]);
  });

  it('two installations in one account do not see each other', async () => {
    const world = await startWorld();
    const blue = { flags: ['--installation', 'blue'] };
    await world.mustApply(pipeline());
    const before = await world.holdings();
    expect((await world.apply([pipeline({ rules: [rule('In', 'blue@example.com')] })], blue)).code).toBe(0);

    const both = await world.holdings();
    expect([both.buckets.length, both.roles.length, both.functions.length]).toEqual([2, 2, 2]);
    expect((await world.plan([pipeline()])).steps).toEqual([]);
    await world.send({ to: 'first@example.com' });
    await world.send({ to: 'blue@example.com' });
    expect(await world.log()).toHaveLength(2);

    expect((await world.remove([pipeline()], blue)).code).toBe(0);
    const after = await world.holdings();
    expect(after.functions).toEqual(before.functions);
    expect(after.roles).toEqual(before.roles);
    expect(after.ruleSets).toEqual(before.ruleSets);
  });

  it('a pipeline that leaves takes nothing of its neighbours', async () => {
    const world = await startWorld();
    const [a, b] = [
      pipeline({ name: 'a', rules: [rule('In', 'a@example.com')] }),
      pipeline({ name: 'ab', rules: [rule('In', 'b@example.com')] }),
    ];
    await world.mustApply(b);
    const before = await world.holdings();
    await world.mustApply(a, b);
    await world.remove([a]);

    const { buckets, ...after } = await world.holdings();
    const { buckets: bucketsBefore, ...rest } = before;
    expect(after).toEqual(rest);
    expect(buckets.filter(({ name }) => name.startsWith('ab-'))).toEqual(bucketsBefore);
  });
});
