import { afterAll, beforeAll, expect, test } from 'vitest';
import { otlpReceiver } from '../service/support/otlp-receiver.ts';
import { placeOf } from '../service/support/otlp.ts';
import { pipeline } from '../support/manifests.ts';
import { startCluster, type Cluster } from './support/cluster.ts';
import { install } from './support/installation.ts';
import { until } from './support/until.ts';

let cluster: Cluster;

beforeAll(async () => {
  cluster = await startCluster();
});

afterAll(() => cluster.stop());

test('the trace of a pipeline shows what was asked of the API server, and why', async ({ onTestFinished }) => {
  const collector = await otlpReceiver();
  const place = await install(cluster, { finally: onTestFinished });
  const controller = place.start({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url } });
  await until('it leads', controller.log, (log) => log.includes('"leading"'));

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
  const asked = spans.filter(({ name }) => name.startsWith('kubernetes '));
  const places = new Set(asked.map((span) => placeOf(span, spans)));
  expect([...places].sort()).toEqual(['TODO']);
});
