import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readFunctions } from '../support/holdings.ts';
import { pipeline, rule } from '../support/manifests.ts';
import { startCluster, type Cluster } from './support/cluster.ts';
import { install, type Installation } from './support/installation.ts';
import { conditionOf } from './support/live.ts';
import { until } from './support/until.ts';

let cluster: Cluster;

beforeAll(async () => {
  cluster = await startCluster();
});

afterAll(() => cluster.stop());

const PASSWORD = 'correct-horse-battery-staple';
const REQUEST = 'ses-lambda-pipeline.dev/reconcile-requested-at';

const settings = (queue: string) => object('ConfigMap', 'settings', { data: { queue } });
const login = (password: string) => object('Secret', 'login', { stringData: { password } });
const object = (kind: string, name: string, rest: object) => ({ apiVersion: 'v1', kind, metadata: { name }, ...rest });
const app = pipeline({
  function: {
    environmentFrom: {
      QUEUE: { configMapKeyRef: { name: 'settings', key: 'queue' } },
      PASSWORD: { secretKeyRef: { name: 'login', key: 'password' } },
    },
  },
});

/** Waits until Ready says so. */
const says = (place: Installation, name: string, what: string) =>
  until(
    `${name} says ${what}`,
    async () => {
      const ready = conditionOf(await place.get(name), 'Ready');
      return `${ready?.status}: ${ready?.reason}: ${ready?.message}`;
    },
    (text) => text.includes(what),
  );

const environmentBecomes = (place: Installation, name: string, value: string) =>
  until(
    `${name} has its new value`,
    async () => (await readFunctions(place.foreign('us-west-2')))[0]?.environment?.[name],
    (seen) => seen === value,
  );

describe.concurrent('the environment of a function', () => {
  test('waits for what is missing, says what it is, and goes on by itself', async ({ onTestFinished }) => {
    const place = await install(cluster, { finally: onTestFinished });
    const controller = place.start();
    await place.apply(app, settings('first'));
    await says(place, 'app', `DependencyNotReady: Secret ${place.namespace}/login does not exist`);

    await place.apply(login(PASSWORD));

    await place.ready('app');
    await environmentBecomes(place, 'PASSWORD', PASSWORD);
    expect(controller.log()).not.toContain(PASSWORD);
    expect((await place.kubectl('get', 'slp,events', '-o', 'yaml')).out).not.toContain(PASSWORD);
  });

  test('follows a ConfigMap at once, a Secret at the next check, and calls neither drift', async ({
    onTestFinished,
  }) => {
    const place = await install(cluster, { finally: onTestFinished });
    const controller = place.start();
    await place.apply(app, settings('first'), login(PASSWORD));
    await place.ready('app');

    await place.apply(settings('second'));
    await environmentBecomes(place, 'QUEUE', 'second');
    await place.apply(login('another-password'));
    await place.kubectl('annotate', 'slp/app', `${REQUEST}=now`);
    await environmentBecomes(place, 'PASSWORD', 'another-password');

    await place.ready('app');
    expect(controller.log()).not.toContain('DriftDetected');
    expect(controller.log()).not.toContain('another-password');
  });
});

describe('the rights of the controller', () => {
  test('let it read a Secret by its name, and neither list, watch nor change one', async ({ onTestFinished }) => {
    const place = await install(cluster, { finally: onTestFinished });
    const may = async (verb: string): Promise<string> => {
      const { out } = await place.kubectl('auth', 'can-i', verb, 'secrets', `--as=controller-${place.namespace}`);
      return `${verb} ${out.trim()}`;
    };
    const verbs = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection'];

    expect(await Promise.all(verbs.map(may))).toEqual(verbs.map((verb) => `${verb} ${verb === 'get' ? 'yes' : 'no'}`));
  });
});

describe('two pipelines that name one recipient', () => {
  const SHARED = { rules: [rule('Shared', 'shared@example.com')] };

  test('the older has it, the younger touches nothing on AWS, and takes over when it is given up', async ({
    onTestFinished,
  }) => {
    const place = await install(cluster, { finally: onTestFinished });
    place.start();
    // Their names speak for the other order.
    await place.apply(pipeline({ name: 'zzz-older', ...SHARED }));
    await place.ready('zzz-older');
    const born = Date.now();
    await until(
      'another second',
      () => Date.now() - born,
      (ms) => ms > 1_000,
    ); // creation times have whole seconds
    await place.apply(pipeline({ name: 'aaa-younger', ...SHARED }));
    const owner = `${place.namespace}/zzz-older`;
    const claimed = `RecipientClaimed: spec.receiptRules[0].recipients[0] already belongs to pipeline ${owner}`;
    await says(place, 'aaa-younger', claimed);
    const functions = async () =>
      (await readFunctions(place.foreign('us-west-2'))).map(({ name }) => /zzz-older|aaa-younger/.exec(name)?.[0]);
    expect(await functions()).toEqual(['zzz-older']);

    await place.apply(pipeline({ name: 'zzz-older', rules: [rule('Mine', 'mine@example.com')] }));

    await place.ready('aaa-younger');
    await place.ready('zzz-older');
    expect(new Set(await functions())).toEqual(new Set(['aaa-younger', 'zzz-older']));
  });
});
