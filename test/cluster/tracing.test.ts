import { afterAll, beforeAll, expect, test } from 'vitest';
import { otlpReceiver } from '../service/support/otlp-receiver.ts';
import { placeOf, valuesOf } from '../service/support/otlp.ts';
import { pipeline } from '../support/manifests.ts';
import { startCluster, type Cluster } from './support/cluster.ts';
import { install } from './support/installation.ts';
import { until } from './support/until.ts';

/** Of OTLP. */
const CLIENT = 3;
const ERROR = 2;

let cluster: Cluster;

beforeAll(async () => {
  cluster = await startCluster();
});

afterAll(() => cluster.stop());

test('a trace shows what a run asks of the API server, what was refused, and no Lease', async ({ onTestFinished }) => {
  const collector = await otlpReceiver();
  const place = await install(cluster, { finally: onTestFinished });
  place.proxy.fail({
    verb: 'patch',
    resource: 'seslambdapipelines/status',
    fault: { kind: 'refuse', status: 500, reason: 'InternalError' },
  });
  const controller = place.start({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url } });
  await place.apply(pipeline());
  await place.ready('app');
  await until(
    'its event is told',
    () => place.events('app'),
    ({ length }) => length > 0,
  );
  await place.kubectl('delete', 'slp', 'app', '--timeout=60s');
  expect(await controller.end('SIGTERM')).toBe(0);

  const spans = collector.spans();
  const asked = spans
    .filter(({ name }) => name.startsWith('kubernetes '))
    .map((span) => ({ ...span, place: placeOf(span, spans), about: valuesOf(span.attributes) }));

  const places = [...new Set(asked.map(({ place: where }) => where))];
  // Its finalizer and its status; what it is now, before anything is deleted.
  expect(places.filter((each) => !each.endsWith(' events')).sort()).toEqual([
    'reconcile batch > reconcile > kubernetes get seslambdapipelines',
    'reconcile batch > reconcile > kubernetes patch seslambdapipelines',
  ]);
  expect(places).toContain('reconcile batch > reconcile > kubernetes create events');
  for (const { kind, about } of asked) {
    expect(kind).toBe(CLIENT);
    expect(about).toMatchObject({
      'http.response.status_code': expect.any(Number),
      'ses_lambda_pipeline.kubernetes.verb': expect.stringMatching(/^(get|patch|create)$/),
      'ses_lambda_pipeline.kubernetes.resource': expect.stringMatching(/^(seslambdapipelines|events)$/),
    });
  }
  const failed = asked.filter(({ status }) => status?.code === ERROR);
  expect(failed.map(({ name, about }) => [name, about['error.type']])).toEqual([
    ['kubernetes patch seslambdapipelines', '500'],
  ]);
});
