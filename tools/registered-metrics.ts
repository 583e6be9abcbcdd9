import { Registry } from 'prom-client';
import { createMetrics } from '../src/service/metrics.ts';

export type RegisteredMetric = {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly labelNames: readonly string[];
};

/** Every metric of a controller in a cluster, as it registers them. */
export function registeredMetrics(): readonly RegisteredMetric[] {
  const registry = new Registry();
  createMetrics({
    registry,
    now: () => 0,
    version: '',
    concurrency: 1,
    driftIntervalMs: 0,
    kubernetes: { apiHost: '', leaseName: '', watched: [''] },
  });
  return registry.getMetricsAsArray() as unknown as readonly RegisteredMetric[];
}
