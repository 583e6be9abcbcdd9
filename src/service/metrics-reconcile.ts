import type { ControllerObserver } from '../controller/observer.ts';
import { combinations, CONTROLLER, PREFIX, secondsOf, type MetricMaker } from './metric-tools.ts';

// controller-runtime's, so that its dashboards fit.
// https://github.com/kubernetes-sigs/controller-runtime/blob/main/pkg/internal/controller/metrics/metrics.go
const RECONCILE_SECONDS = [
  0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.25, 1.5, 1.75, 2,
  2.5, 3, 3.5, 4, 4.5, 5, 6, 7, 8, 9, 10, 15, 20, 25, 30, 40, 50, 60,
];

type ReconcileMetrics = Pick<ControllerObserver, 'reconcileStarted' | 'reconcileFinished' | 'panicked' | 'timedOut'>;

/** controller-runtime's metrics of the loop. @param concurrency pipelines reconciled at once */
export function reconcileMetrics({ counter, gauge, histogram }: MetricMaker, concurrency: number): ReconcileMetrics {
  const series = combinations({ controller: [CONTROLLER] });
  const results = combinations({ controller: [CONTROLLER], result: ['success', 'error', 'requeue', 'requeue_after'] });
  const total = counter('controller_runtime_reconcile_total', 'Reconciles, by result.', results);
  const errors = counter('controller_runtime_reconcile_errors_total', 'Reconciles that ended in an error.', series);
  const terminal = counter(
    'controller_runtime_terminal_reconcile_errors_total',
    'Reconciles that ended in something only a person can resolve: the pipeline is Stalled.',
    series,
  );
  const panics = counter('controller_runtime_reconcile_panics_total', 'Reconciles that threw: a bug.', series);
  const timeouts = counter('controller_runtime_reconcile_timeouts_total', 'Reconciles that ran out of time.', series);
  const time = histogram('controller_runtime_reconcile_time_seconds', 'How long a reconcile took.', RECONCILE_SECONDS, {
    series,
  });
  const active = gauge('controller_runtime_active_workers', 'Reconciles that run now.', { series });
  gauge('controller_runtime_max_concurrent_reconciles', 'Most reconciles at once.', { series }).set(
    { controller: CONTROLLER },
    concurrency,
  );
  const noops = counter(`${PREFIX}noop_reconciles_total`, 'Reconciles that wrote nothing to AWS.', [{}]);

  const labels = { controller: CONTROLLER };
  return {
    reconcileStarted: () => active.inc(labels),
    reconcileFinished: ({ result, durationMs, noop, stalled }) => {
      active.dec(labels);
      total.inc({ ...labels, result });
      time.observe(labels, secondsOf(durationMs));
      if (result === 'error') errors.inc(labels);
      if (stalled) terminal.inc(labels);
      if (noop) noops.inc();
    },
    panicked: () => panics.inc(labels),
    timedOut: () => timeouts.inc(labels),
  };
}
