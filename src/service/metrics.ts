import { collectDefaultMetrics, type Registry } from 'prom-client';
import type { ControllerObserver } from '../controller/observer.ts';
import { metricMaker, PREFIX } from './metric-tools.ts';
import { awsMetrics, type AwsMetrics } from './metrics-aws.ts';
import { kubernetesMetrics, type KubernetesMetrics } from './metrics-kubernetes.ts';
import { pipelineMetrics } from './metrics-pipelines.ts';
import { planMetrics } from './metrics-plan.ts';
import { queueMetrics, type QueueMetrics } from './metrics-queue.ts';
import { reconcileMetrics } from './metrics-reconcile.ts';
import { everyObserver, silentObserver } from './observers.ts';

export type MetricsOptions = {
  readonly registry: Registry;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly version: string;
  /** Pipelines reconciled at once. */
  readonly concurrency: number;
  /** How often a pipeline is compared with AWS that does not say so itself. */
  readonly driftIntervalMs: number;
  /** Undefined without a cluster: nothing is told about one. */
  readonly kubernetes?: {
    /** host:port of the API server. */
    readonly apiHost: string;
    /** Undefined: replicas do not take turns. */
    readonly leaseName: string | undefined;
    /** Plurals of what is watched, such as `seslambdapipelines`. */
    readonly watched: readonly string[];
  };
};

/** What each layer is given to report to. None of it throws or blocks. */
export type Metrics = {
  readonly controller: ControllerObserver;
  readonly queue: QueueMetrics;
  readonly aws: AwsMetrics;
  /** Undefined without a cluster. */
  readonly kubernetes: KubernetesMetrics | undefined;
  /** Everything in the text format of Prometheus. */
  readonly scrape: () => Promise<{ readonly contentType: string; readonly text: string }>;
};

/**
 * Every metric of the controller. Names of controller-runtime and client-go stay as they are, so that dashboards made
 * for those fit; our own begin with `ses_lambda_pipeline_`. Labels are closed sets, pre-zeroed; the namespace and name of
 * a pipeline are labels of a few gauges only, and those series go with the pipeline.
 * @see https://book.kubebuilder.io/reference/metrics-reference
 */
export function createMetrics({
  registry,
  now,
  version,
  concurrency,
  driftIntervalMs,
  kubernetes,
}: MetricsOptions): Metrics {
  const maker = metricMaker(registry);
  const controller = everyObserver([
    { ...silentObserver, ...reconcileMetrics(maker, concurrency) },
    { ...silentObserver, ...planMetrics(maker) },
    { ...silentObserver, ...pipelineMetrics(maker, now, driftIntervalMs) },
  ]);
  const queue = queueMetrics(maker);
  const aws = awsMetrics(maker);
  const cluster = kubernetes === undefined ? undefined : kubernetesMetrics(maker, kubernetes);
  maker
    .gauge<'version' | 'node'>(`${PREFIX}build_info`, '1, labelled with the version of the controller and of Node.', {
      labels: ['version', 'node'],
    })
    .set({ version, node: process.version }, 1);
  collectDefaultMetrics({ register: registry });
  return {
    controller,
    queue,
    aws,
    kubernetes: cluster,
    // prom-client writes "Nan", which the format does not know.
    scrape: async () => ({
      contentType: registry.contentType,
      text: (await registry.metrics()).replace(/ Nan$/gm, ' NaN'),
    }),
  };
}
