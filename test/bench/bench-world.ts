import { startSandbox } from '../../src/sandbox/sandbox.ts';
import { startControlPlane } from '../control-plane/control-plane.ts';
import { startController, type RunningController } from '../demo/running-controller.ts';
import { until } from '../demo/until.ts';
import { CONTROLLER_NAMESPACE, installForController } from '../support/controller-user.ts';
import { pipeline, rule } from '../support/manifests.ts';
import { scrape, type Scrape } from './scrape.ts';

/** Names as AWS has them; what is told apart by them is the lane to SES and the rule set. */
export const REGIONS: readonly string[] = (
  'us-east-1 us-east-2 us-west-1 us-west-2 ca-central-1 sa-east-1 eu-west-1 eu-west-2 eu-west-3 eu-central-1 ' +
  'eu-north-1 eu-south-1 ap-south-1 ap-east-1 ap-northeast-1 ap-northeast-2 ap-northeast-3 ap-southeast-1 ' +
  'ap-southeast-2 me-south-1'
).split(' ');

const CHUNK = 100;
const PATIENCE_MS = 15 * 60_000;
/** A page about a thousand pipelines takes the controller some work, which is no part of what is measured. */
const SCRAPE_EVERY_MS = 2_000;

/** An API server and an AWS with pipelines that are settled, and nobody who looks after them yet. */
export type BenchWorld = {
  readonly startController: (...args: string[]) => Promise<RunningController>;
  readonly stop: () => Promise<void>;
};

/** @param say hears how far it is: making a thousand pipelines takes minutes */
export async function settledWorld(pipelines: number, say: (line: string) => void): Promise<BenchWorld> {
  const cluster = await startControlPlane();
  const sandbox = await startSandbox({ port: 0, smtpPort: 0, functionUpdateMs: 0 });
  const stop = async (): Promise<void> => {
    await sandbox.stop();
    await cluster.stop();
  };
  const start = async (...args: string[]): Promise<RunningController> =>
    startController(
      [
        '--lease-namespace',
        CONTROLLER_NAMESPACE,
        '--aws-endpoint-url',
        sandbox.url,
        '--drift-interval',
        '24h',
        ...args,
      ],
      { KUBECONFIG: kubeconfig },
    );
  const kubeconfig = await installForController(cluster);
  await cluster.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'bench' } });
  for (let from = 0; from < pipelines; from += CHUNK)
    await cluster.apply(
      ...Array.from({ length: Math.min(CHUNK, pipelines - from) }, (_, index) => document(from + index)),
    );
  say(`${pipelines} resources are in the cluster`);

  const fast = ['--ses-calls-per-second', '1000', '--concurrency', '20', '--max-retry-delay', '5s'];
  // A machine that makes a thousand pipelines may keep a renewal waiting.
  fast.push('--lease-duration', '60s', '--renew-deadline', '50s');
  try {
    await during(await start(...fast), (maker) => allReady(maker, pipelines, say));
    // Each new pipeline has moved the rules of those before it, and their statuses tell the places.
    await during(await start(...fast), (looker) => allLookedAt(looker, pipelines));
    say('all have been looked at once more');
  } catch (error) {
    await stop();
    throw error;
  }
  return { startController: start, stop };
}

async function during(
  controller: RunningController,
  work: (controller: RunningController) => Promise<void>,
): Promise<void> {
  try {
    await work(controller);
  } finally {
    await controller.end();
  }
}

/** Resolves when the first look of a start is through. */
export async function allLookedAt({ metricsUrl }: RunningController, pipelines: number): Promise<void> {
  const looked = async (): Promise<boolean> => {
    const now = await scrape(metricsUrl);
    return now.sum('controller_runtime_reconcile_total') >= pipelines && isIdle(now);
  };
  if ((await until(looked, PATIENCE_MS, SCRAPE_EVERY_MS)) === undefined)
    throw new Error('Not all were looked at in time');
}

async function allReady(maker: RunningController, pipelines: number, say: (line: string) => void): Promise<void> {
  let told = 0;
  const all = async (): Promise<boolean> => {
    const now = await scrape(maker.metricsUrl);
    const ready = now.sum('ses_lambda_pipeline_condition', { type: 'Ready', status: 'True' });
    if (ready >= told + CHUNK) say(`${(told = ready)} are Ready`);
    return ready >= pipelines && isIdle(now);
  };
  const readyMs = await until(all, PATIENCE_MS, SCRAPE_EVERY_MS);
  if (readyMs === undefined) throw new Error(`Not all are Ready after ${PATIENCE_MS / 60_000} minutes`);
  say(`all are Ready after ${Math.round(readyMs / 1000)} s`);
}

/** Nothing runs and nothing waits to run. */
const isIdle = (now: Scrape): boolean =>
  now.sum('workqueue_depth') === 0 && now.sum('controller_runtime_active_workers') === 0;

const document = (index: number): unknown =>
  pipeline({
    name: `app-${index}`,
    namespace: 'bench',
    region: REGIONS[index % REGIONS.length] ?? '',
    storage: { logicalName: 'Mail' },
    rules: [rule('All', `app-${index}@example.com`)],
  });
