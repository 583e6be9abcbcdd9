import { CONTROLLER, PREFIX } from '../../src/service/metric-tools.ts';

/** One curve, or one group of curves: what Prometheus is asked, and how a curve is called. */
export type Query = { readonly expr: string; readonly legend: string };

/** One panel of the dashboard. */
export type Panel = {
  readonly kind: 'timeseries' | 'stat' | 'table' | 'statetimeline';
  readonly title: string;
  /** What a person reads on the mark beside the title. */
  readonly description: string;
  /** Of Grafana. https://grafana.com/docs/grafana/latest/panels-visualizations/configure-standard-options/#unit */
  readonly unit?: 's' | 'ops' | 'reqps' | 'percentunit' | 'bytes';
  /** Red as soon as it is not 0: somebody should see to it. */
  readonly isTrouble?: boolean;
  readonly width: 4 | 6 | 8 | 12 | 24;
  readonly queries: readonly [Query, ...Query[]];
};

/** A row of panels under a heading. */
export type Row = { readonly title: string; readonly panels: readonly Panel[] };

const OF_OURS = `{controller="${CONTROLLER}"}`;
/** The variables above the dashboard choose. */
const CHOSEN = 'namespace=~"$namespace",name=~"$name"';
const condition = (type: string, status: string): string =>
  `${PREFIX}condition{type="${type}",status="${status}",${CHOSEN}}`;
const byPipeline = (expr: string): string => `max by (namespace, name) (${expr})`;
const rate = (metric: string, matchers = ''): string => `rate(${metric}${matchers}[$__rate_interval])`;
const quantile = (share: number, metric: string, by = 'le'): string =>
  `histogram_quantile(${share}, sum by (${by}) (${rate(`${metric}_bucket`)}))`;
const ofOurProcesses = (metric: string): string => `${metric} and on (instance) ${PREFIX}build_info`;
const q = (expr: string, legend: string): Query => ({ expr, legend });

