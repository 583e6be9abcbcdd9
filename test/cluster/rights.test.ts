import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DeleteFunctionCommand } from '@aws-sdk/client-lambda';
import { readFunctions } from '../support/holdings.ts';
import { ECHO, pipeline } from '../support/manifests.ts';
import { startCluster, type Cluster } from './support/cluster.ts';
import type { ControllerProcess } from './support/controller-process.ts';
import { install, type Finally, type Installation } from './support/installation.ts';
import { conditionOf } from './support/live.ts';
import { boundTo, rightOf, rightsOf, shippedRoles, withoutRight, type Right } from './support/shipped-rights.ts';
import { until } from './support/until.ts';

let cluster: Cluster;

beforeAll(async () => {
  cluster = await startCluster();
});

afterAll(() => cluster.stop());

const SHIPPED = shippedRoles();
/** A pipeline that names a ConfigMap and a Secret, and both. */
const usingBoth = ({ namespace }: Installation): readonly object[] => [
  { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'code', namespace }, data: { 'index.mjs': ECHO } },
  { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'login', namespace }, stringData: { token: 'a secret' } },
  pipeline({
    function: {
      code: { configMapRef: { name: 'code' } },
      environmentFrom: { TOKEN: { secretKeyRef: { name: 'login', key: 'token' } } },
    },
  }),
];

/** Somebody deletes the function, and the pipeline is looked at. */
async function loseFunction(place: Installation, time: string): Promise<void> {
  const { lambda } = place.foreign('us-west-2');
  for (const { name } of await readFunctions(place.foreign('us-west-2')))
    await lambda.send(new DeleteFunctionCommand({ FunctionName: name }));
  await place.kubectl('annotate', 'slp/app', '--overwrite', `ses-lambda-pipeline.dev/reconcile-requested-at=${time}`);
  await until(
    'there is a function again',
    () => readFunctions(place.foreign('us-west-2')),
    ({ length }) => length === 1,
  );
}

describe('the rights that are shipped', () => {
  test('are those that a life of a pipeline under two replicas takes, and no others', async ({ onTestFinished }) => {
    const place = await install(cluster, { finally: onTestFinished });
    const first = place.start({ wholeCluster: true });
    await until('the first leads', first.log, (log) => log.includes('"leading"'));
    const second = place.start({ wholeCluster: true });
    await place.apply(...usingBoth(place));
    await place.ready('app');
    await loseFunction(place, '1');
    await loseFunction(place, '2'); // the same again is counted on the event that is there
    await until('the standby watches the Lease', place.proxy.calls, (calls) =>
      calls.some(({ verb, resource }) => verb === 'watch' && resource === 'leases'),
    );
    await first.end('SIGTERM');
    await until('the second leads', second.log, (log) => log.includes('"leading"'));
    expect(await place.kubectl('delete', 'slp', 'app', '--timeout=30s')).toMatchObject({ code: 0 });

    const used = new Set(place.proxy.calls().map(({ verb, group, resource }) => rightOf(verb, group, resource)));

    expect([...used].sort()).toEqual([...rightsOf(SHIPPED)].sort());
    expect(place.proxy.calls().filter(({ status }) => status === 403)).toEqual([]);
  });
});

/** Rights that a pipeline needs to become Ready; the others are for its end, for a standby, and for what is told twice. */
const NEEDED = [...rightsOf(SHIPPED)].filter(
  (right) =>
    ![
      'get ses-lambda-pipeline.dev/seslambdapipelines',
      'watch coordination.k8s.io/leases',
      'patch events.k8s.io/events',
    ].includes(right),
);

describe.concurrent('a controller without the right to', () => {
  test.for(NEEDED)('%s says so in its log', async (right, { onTestFinished }) => {
    const { controller } = await deprived(right, onTestFinished);
    expect(await said(controller, right)).toContain(`denies kubernetes:${right.split(' ')[0]}`);
  });

  test.for(NEEDED)('%s goes on once it is granted', async (right, { onTestFinished }) => {
    const { place } = await deprived(right, onTestFinished);
    const refused = () => place.proxy.calls().some(({ status }) => status === 403);
    await until('it was refused', refused, (was) => was);

    await cluster.apply(...boundTo(`controller-${place.namespace}`, place.namespace, SHIPPED));

    expect(conditionOf(await place.ready('app', 90_000), 'Ready')).toMatchObject({ status: 'True' });
  });

  async function deprived(right: Right, cleanUp: Finally) {
    const place = await install(cluster, { finally: cleanUp, roles: withoutRight(SHIPPED, right) });
    const controller = place.start({}, '--drift-interval=30s'); // what only a person can mend is looked at no sooner
    await place.apply(...usingBoth(place));
    return { place, controller };
  }

  /** The line that names verb and resource. */
  async function said({ log }: ControllerProcess, right: Right): Promise<string> {
    const [verb = '', resource = ''] = right.split(' ');
    const plural = resource.split('/')[1] ?? '';
    const line = () =>
      log()
        .split('\n')
        .find((each) => each.includes(`denies kubernetes:${verb}`) && each.includes(plural));
    return (await until('the log names the right', line, (found) => found !== undefined)) ?? '';
  }
});

describe('a tenant with rights on the pipelines of one namespace', () => {
  const tenantRole = {
    kind: 'Role' as const,
    metadata: { name: 'tenant' },
    rules: [
      {
        apiGroups: ['ses-lambda-pipeline.dev'],
        resources: ['seslambdapipelines'],
        verbs: ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete'],
      },
    ],
  };

  test('makes a pipeline, and can neither write its status nor see those of others', async ({ onTestFinished }) => {
    const place = await install(cluster, { finally: onTestFinished });
    const others = await install(cluster, { finally: onTestFinished });
    place.start();
    await others.apply(pipeline());
    await cluster.apply(...boundTo('tenant', place.namespace, [tenantRole]));
    const kubeconfig = await cluster.kubeconfigFor('tenant', []);
    const tenant = (...args: string[]) => cluster.kubectl('--kubeconfig', kubeconfig, ...args);
    const here = ['-n', place.namespace];
    const there = ['-n', others.namespace];

    await place.apply(pipeline());
    await place.ready('app');

    const fake = '{"status":{"bucket":{"name":"somebody-elses"}}}';
    const forbidden = { code: 1, err: expect.stringContaining('forbidden') };
    expect(await tenant('get', 'slp', 'app', ...here)).toMatchObject({ code: 0 });
    expect(
      await tenant('patch', 'slp', 'app', ...here, '--subresource=status', '--type=merge', '-p', fake),
    ).toMatchObject(forbidden);
    expect(await tenant('get', 'slp', ...there)).toMatchObject(forbidden);
    expect(await tenant('delete', 'slp', 'app', ...there)).toMatchObject(forbidden);
    expect(await tenant('get', 'slp', '-A')).toMatchObject(forbidden);
    expect(await tenant('get', 'leases', ...here)).toMatchObject(forbidden);
    // Without the subresource the API server takes the rest of the patch, and leaves the status as it is.
    const before = (await place.get('app')).status;
    expect(await tenant('patch', 'slp', 'app', ...here, '--type=merge', '-p', fake)).toMatchObject({ code: 0 });
    expect((await place.get('app')).status).toEqual(before);
  });
});
