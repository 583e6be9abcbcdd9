import { CONTROLLER, PREFIX } from '../../src/service/metric-tools.ts';

/** How soon somebody should look. */
export type Severity =
  /** Mail may be lost, or nothing is looked after at all: now. */
  | 'critical'
  /** One pipeline, or a slow trouble: this working day. */
  | 'warning'
  /** Worth to know. */
  | 'info';

/** One alert; its runbook is `docs/runbooks/<name>.md`. */
export type Alert = {
  readonly name: string;
  readonly severity: Severity;
  readonly expr: string;
  /** How long the expression has to hold, as in `5m`. */
  readonly holds: string;
  /** One line; `{{ $labels.… }}` is the only template in it, so that it stays the same while the alert fires. */
  readonly summary: string;
  readonly description: string;
};

/** Stands for where a copy of the runbooks is read; deploy/monitoring/runbooks puts an address in its place. */
const RUNBOOKS = 'https://runbooks.example.com';

export const runbookUrl = ({ name }: Pick<Alert, 'name'>): string => `${RUNBOOKS}/${name}.md`;

const PIPELINE = '{{ $labels.namespace }}/{{ $labels.name }}';

// Where a process is scraped twice, or a new leader takes over, it stays one alert.
const each = (metric: string, matchers = ''): string => `max by (namespace, name) (${PREFIX}${metric}${matchers})`;
const condition = (type: string, status = 'True'): string => each('condition', `{type=~"${type}",status="${status}"}`);
const unless = (expr: string): string => `unless on (namespace, name) (${expr})`;
const NOT_DELETED = unless(`${each('deletion_age_seconds')} > 0`);

// The name belongs to every controller in the cluster: ours are those that tell our version too.
const LEADERS = `max by (namespace, name) (leader_election_master_status and on (instance) ${PREFIX}build_info)`;
const OURS = `{controller="${CONTROLLER}"}`;