/** The dashboard: first the pipelines, then AWS, then the controller itself. */
export const ROWS: readonly Row[] = [
  {
    title: 'Pipelines',
    panels: [
      {
        kind: 'stat',
        title: 'Ready',
        description: 'Pipelines whose condition Ready is True.',
        width: 4,
        queries: [q(`sum(${byPipeline(condition('Ready', 'True'))})`, 'Ready')],
      },
      {
        kind: 'stat',
        title: 'Not Ready',
        description: 'Pipelines whose condition Ready is not True.',
        isTrouble: true,
        width: 4,
        queries: [q(`count(${byPipeline(condition('Ready', 'True'))} == 0) or vector(0)`, 'Not Ready')],
      },
      {
        kind: 'stat',
        title: 'Waiting for a person',
        description: 'Pipelines that are Stalled.',
        isTrouble: true,
        width: 4,
        queries: [q(`sum(${byPipeline(condition('Stalled', 'True'))}) or vector(0)`, 'Stalled')],
      },
      {
        kind: 'stat',
        title: 'Mail does not arrive',
        description: 'Pipelines whose condition MailRouted is False.',
        isTrouble: true,
        width: 4,
        queries: [q(`sum(${byPipeline(condition('MailRouted', 'False'))}) or vector(0)`, 'Not routed')],
      },
      {
        kind: 'stat',
        title: 'Suspended',
        description: 'Pipelines that say suspend: true.',
        width: 4,
        queries: [q(`max(${PREFIX}suspended)`, 'Suspended')],
      },
      {
        kind: 'stat',
        title: 'Given up',
        description: 'Pipelines whose plan kept coming back: the reason NotConverging.',
        isTrouble: true,
        width: 4,
        queries: [q(`max(${PREFIX}nonconverging_objects)`, 'Not converging')],
      },
      {
        kind: 'statetimeline',
        title: 'Ready, by pipeline',
        description: '1 while the pipeline is Ready.',
        width: 24,
        queries: [q(byPipeline(condition('Ready', 'True')), '{{namespace}}/{{name}}')],
      },
      {
        kind: 'timeseries',
        title: 'Since the last good reconcile',
        description: 'Over three intervals, the alert SesLambdaPipelineNotReconciled counts.',
        unit: 's',
        width: 8,
        queries: [
          q(`time() - ${byPipeline(`${PREFIX}last_success_timestamp_seconds{${CHOSEN}}`)}`, '{{namespace}}/{{name}}'),
        ],
      },
      {
        kind: 'timeseries',
        title: 'Age of drift',
        description: 'For how long AWS has been known to differ.',
        unit: 's',
        width: 8,
        queries: [q(byPipeline(`${PREFIX}drift_age_seconds{${CHOSEN}}`), '{{namespace}}/{{name}}')],
      },
      {
        kind: 'timeseries',
        title: 'Deletions under way',
        description: 'For how long a pipeline has been being deleted.',
        unit: 's',
        width: 8,
        queries: [q(`${byPipeline(`${PREFIX}deletion_age_seconds{${CHOSEN}}`)} > 0`, '{{namespace}}/{{name}}')],
      },
      {
        kind: 'timeseries',
        title: 'Drift, found and repaired',
        description: 'Differences that no change of a manifest explains, by the hour.',
        width: 12,
        queries: [
          q(`sum by (part, kind) (increase(${PREFIX}drift_detected_total[1h])) > 0`, 'found: {{part}} {{kind}}'),
          q(`sum by (part, kind) (increase(${PREFIX}drift_repaired_total[1h])) > 0`, 'repaired: {{part}} {{kind}}'),
        ],
      },
      {
        kind: 'timeseries',
        title: 'Steps of plans',
        description: 'What was to be done on AWS, by part and verb.',
        unit: 'ops',
        width: 12,
        queries: [q(`sum by (part, verb) (${rate(`${PREFIX}plan_steps_total`)}) > 0`, '{{verb}} {{part}}')],
      },
      {
        kind: 'timeseries',
        title: 'Time until Ready',
        description: 'From the first sight of a new pipeline until it is Ready.',
        unit: 's',
        width: 12,
        queries: [
          q(quantile(0.5, `${PREFIX}first_time_to_ready_seconds`), 'half'),
          q(quantile(0.95, `${PREFIX}first_time_to_ready_seconds`), '95 %'),
        ],
      },
      {
        kind: 'timeseries',
        title: 'Time until gone',
        description: 'From the first sight of a deletion until the pipeline is gone.',
        unit: 's',
        width: 12,
        queries: [
          q(quantile(0.5, `${PREFIX}deletion_seconds`), 'half'),
          q(quantile(0.95, `${PREFIX}deletion_seconds`), '95 %'),
        ],
      },
    ],
  },
  {
    title: 'AWS',
    panels: [
      {
        kind: 'timeseries',
        title: 'Calls',
        description: 'Calls to AWS, by service.',
        unit: 'reqps',
        width: 8,
        queries: [q(`sum by (service) (${rate(`${PREFIX}aws_requests_total`)})`, '{{service}}')],
      },
      {
        kind: 'timeseries',
        title: 'Answers that are errors',
        description: 'By error code. Some are no trouble: what does not exist yet answers that it is not there.',
        unit: 'reqps',
        width: 8,
        queries: [
          q(
            `sum by (service, code) (${rate(`${PREFIX}aws_requests_total`, '{code!="OK"}')}) > 0`,
            '{{service}} {{code}}',
          ),
        ],
      },
      {
        kind: 'timeseries',
        title: 'Share of calls throttled',
        description: 'Over 5 %, the alert SesLambdaPipelineAwsThrottled counts.',
        unit: 'percentunit',
        width: 8,
        queries: [
          q(
            `sum by (service) (${rate(`${PREFIX}aws_throttled_total`)}) / (sum by (service) (${rate(`${PREFIX}aws_requests_total`)}) > 0)`,
            '{{service}}',
          ),
        ],
      },
      {
        kind: 'timeseries',
        title: 'How long a call takes',
        description: '95 of 100 calls are quicker.',
        unit: 's',
        width: 12,
        queries: [q(quantile(0.95, `${PREFIX}aws_request_duration_seconds`, 'service, le'), '{{service}}')],
      },
      {
        kind: 'timeseries',
        title: 'Waiting for a turn at SES',
        description: 'SES takes one call a second for an account and region; all pipelines share it.',
        unit: 's',
        width: 12,
        queries: [
          q(quantile(0.5, `${PREFIX}aws_bucket_wait_seconds`), 'half'),
          q(quantile(0.9, `${PREFIX}aws_bucket_wait_seconds`), '90 %'),
        ],
      },
    ],
  },
  {
    title: 'Controller',
    panels: [
      {
        kind: 'timeseries',
        title: 'Reconciles',
        description: 'By result, and those that wrote nothing to AWS.',
        unit: 'ops',
        width: 8,
        queries: [
          q(`sum by (result) (${rate('controller_runtime_reconcile_total', OF_OURS)})`, '{{result}}'),
          q(`sum(${rate(`${PREFIX}noop_reconciles_total`)})`, 'without a write'),
        ],
      },
      {
        kind: 'timeseries',
        title: 'How long a reconcile takes',
        description: 'Half of them, and 95 of 100, are quicker.',
        unit: 's',
        width: 8,
        queries: [
          q(
            `histogram_quantile(0.5, sum by (le) (${rate('controller_runtime_reconcile_time_seconds_bucket', OF_OURS)}))`,
            'half',
          ),
          q(
            `histogram_quantile(0.95, sum by (le) (${rate('controller_runtime_reconcile_time_seconds_bucket', OF_OURS)}))`,
            '95 %',
          ),
        ],
      },
      {
        kind: 'timeseries',
        title: 'Reconciles gone wrong',
        description: 'Errors, those that wait for a person, timeouts, and bugs.',
        unit: 'ops',
        width: 8,
        queries: [
          q(`sum(${rate('controller_runtime_reconcile_errors_total', OF_OURS)})`, 'errors'),
          q(`sum(${rate('controller_runtime_terminal_reconcile_errors_total', OF_OURS)})`, 'for a person'),
          q(`sum(${rate('controller_runtime_reconcile_timeouts_total', OF_OURS)})`, 'timeouts'),
          q(`sum(${rate('controller_runtime_reconcile_panics_total', OF_OURS)})`, 'bugs'),
        ],
      },
      {
        kind: 'timeseries',
        title: 'Queue',
        description: 'Pipelines that wait, by lane, and reconciles that run.',
        width: 8,
        queries: [
          q(`sum by (priority) (workqueue_depth${OF_OURS})`, 'waiting: {{priority}}'),
          q(`sum(controller_runtime_active_workers${OF_OURS})`, 'running'),
        ],
      },
      {
        kind: 'timeseries',
        title: 'Time in the queue',
        description: '95 of 100 pipelines wait less; and the reconcile that has been running longest.',
        unit: 's',
        width: 8,
        queries: [
          q(
            `histogram_quantile(0.95, sum by (le) (${rate('workqueue_queue_duration_seconds_bucket', OF_OURS)}))`,
            'waiting, 95 %',
          ),
          q(`max(workqueue_longest_running_processor_seconds${OF_OURS})`, 'longest running'),
        ],
      },
      {
        kind: 'timeseries',
        title: 'Status writes',
        description: 'A settled pipeline writes none.',
        unit: 'ops',
        width: 8,
        queries: [q(`sum by (result) (${rate(`${PREFIX}status_writes_total`)})`, '{{result}}')],
      },
      {
        kind: 'timeseries',
        title: 'Leader',
        description: '1 for the replica that holds the Lease.',
        width: 8,
        queries: [q(ofOurProcesses('leader_election_master_status'), '{{pod}} {{name}}')],
      },
      {
        kind: 'timeseries',
        title: 'Silence of watches',
        description: 'Since the last sign of life of the API server; at five minutes an alert counts.',
        unit: 's',
        width: 8,
        queries: [q(`time() - max by (resource) (${PREFIX}watch_last_success_timestamp_seconds > 0)`, '{{resource}}')],
      },
      {
        kind: 'timeseries',
        title: 'Calls to the API server',
        description: 'By HTTP status.',
        unit: 'reqps',
        width: 8,
        queries: [
          q(
            `sum by (method, code) (${rate('rest_client_requests_total')} and on (instance) ${PREFIX}build_info)`,
            '{{method}} {{code}}',
          ),
        ],
      },
      {
        kind: 'timeseries',
        title: 'Watches and lists that failed',
        description: 'By reason; all are tried again.',
        unit: 'ops',
        width: 8,
        queries: [
          q(`sum by (resource, reason) (${rate(`${PREFIX}watch_failures_total`)}) > 0`, '{{resource}}: {{reason}}'),
        ],
      },
      {
        kind: 'timeseries',
        title: 'Memory',
        description: 'Resident memory of each replica.',
        unit: 'bytes',
        width: 8,
        queries: [q(ofOurProcesses('process_resident_memory_bytes'), '{{pod}}')],
      },
      {
        kind: 'timeseries',
        title: 'Lag of the event loop',
        description: '99 of 100 turns come sooner.',
        unit: 's',
        width: 8,
        queries: [q(ofOurProcesses('nodejs_eventloop_lag_p99_seconds'), '{{pod}}')],
      },
      {
        kind: 'table',
        title: 'Versions',
        description: 'What runs.',
        width: 24,
        queries: [q(`count by (version, node, pod) (${PREFIX}build_info)`, '')],
      },
    ],
  },
];
