import { readFileSync } from 'node:fs';
import { load } from 'js-yaml';
import { createTransport } from 'nodemailer';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startCluster, type Cluster } from './support/cluster.ts';
import { install, type Finally, type Installation } from './support/installation.ts';
import { conditionOf } from './support/live.ts';
import { until } from './support/until.ts';
import { timed } from './timed.ts';

const example = (file: string) =>
  load(readFileSync(new URL(`../../examples/echo/${file}`, import.meta.url), 'utf8')) as Example;
type Example = { readonly spec: { readonly receiptRules: readonly unknown[] } };
const NAME = 'spartaapplication';
const CONFIG_MAP = example('configmap.yaml');
const PIPELINE = example('pipeline.yaml');

let cluster: Cluster;

beforeAll(async () => {
  cluster = await startCluster();
});

afterAll(() => cluster.stop());

/** The example of the README, Ready. */
async function running(cleanUp: Finally): Promise<Installation> {
  const place = await install(cluster, { finally: cleanUp });
  place.start();
  await place.apply(CONFIG_MAP, PIPELINE);
  await place.ready(NAME);
  return place;
}

const rulesOf = ({ namespace }: Installation, ...names: readonly string[]): readonly string[] =>
  names.map((name) => `slp_${namespace}_${NAME}_${name}`);

describe.concurrent('kubectl apply', () => {
  test('ends in a Ready pipeline whose names stand in its status, and mail flows', async ({ onTestFinished }) => {
    const place = await install(cluster, { finally: onTestFinished });
    place.start();
    await place.apply(CONFIG_MAP, PIPELINE);

    const waited = await timed('apply to Ready', () =>
      place.kubectl('wait', '--for=condition=Ready', `slp/${NAME}`, '--timeout=60s'),
    );
    const { metadata, status } = await place.ready(NAME);
    const table = await place.kubectl('get', 'slp');
    const { sandbox } = place;
    const transport = createTransport({ host: '127.0.0.1', port: sandbox.smtpPort, ignoreTLS: true });
    await transport.sendMail({
      from: 'a@example.com',
      to: 'sombody_special@gosparta.io',
      subject: 'hello',
      text: 'body',
    });
    transport.close();
    await sandbox.idle();

    const bucket = status?.bucket?.name ?? '';
    expect(waited).toMatchObject({ code: 0 });
    expect(metadata.finalizers).toEqual(['ses-lambda-pipeline.dev/aws-cleanup']);
    expect(await place.ruleNames()).toEqual(rulesOf(place, 'MessageBodyStorage', 'Special', 'Default'));
    expect(table.out).toMatch(/NAME +READY +REASON +BUCKET +FUNCTION +RULESET +AGE/);
    expect(table.out).toContain(bucket);
    expect(sandbox.s3.objects(bucket).map(({ key }) => key)).toContain(sandbox.ses.journal.mails()[0]?.id);
  });

  test('carries an edit through: rules change places, names stay', async ({ onTestFinished }) => {
    const place = await running(onTestFinished);
    const before = await place.get(NAME);

    await place.apply({
      ...PIPELINE,
      spec: { ...PIPELINE.spec, receiptRules: PIPELINE.spec.receiptRules.toReversed() },
    });
    const after = await place.ready(NAME);

    expect(await place.ruleNames()).toEqual(rulesOf(place, 'MessageBodyStorage', 'Default', 'Special'));
    expect(after.status?.bucket).toEqual(before.status?.bucket);
  });

  test('waits for a ConfigMap that comes later, and goes on by itself', async ({ onTestFinished }) => {
    const place = await install(cluster, { finally: onTestFinished });
    place.start();
    await place.apply(PIPELINE);
    const waiting = await until(
      'it waits',
      () => place.get(NAME),
      (live) => conditionOf(live, 'Ready')?.reason === 'DependencyNotReady',
    );

    await place.apply(CONFIG_MAP);

    expect(conditionOf(waiting, 'Reconciling')).toMatchObject({ status: 'True' });
    expect(conditionOf(await place.ready(NAME), 'Ready')).toMatchObject({ status: 'True' });
  });

  test('brings new code to the function when the ConfigMap changes', async ({ onTestFinished }) => {
    const place = await running(onTestFinished);
    const sha = async () => (await place.get(NAME)).status?.function?.codeSha256;
    const before = await sha();

    await place.apply({ ...CONFIG_MAP, data: { 'index.mjs': 'export const handler = async () => {};' } });

    expect(await until('the code is new', sha, (now) => now !== before)).toBeTypeOf('string');
  });
});

describe.concurrent('kubectl delete', () => {
  test('takes everything down but the bucket with its mail', async ({ onTestFinished }) => {
    const place = await running(onTestFinished);
    const { status } = await place.get(NAME);

    const deleted = await timed('delete', () => place.kubectl('delete', `slp/${NAME}`, '--timeout=60s'));

    expect(deleted).toMatchObject({ code: 0 });
    expect(await place.ruleNames()).toEqual([]);
    expect(place.sandbox.s3.bucketExists(status?.bucket?.name ?? '')).toBe(true);
  });

  test('of the namespace finishes', async ({ onTestFinished }) => {
    const place = await running(onTestFinished);

    const deleted = await cluster.kubectl('delete', 'namespace', place.namespace, '--timeout=60s');

    expect(deleted).toMatchObject({ code: 0 });
    expect(await place.ruleNames()).toEqual([]);
  });
});