/** Every alert that we ship. What needs no person is no alert: one throttled call, one drift that was repaired. */
export const ALERTS: readonly Alert[] = [
  {
    name: 'SesLambdaPipelineControllerAbsent',
    severity: 'critical',
    expr: `absent(${PREFIX}build_info)`,
    holds: '5m',
    summary: 'No controller is scraped.',
    description:
      'No process tells of itself: it does not run, or Prometheus does not reach it. What is on AWS goes on as it is; changes, deletions and drift are not looked after, and no other alert of these can fire.',
  },
  {
    name: 'SesLambdaPipelineNoLeader',
    severity: 'critical',
    expr: `${LEADERS} == 0`,
    holds: '5m',
    summary: 'No replica holds the Lease {{ $labels.name }}.',
    description:
      'Controllers run, but none of them leads, so none of them works. Changes, deletions and drift are not looked after.',
  },
  {
    name: 'SesLambdaPipelineWatchStale',
    severity: 'critical',
    expr: lines(
      `time() - max by (namespace, resource) (${PREFIX}watch_last_success_timestamp_seconds > 0) > 300`,
      'or',
      `max by (namespace, resource) (${PREFIX}watch_last_success_timestamp_seconds) == 0`,
      `and on (namespace) (max by (namespace) (leader_election_master_status and on (instance) ${PREFIX}build_info) == 1)`,
    ),
    holds: '2m',
    summary: 'The controller hears nothing of {{ $labels.resource }}.',
    description:
      'Neither a list nor a watch of {{ $labels.resource }} has given a sign of life for five minutes, or none ever has since the controller leads. Changes in the cluster are not seen; what is known goes on to be compared with AWS.',
  },
  {
    name: 'SesLambdaPipelineMailNotRouted',
    severity: 'critical',
    expr: lines(`${condition('MailRouted', 'False')} == 1`, unless(`${condition('Suspended')} == 1`), NOT_DELETED),
    holds: '15m',
    summary: `Mail does not reach the pipeline ${PIPELINE}.`,
    description: `The condition MailRouted of ${PIPELINE} is False: the rule set is not the active one, a domain is not verified, an MX record leads elsewhere, or an earlier rule ends the evaluation. Mail may be refused or go to somebody else.`,
  },
  {
    name: 'SesLambdaPipelineStalled',
    severity: 'warning',
    expr: lines(`${condition('Stalled')} == 1`, NOT_DELETED),
    holds: '2m',
    summary: `The pipeline ${PIPELINE} waits for a person.`,
    description: `${PIPELINE} is Stalled: trying again does not help. The reason and the message of its condition Ready say what to do.`,
  },
  {
    name: 'SesLambdaPipelineNotReady',
    severity: 'warning',
    expr: lines(`${condition('Ready')} == 0`, unless(`${condition('Stalled|Suspended')} == 1`), NOT_DELETED),
    holds: '15m',
    summary: `The pipeline ${PIPELINE} has not been Ready for 15 minutes.`,
    description: `${PIPELINE} is tried again and again without becoming Ready, and it is not Stalled: something that it needs is missing, or AWS does not answer.`,
  },
  {
    name: 'SesLambdaPipelineNotReconciled',
    severity: 'warning',
    expr: lines(
      `time() - ${each('last_success_timestamp_seconds')} > 3 * ${each('interval_seconds')}`,
      unless(`${condition('Ready')} == 0`), // has an alert of its own
      unless(`${condition('Suspended')} == 1`),
      NOT_DELETED,
    ),
    holds: '5m',
    summary: `No reconcile of ${PIPELINE} has ended well for three intervals.`,
    description: `${PIPELINE} is said to be Ready, but that is old: it is not compared with AWS as often as it asks for. Drift stays unseen.`,
  },
  {
    name: 'SesLambdaPipelineDeletionStuck',
    severity: 'warning',
    expr: `${each('deletion_age_seconds')} > 600`,
    holds: '1m',
    summary: `The pipeline ${PIPELINE} has been being deleted for over ten minutes.`,
    description: `Something on AWS keeps ${PIPELINE} from being taken down, so its finalizer holds it back, and with it its namespace.`,
  },
  {
    name: 'SesLambdaPipelineDriftFight',
    severity: 'warning',
    expr: `sum by (part, kind) (increase(${PREFIX}drift_repaired_total[1h])) > 5`,
    holds: '5m',
    summary: 'The same kind of drift is repaired again and again: {{ $labels.part }}, {{ $labels.kind }}.',
    description:
      'More than five repairs of {{ $labels.part }} ({{ $labels.kind }}) in an hour: another tool, a policy or a second installation writes the same thing, and each undoes what the other did.',
  },
  {
    name: 'SesLambdaPipelineDriftUnrepaired',
    severity: 'info',
    expr: `${each('drift_age_seconds')} > 1800`,
    holds: '5m',
    summary: `AWS has differed from the pipeline ${PIPELINE} for over 30 minutes.`,
    description: `A difference was found at ${PIPELINE} and is still there: it is only watched (managementPolicy: Observe), or its repair fails.`,
  },
  {
    name: 'SesLambdaPipelineAwsThrottled',
    severity: 'warning',
    expr: lines(
      `sum by (service) (rate(${PREFIX}aws_throttled_total[15m])) / sum by (service) (rate(${PREFIX}aws_requests_total[15m])) > 0.05`,
      `and sum by (service) (increase(${PREFIX}aws_throttled_total[15m])) > 5`,
    ),
    holds: '10m',
    summary: 'AWS throttles more than 5 % of the calls to {{ $labels.service }}.',
    description:
      'The limits of {{ $labels.service }} are shared by everybody in the account and region. All goes on more slowly; conditions change only when it lasts.',
  },
  {
    name: 'SesLambdaPipelineSesLaneSlow',
    severity: 'warning',
    expr: `histogram_quantile(0.9, sum by (le) (rate(${PREFIX}aws_bucket_wait_seconds_bucket[30m]))) > 60`,
    holds: '15m',
    summary: 'Every tenth SES call waits for over a minute for its turn.',
    description:
      'SES takes one call a second for a whole account and region, and there is more to ask than that. Changes take minutes to arrive.',
  },
  {
    name: 'SesLambdaPipelineStatusHotLoop',
    severity: 'warning',
    expr: lines(
      `sum(increase(${PREFIX}status_writes_total{result="written"}[10m]))`,
      `/ count(${condition('Ready')}) > 10`,
    ),
    holds: '10m',
    summary: 'Statuses are written more than once a minute for each pipeline.',
    description:
      'A settled pipeline writes no status at all. Something changes pipelines, or what they read, all the time, and the API server has to carry it.',
  },
  {
    name: 'SesLambdaPipelineWorkerStuck',
    severity: 'warning',
    expr: `max by (namespace) (workqueue_longest_running_processor_seconds${OURS}) > 600`,
    holds: '1m',
    summary: 'A reconcile has been running for over ten minutes.',
    description:
      'A reconcile should end by itself after --reconcile-timeout (two minutes unless set). One worker less is left for the others.',
  },
  {
    name: 'SesLambdaPipelineReconcilePanics',
    severity: 'warning',
    expr: `sum by (namespace) (increase(controller_runtime_reconcile_panics_total${OURS}[30m])) > 0`,
    holds: '0m',
    summary: 'A reconcile ended in a bug of the controller.',
    description:
      'A reconcile threw what no code expects. It was isolated and is tried again; the other pipelines are not affected.',
  },
];

function lines(...parts: readonly string[]): string {
  return parts.join('\n');
}
