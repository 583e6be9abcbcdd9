import { isDeepStrictEqual } from 'node:util';
import { CreateRoleCommand } from '@aws-sdk/client-iam';
import { CreateBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ECHO, pipeline, rule } from '../support/manifests.ts';
import type { Schema } from './bends.ts';
import { parserSchema } from './crd-schema.ts';
import { asJson } from './documents.ts';
import { EDITS, EXISTING, NOT_EDITED, zipFor, type Edit } from './edits.ts';
import { startCluster, type Cluster } from './support/cluster.ts';
import { heldBy, type Held } from './support/held.ts';
import { install, type Installation } from './support/installation.ts';
import { conditionOf, isReady, type Live } from './support/live.ts';
import { until } from './support/until.ts';
import { timed } from './timed.ts';
import { withField } from './with-field.ts';

/** All pipelines are made at once and edited at once; each row then looks at its own. */
const ROWS = EDITS.map((edit, index) => {
  const name = `edit-${String(index).padStart(2, '0')}`;
  // A region each: what they do to the rule set is then nobody else's business.
  const region = `eu-test-${String.fromCharCode(97 + Math.floor(index / 10))}-${index % 10}`;
  const regional = JSON.parse(inRegion(JSON.stringify(edit), region)) as Edit;
  const plain = pipeline({
    name,
    region,
    rules: [rule('First', `${name}@example.com`), rule('Second', `${name}-2@example.com`)],
  });
  const before = Object.entries(regional.given ?? {}).reduce(
    (document, [field, value]) => withField(document, field, value),
    asJson(plain),
  );
  const after = withField(before, edit.field, regional.to);
  return { ...edit, name, region, before, after, expected: regional.expected };
});

function inRegion(text: string, region: string): string {
  return text.replaceAll('us-west-2', region);
}

function fieldsOf(schema: Schema, field = ''): string[] {
  if (schema.properties !== undefined)
    return Object.entries(schema.properties).flatMap(([key, below]) =>
      fieldsOf(below, field === '' ? key : `${field}.${key}`),
    );
  if (schema.items?.properties !== undefined) return fieldsOf(schema.items, `${field}[]`);
  return [field];
}

let cluster: Cluster;
let place: Installation;
const cleanUps: (() => Promise<void>)[] = [];
const created = new Map<string, Held>();

const isDone = (live: Live): boolean => {
  const { condition } = ROWS.find(({ name }) => name === live.metadata.name) ?? {};
  if (live.metadata.generation !== 2 || condition === undefined) return live.metadata.generation === 2 && isReady(live);
  return live.status?.observedGeneration === 2 && conditionOf(live, condition.type)?.status === condition.status;
};

beforeAll(async () => {
  cluster = await startCluster();
  place = await install(cluster, { finally: (cleanUp) => cleanUps.push(cleanUp) });
  await prepareAws(place);
  for (const name of ['code-1', 'code-2'])
    await place.apply({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name },
      data: { 'index.mjs': `${ECHO} // ${name}` },
    });
  await place.apply({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'greetings' },
    data: { english: 'hello' },
  });
  place.start({}, '--concurrency=8');
  await place.apply(...ROWS.map(({ before }) => before as object));
  const pipelines = await timed('creating', () => place.allReady(ROWS.length, 120_000));
  for (const live of pipelines) {
    const region = ROWS.find(({ name }) => name === live.metadata.name)?.region ?? '';
    created.set(live.metadata.name, await heldBy(live, place.foreign(region)));
  }
  await place.apply(...ROWS.map(({ after }) => after as object));
  await timed('editing', () =>
    until('every edit is carried through', place.list, (all) => all.every(isDone), 60_000).catch(() => undefined),
  );
}, 240_000);

afterAll(async () => {
  for (const cleanUp of cleanUps) await cleanUp();
  await cluster.stop();
});

async function prepareAws({ foreign }: Installation): Promise<void> {
  const trust = { Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' };
  await foreign('us-east-1').iam.send(
    new CreateRoleCommand({
      RoleName: EXISTING.role,
      AssumeRolePolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement: [trust] }),
    }),
  );
  for (const { region } of ROWS.filter(({ field }) => field.startsWith('function.code.s3'))) {
    const { s3 } = foreign(region);
    const put = async (bucket: string, Key: string, zip: Uint8Array): Promise<void> => {
      const Bucket = inRegion(bucket, region);
      await s3.send(new CreateBucketCommand({ Bucket })).catch(() => undefined);
      await s3.send(new PutObjectCommand({ Bucket, Key, Body: zip }));
    };
    await put(EXISTING.bucket, EXISTING.key, zipFor('the first'));
    await put(EXISTING.bucket, EXISTING.otherKey, zipFor('another key'));
    await put(EXISTING.otherBucket, EXISTING.key, zipFor('another bucket'));
  }
}

test('there is an edit for each field of the schema', () => {
  expect([...EDITS.map(({ field }) => field), ...NOT_EDITED].sort()).toEqual(fieldsOf(parserSchema()).sort());
});

describe('kubectl apply carries an edit through of', () => {
  test.for(ROWS)('$field', async ({ name, region, shows, expected, condition }) => {
    const live = await place.get(name);
    const before = created.get(name);
    const after = await heldBy(live, place.foreign(region));

    expect(live.status?.observedGeneration).toBe(2);
    expect(conditionOf(live, condition?.type ?? 'Ready')).toMatchObject(condition ?? { status: 'True' });
    expect(shows?.(after)).toEqual(expected);
    expect(isDeepStrictEqual(after, before)).toBe(shows === undefined);
  });
});
