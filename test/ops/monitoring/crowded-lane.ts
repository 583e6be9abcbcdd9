import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startSandbox } from '../../../src/sandbox/sandbox.ts';
import { until } from '../../cluster/support/until.ts';
import { startController } from '../../demo/running-controller.ts';
import { fileOf, pipeline } from '../../support/manifests.ts';
import { momentOf, type Moment } from './recording.ts';
import type { ScenarioOptions } from './scenario.ts';
import { scrape, seriesText, TARGET } from './series.ts';

/** A wait above which the alert counts, and not much more. */
const CALLS_PER_SECOND = 1 / 70;

/** Another controller, on a folder, whose lane to SES has no room: a moment of its own, about nothing else. */
export async function crowdedLane({ finally: atEnd, onTarget }: ScenarioOptions): Promise<Moment> {
  const folder = await mkdtemp(join(tmpdir(), 'ses-lambda-pipeline-lane-'));
  await writeFile(join(folder, 'pipeline.yaml'), fileOf([pipeline({ name: 'slow' })]));
  const sandbox = await startSandbox({ port: 0, smtpPort: 0, functionUpdateMs: 0 });
  const pace = CALLS_PER_SECOND.toFixed(4);
  const controller = await startController(
    ['--manifests', folder, '--aws-endpoint-url', sandbox.url, '--ses-calls-per-second', pace],
    { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' },
  );
  atEnd(async () => {
    await controller.end();
    await sandbox.stop();
    await rm(folder, { recursive: true });
  });
  await onTarget?.(controller.metricsUrl);
  const first = await scrape(controller.metricsUrl);
  const firstSeconds = Date.now() / 1000;
  const waits = seriesText('ses_lambda_pipeline_aws_bucket_wait_seconds_bucket', { ...TARGET, le: '+Inf' });
  const short = seriesText('ses_lambda_pipeline_aws_bucket_wait_seconds_bucket', { ...TARGET, le: '60' });
  const last = await until(
    'a call has waited for its turn',
    () => scrape(controller.metricsUrl),
    (values) => (values.get(waits) ?? 0) > (values.get(short) ?? 0),
    150_000,
  );
  const nowSeconds = Date.now() / 1000;
  return momentOf('there is more to ask of SES than it allows', [first, last], {
    seconds: nowSeconds - firstSeconds,
    nowSeconds: [firstSeconds, nowSeconds],
    only: /_aws_bucket_wait_|_build_info/,
  });
}
