import type { Lane, WorkQueueObserver, WorkQueueStats } from '../controller/work-queue.ts';
import { combinations, CONTROLLER, secondsOf, type MetricMaker } from './metric-tools.ts';

const QUEUE = { name: CONTROLLER, controller: CONTROLLER };
const LANES: readonly Lane[] = ['change', 'resync'];

// client-go's: ten nanoseconds to a thousand seconds.
const QUEUE_SECONDS = [1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1, 10, 100, 1000];

export type QueueMetrics = Required<WorkQueueObserver> & {
  /** Depths and running work are asked for at every scrape, once the queue is there. */
  readonly watch: (stats: () => WorkQueueStats) => void;
};

/** client-go's metrics of the work queue, with the label `priority` of controller-runtime where lanes differ. */
export function queueMetrics({ counter, gauge, histogram }: MetricMaker): QueueMetrics {
  const series = combinations({ name: [CONTROLLER], controller: [CONTROLLER] });
  const lanes = combinations({ name: [CONTROLLER], controller: [CONTROLLER], priority: LANES });
  let statsOf: (() => WorkQueueStats) | undefined;

  gauge('workqueue_depth', 'Pipelines that wait to be reconciled, by lane.', {
    series: lanes,
    collect: (metric) => {
      const depth = statsOf?.().depth;
      for (const priority of LANES) metric.set({ ...QUEUE, priority }, depth?.[priority] ?? 0);
    },
  });
  gauge('workqueue_unfinished_work_seconds', 'Time spent on reconciles that have not ended: grows while one hangs.', {
    series,
    collect: (metric) => metric.set(QUEUE, secondsOf(statsOf?.().unfinishedWorkMs ?? 0)),
  });
  gauge('workqueue_longest_running_processor_seconds', 'How long the longest reconcile has been running.', {
    series,
    collect: (metric) => metric.set(QUEUE, secondsOf(statsOf?.().longestRunningMs ?? 0)),
  });
  const adds = counter('workqueue_adds_total', 'Pipelines that entered the queue.', series);
  const retries = counter('workqueue_retries_total', 'Pipelines that were queued again after a failure.', series);
  const queued = histogram(
    'workqueue_queue_duration_seconds',
    'How long a pipeline waited in the queue.',
    QUEUE_SECONDS,
    { series },
  );
  const worked = histogram('workqueue_work_duration_seconds', 'How long a pipeline was worked on.', QUEUE_SECONDS, {
    series,
  });

  return {
    added: () => adds.inc(QUEUE),
    started: (_lane, queuedMs) => queued.observe(QUEUE, secondsOf(queuedMs)),
    finished: (_lane, workMs) => worked.observe(QUEUE, secondsOf(workMs)),
    retried: () => retries.inc(QUEUE),
    watch: (stats) => {
      statsOf = stats;
    },
  };
}
