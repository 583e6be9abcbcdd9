import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { manifestSchema } from '../../src/core/manifest.ts';
import { createMetrics } from '../../src/service/metrics.ts';
import { pipeline, type Document } from '../support/manifests.ts';
import { parseExposition, type Sample } from './support/exposition.ts';
import { condition, resource, statusOf, step } from './support/resources.ts';

const START = Date.parse('2026-01-01T00:01:00Z');

function setUp() {
  let nowMs = START;
  const metrics = createMetrics({
    registry: new Registry(),
    now: () => nowMs,
    version: '1.2.3',
    concurrency: 4,
    driftIntervalMs: 600_000,
    kubernetes: { apiHost: '10.0.0.1:443', leaseName: 'lease', watched: ['seslambdapipelines', 'configmaps'] },
  });
  const families = async () => parseExposition((await metrics.scrape()).text);
  const samples = async (name: string): Promise<readonly Sample[]> =>
    [...(await families()).values()].flatMap((family) => family.samples).filter((sample) => sample.name === name);
  return {
    metrics,
    families,
    samples,
    pass: (ms: number) => {
      nowMs += ms;
    },
    value: async (name: string, labels: Readonly<Record<string, string>> = {}): Promise<number | undefined> => {
      const found = (await samples(name)).filter((sample) =>
        Object.entries(labels).every(([label, value]) => sample.labels[label] === value),
      );
      if (found.length > 1) throw new Error(`${found.length} series of ${name} fit`);
      return found[0]?.value;
    },
    /** Series that bear the name of a pipeline. */
    named: async () =>
      [...(await families()).values()]
        .flatMap((family) => family.samples)
        .filter(({ labels }) => 'namespace' in labels),
  };
}

const parsed = (document: Document) => manifestSchema.parse(document);

const run = (key = 'mail/app') => ({ key, reconcileId: 'r1' });
const finished = { ...run(), result: 'success', durationMs: 20, noop: true, stalled: false } as const;

describe('metrics', () => {
  it('bear the names that dashboards of controller-runtime ask for', async () => {
    const { families } = setUp();

    expect([...(await families()).keys()]).toEqual(
      expect.arrayContaining([
        'controller_runtime_reconcile_total',
        'controller_runtime_reconcile_errors_total',
        'controller_runtime_terminal_reconcile_errors_total',
        'controller_runtime_reconcile_panics_total',
        'controller_runtime_reconcile_timeouts_total',
        'controller_runtime_reconcile_time_seconds',
        'controller_runtime_max_concurrent_reconciles',
        'controller_runtime_active_workers',
        'workqueue_depth',
        'workqueue_adds_total',
        'workqueue_queue_duration_seconds',
        'workqueue_work_duration_seconds',
        'workqueue_unfinished_work_seconds',
        'workqueue_longest_running_processor_seconds',
        'workqueue_retries_total',
        'rest_client_requests_total',
        'rest_client_request_duration_seconds',
        'leader_election_master_status',
        'nodejs_eventloop_lag_seconds',
        'process_resident_memory_bytes',
      ]),
    );
  });

  it('have another name only with our prefix', async () => {
    const others = [...(await setUp().families()).keys()].filter(
      (name) => !/^(controller_runtime|workqueue|rest_client|leader_election|nodejs|process)_/.test(name),
    );
    expect(others.filter((name) => !name.startsWith('ses_lambda_pipeline_'))).toEqual([]);
    expect(others.length).toBeGreaterThan(15);
  });

  it('count from 0 before anything has happened', async () => {
    const { value, samples } = setUp();

    expect(
      await value('controller_runtime_reconcile_total', { result: 'requeue_after', controller: 'seslambdapipeline' }),
    ).toBe(0);
    expect(await value('workqueue_depth', { priority: 'change' })).toBe(0);
    expect(await value('ses_lambda_pipeline_drift_detected_total', { part: 'rules', kind: 'misordered' })).toBe(0);
    expect(await value('ses_lambda_pipeline_watch_failures_total', { resource: 'configmaps', reason: 'expired' })).toBe(
      0,
    );
    expect(await value('ses_lambda_pipeline_first_time_to_ready_seconds_count')).toBe(0);
    expect(await samples('ses_lambda_pipeline_plan_steps_total')).toHaveLength(6 * 8);
  });

  it('leave the cluster out where there is none', async () => {
    const metrics = createMetrics({
      registry: new Registry(),
      now: () => START,
      version: '1',
      concurrency: 1,
      driftIntervalMs: 1,
    });

    expect(metrics.kubernetes).toBeUndefined();
    expect((await metrics.scrape()).text).not.toMatch(/rest_client|leader_election|watch_/);
  });

  it('count reconciles by how they ended', async () => {
    const { metrics, value } = setUp();
    const { controller } = metrics;
    controller.reconcileStarted({ ...run(), trigger: 'change' });
    expect(await value('controller_runtime_active_workers')).toBe(1);

    controller.panicked({ ...run(), error: new Error('x') });
    controller.timedOut(run());
    controller.reconcileFinished({ ...finished, result: 'error', noop: false, stalled: true });

    expect(await value('controller_runtime_active_workers')).toBe(0);
    expect(await value('controller_runtime_reconcile_total', { result: 'error' })).toBe(1);
    expect(await value('controller_runtime_reconcile_errors_total')).toBe(1);
    expect(await value('controller_runtime_terminal_reconcile_errors_total')).toBe(1);
    expect(await value('controller_runtime_reconcile_panics_total')).toBe(1);
    expect(await value('controller_runtime_reconcile_timeouts_total')).toBe(1);
    expect(await value('controller_runtime_reconcile_time_seconds_bucket', { le: '0.01' })).toBe(0);
    expect(await value('controller_runtime_reconcile_time_seconds_bucket', { le: '0.025' })).toBe(1);
    expect(await value('controller_runtime_max_concurrent_reconciles')).toBe(4);
    expect(await value('ses_lambda_pipeline_noop_reconciles_total')).toBe(0);
    controller.reconcileStarted({ ...run(), trigger: 'change' });
    controller.reconcileFinished(finished);
    expect(await value('ses_lambda_pipeline_noop_reconciles_total')).toBe(1);
  });

  it('show the work queue as it is at the scrape', async () => {
    const { metrics, value } = setUp();
    metrics.queue.added('change');
    metrics.queue.retried('resync');
    metrics.queue.started('change', 1500);
    metrics.queue.finished('change', 20);
    metrics.queue.watch(() => ({
      depth: { change: 2, resync: 5 },
      delayed: 1,
      running: 2,
      longestRunningMs: 3000,
      unfinishedWorkMs: 4500,
    }));

    expect(await value('workqueue_depth', { priority: 'resync', name: 'seslambdapipeline' })).toBe(5);
    expect(await value('workqueue_adds_total')).toBe(1);
    expect(await value('workqueue_retries_total')).toBe(1);
    expect(await value('workqueue_queue_duration_seconds_sum')).toBe(1.5);
    expect(await value('workqueue_work_duration_seconds_count')).toBe(1);
    expect(await value('workqueue_longest_running_processor_seconds')).toBe(3);
    expect(await value('workqueue_unfinished_work_seconds')).toBe(4.5);
  });

  it('count steps and drift by part, and what is no write is no drift', async () => {
    const { metrics, value } = setUp();
    const steps = [
      step({ kind: 'blockPublicAccess', bucket: 'b' }),
      step({ kind: 'createRuleSet', ruleSet: 's' }, 'ruleSet'),
      step({ kind: 'awaitFunction', fn: 'f' }, 'function'),
    ];
    metrics.controller.planned(resource(), steps);
    metrics.controller.driftDetected(resource(), steps);
    metrics.controller.driftRepaired(resource(), steps.slice(0, 1));

    expect(await value('ses_lambda_pipeline_plan_steps_total', { part: 'function', verb: 'wait' })).toBe(1);
    expect(await value('ses_lambda_pipeline_drift_detected_total', { part: 'bucket', kind: 'changed' })).toBe(1);
    expect(await value('ses_lambda_pipeline_drift_detected_total', { part: 'ruleSet', kind: 'missing' })).toBe(1);
    expect(await value('ses_lambda_pipeline_drift_detected_total', { part: 'function', kind: 'changed' })).toBe(0);
    expect(await value('ses_lambda_pipeline_drift_repaired_total', { part: 'bucket', kind: 'changed' })).toBe(1);
  });

  it('count calls to AWS by the code of the answer', async () => {
    const { metrics, value } = setUp();
    metrics.aws.awsCalled({ service: 'ses', operation: 'CreateReceiptRule', durationMs: 100 });
    metrics.aws.awsCalled({ service: 'ses', operation: 'CreateReceiptRule', code: 'Throttling', durationMs: 50 });
    metrics.aws.awsCalled({ service: 'iam', operation: 'CreateRole', code: 'LimitExceeded', durationMs: 50 });
    metrics.aws.laneWaited(2_500);

    expect(await value('ses_lambda_pipeline_aws_requests_total', { service: 'ses', code: 'OK' })).toBe(1);
    expect(await value('ses_lambda_pipeline_aws_requests_total', { service: 'ses', code: 'Throttling' })).toBe(1);
    expect(await value('ses_lambda_pipeline_aws_throttled_total', { service: 'ses' })).toBe(1);
    // A quota of IAM, no throttle.
    expect(await value('ses_lambda_pipeline_aws_throttled_total', { service: 'iam' })).toBe(0);
    expect(await value('ses_lambda_pipeline_aws_bucket_wait_seconds_sum')).toBe(2.5);
  });

  it('keep the number of series bounded whatever AWS answers', async () => {
    const { metrics, samples, value } = setUp();
    for (let index = 0; index < 500; index += 1)
      metrics.aws.awsCalled({ service: 's3', operation: 'PutObject', code: `Code${index}`, durationMs: 1 });
    metrics.aws.awsCalled({ service: 's3', operation: 'PutObject', code: 'has "quotes"\nand lines', durationMs: 1 });

    expect(await samples('ses_lambda_pipeline_aws_requests_total')).toHaveLength(101);
    expect(await value('ses_lambda_pipeline_aws_requests_total', { code: 'Other' })).toBe(401);
  });

  it('tell about the API server, watches and the Lease', async () => {
    const { metrics, value } = setUp();
    metrics.kubernetes?.apiCalled({ verb: 'patch', resource: 'seslambdapipelines', code: 409, durationMs: 30 });
    metrics.kubernetes?.apiCalled({ verb: 'list', resource: 'configmaps', code: undefined, durationMs: 30 });
    const reflector = metrics.kubernetes?.reflector('configmaps');
    reflector?.relisted();
    reflector?.restarted();
    reflector?.failed({ reason: 'expired' });
    reflector?.failed({ reason: 'surprise' });
    reflector?.handlerFailed();
    metrics.kubernetes?.watchFreshness('configmaps', () => START);
    metrics.kubernetes?.election.leading(true);
    metrics.kubernetes?.election.slowPath();

    expect(await value('rest_client_requests_total', { code: '409', method: 'PATCH', host: '10.0.0.1:443' })).toBe(1);
    expect(await value('rest_client_requests_total', { code: '<error>', method: 'GET' })).toBe(1);
    expect(await value('rest_client_request_duration_seconds_count', { verb: 'PATCH' })).toBe(1);
    expect(await value('ses_lambda_pipeline_relists_total', { resource: 'configmaps' })).toBe(1);
    expect(await value('ses_lambda_pipeline_watch_restarts_total', { resource: 'configmaps' })).toBe(1);
    for (const reason of ['expired', 'other', 'handler'])
      expect(await value('ses_lambda_pipeline_watch_failures_total', { resource: 'configmaps', reason })).toBe(1);
    expect(await value('leader_election_slowpath_total')).toBe(1);
    expect(await value('ses_lambda_pipeline_watch_last_success_timestamp_seconds', { resource: 'configmaps' })).toBe(
      START / 1000,
    );
    expect(await value('leader_election_master_status', { name: 'lease' })).toBe(1);
    metrics.kubernetes?.election.leading(false);
    expect(await value('leader_election_master_status')).toBe(0);
  });
});

describe('metrics of a pipeline', () => {
  const ready = condition('Ready', 'True', { lastTransitionTime: '2026-01-01T00:01:00Z' });

  it('show each condition with one status at 1', async () => {
    const { metrics, samples } = setUp();
    metrics.controller.statusWritten(resource(), 'written', statusOf(ready, condition('BucketReady', 'Unknown')));

    const ones = (await samples('ses_lambda_pipeline_condition'))
      .filter(({ value }) => value === 1)
      .map(({ labels }) => labels);
    expect(ones).toEqual([
      { namespace: 'mail', name: 'app', type: 'Ready', status: 'True' },
      { namespace: 'mail', name: 'app', type: 'BucketReady', status: 'Unknown' },
    ]);
    expect(await samples('ses_lambda_pipeline_condition')).toHaveLength(6);
  });

  it('take a condition away that the status no longer has', async () => {
    const { metrics, value } = setUp();
    metrics.controller.statusWritten(
      resource(),
      'written',
      statusOf(condition('Stalled', 'True', { reason: 'NotConverging' })),
    );
    expect(await value('ses_lambda_pipeline_condition', { type: 'Stalled', status: 'True' })).toBe(1);

    metrics.controller.statusWritten(resource(), 'written', statusOf(ready));
    expect(await value('ses_lambda_pipeline_condition', { type: 'Stalled', status: 'True' })).toBeUndefined();
  });

  it('ignore a condition of an unknown type: labels are a closed set', async () => {
    const { metrics, named } = setUp();
    metrics.controller.statusWritten(resource(), 'written', statusOf(condition('Surprise', 'True')));

    expect((await named()).filter(({ labels }) => labels['type'] !== undefined)).toEqual([]);
  });

  it('leave the state as it was when a status was refused as outdated', async () => {
    const { metrics, value } = setUp();
    metrics.controller.statusWritten(resource(), 'written', statusOf(condition('Ready', 'False')));
    metrics.controller.statusWritten(resource(), 'conflict', statusOf(ready));

    expect(await value('ses_lambda_pipeline_condition', { status: 'False' })).toBe(1);
    expect(await value('ses_lambda_pipeline_status_writes_total', { result: 'conflict' })).toBe(1);
  });

  it('tell how long a condition had its status when it changes', async () => {
    const { metrics, value } = setUp();
    const old = condition('Ready', 'Unknown', { lastTransitionTime: '2026-01-01T00:00:40Z' });
    metrics.controller.statusWritten(resource('mail/app', { status: statusOf(old) }), 'written', statusOf(ready));

    expect(
      await value('ses_lambda_pipeline_condition_transition_seconds_sum', { type: 'Ready', status: 'Unknown' }),
    ).toBe(20);
  });

  it('measure the time to Ready of a new pipeline, once', async () => {
    const { metrics, pass, value } = setUp();
    metrics.controller.statusWritten(resource(), 'written', statusOf(condition('Ready', 'Unknown')));
    pass(9_000);
    const known = resource('mail/app', { status: statusOf(condition('Ready', 'Unknown')) });
    metrics.controller.statusWritten(known, 'written', statusOf(ready));
    metrics.controller.statusWritten(known, 'unchanged', statusOf(ready));

    expect(await value('ses_lambda_pipeline_first_time_to_ready_seconds_sum')).toBe(9);
    expect(await value('ses_lambda_pipeline_first_time_to_ready_seconds_count')).toBe(1);
  });

  it('take a pipeline for new whose status has only what the API server fills in', async () => {
    const { metrics, pass, value } = setUp();
    const filledIn = resource('mail/app', { status: { observedGeneration: -1, conditions: [] } });
    metrics.controller.reconcileStarted({ ...run(), trigger: 'change' });
    pass(9_000);
    metrics.controller.statusWritten(filledIn, 'written', statusOf(ready));

    expect(await value('ses_lambda_pipeline_first_time_to_ready_seconds_sum')).toBe(9);
  });

  it('do not take a pipeline for new that had a status before this process', async () => {
    const { metrics, value } = setUp();
    metrics.controller.statusWritten(resource('mail/app', { status: statusOf(ready) }), 'unchanged', statusOf(ready));

    expect(await value('ses_lambda_pipeline_first_time_to_ready_seconds_count')).toBe(0);
  });

  it('let the age of drift grow until AWS is as it should be', async () => {
    const { metrics, pass, value } = setUp();
    const drift = [step({ kind: 'blockPublicAccess', bucket: 'b' })];
    metrics.controller.driftDetected(resource(), drift);
    pass(30_000);
    metrics.controller.driftDetected(resource(), drift);
    pass(30_000);
    expect(await value('ses_lambda_pipeline_drift_age_seconds', { namespace: 'mail', name: 'app' })).toBe(60);

    metrics.controller.planned(resource(), []);
    expect(await value('ses_lambda_pipeline_drift_age_seconds')).toBe(0);
  });

  it('let the age of drift grow that is only watched', async () => {
    const { metrics, pass, value } = setUp();
    const { controller } = metrics;
    const observed = resource('mail/app', { status: statusOf(ready) });
    controller.driftDetected(observed, [step({ kind: 'blockPublicAccess', bucket: 'b' })]);
    controller.statusWritten(observed, 'written', statusOf(ready, condition('Drifted', 'True')));
    pass(30_000);

    controller.planned(observed, []);
    controller.statusWritten(observed, 'unchanged', statusOf(ready, condition('Drifted', 'True')));
    expect(await value('ses_lambda_pipeline_drift_age_seconds')).toBe(30);

    controller.planned(observed, []);
    controller.statusWritten(observed, 'written', statusOf(ready));
    expect(await value('ses_lambda_pipeline_drift_age_seconds')).toBe(0);
  });

  it('let the age of a deletion grow until the pipeline is gone', async () => {
    const { metrics, pass, value, named } = setUp();
    metrics.controller.told(resource(), { type: 'Normal', reason: 'Created', message: '' });
    pass(30_000);
    expect(await value('ses_lambda_pipeline_deletion_age_seconds')).toBe(0);

    metrics.controller.told(resource('mail/app', { deleting: true }), {
      type: 'Warning',
      reason: 'DeletionBlocked',
      message: '',
    });
    pass(30_000);
    expect(await value('ses_lambda_pipeline_deletion_age_seconds', { namespace: 'mail', name: 'app' })).toBe(30);

    metrics.controller.gone('mail/app');
    expect(await named()).toEqual([]);
  });

  it.each([
    ['settled', { result: 'requeue_after' }, 60],
    ['to be tried again', { result: 'requeue' }, 0],
    ['in an error', { result: 'error' }, 0],
    ['with a pipeline that waits for a person', { result: 'requeue_after', stalled: true }, 0],
  ] as const)('show when a reconcile last ended well: one that ends %s', async (_how, end, secondsLater) => {
    const { metrics, pass, value } = setUp();
    metrics.controller.planned(resource(), []);
    pass(60_000);

    metrics.controller.reconcileFinished({ ...finished, ...end });
    const shown = await value('ses_lambda_pipeline_last_success_timestamp_seconds', { namespace: 'mail', name: 'app' });

    expect(shown).toBe(START / 1000 + secondsLater);
  });

  it('show the interval of each pipeline: its own, or else that of the controller', async () => {
    const { metrics, value } = setUp();
    metrics.controller.planned(resource('mail/any', { manifest: parsed(pipeline()) }), []);
    metrics.controller.planned(resource('mail/own', { manifest: parsed(pipeline({ interval: '90s' })) }), []);

    expect(await value('ses_lambda_pipeline_interval_seconds', { name: 'any' })).toBe(600);
    expect(await value('ses_lambda_pipeline_interval_seconds', { name: 'own' })).toBe(90);
  });

  it('have nothing to say about a Lease where nobody takes turns', async () => {
    const metrics = createMetrics({
      registry: new Registry(),
      now: () => START,
      version: '1',
      concurrency: 1,
      driftIntervalMs: 1,
      kubernetes: { apiHost: '10.0.0.1:443', leaseName: undefined, watched: ['configmaps'] },
    });

    expect((await metrics.scrape()).text).not.toMatch(/^leader_election/m);
  });

  it('count those that are suspended and those that do not converge', async () => {
    const { metrics, value } = setUp();
    const { controller } = metrics;
    expect(await value('ses_lambda_pipeline_suspended')).toBe(0);
    controller.statusWritten(resource('mail/a'), 'written', statusOf(ready, condition('Suspended', 'True')));
    const stuck = { ...condition('Stalled', 'True'), reason: 'NotConverging' };
    controller.statusWritten(resource('mail/b'), 'written', statusOf(condition('Ready', 'False'), stuck));

    expect(await value('ses_lambda_pipeline_suspended')).toBe(1);
    expect(await value('ses_lambda_pipeline_nonconverging_objects')).toBe(1);

    controller.gone('mail/b');
    expect(await value('ses_lambda_pipeline_nonconverging_objects')).toBe(0);
  });

  it('go with the pipeline, all of them, and say how long its deletion took', async () => {
    const { metrics, named, pass, value } = setUp();
    const { controller } = metrics;
    controller.driftDetected(resource('mail/app'), []);
    controller.statusWritten(resource('mail/app'), 'written', statusOf(ready, condition('Suspended', 'True')));
    controller.statusWritten(resource('mail/other'), 'written', statusOf(ready));
    controller.statusWritten(
      resource('mail/app', { deleting: true }),
      'written',
      statusOf(condition('Ready', 'False')),
    );
    pass(12_000);
    expect((await named()).some(({ labels }) => labels['name'] === 'app')).toBe(true);

    controller.gone('mail/app');

    expect(new Set((await named()).map(({ labels }) => labels['name']))).toEqual(new Set(['other']));
    expect(await value('ses_lambda_pipeline_deletion_seconds_sum')).toBe(12);
  });

  it('count a deletion that needed one reconcile from its start', async () => {
    const { metrics, pass, value } = setUp();
    metrics.controller.reconcileStarted({ ...run(), trigger: 'change' });
    pass(7_000);
    metrics.controller.told(resource('mail/app', { deleting: true }), {
      type: 'Normal',
      reason: 'Deleted',
      message: 'x',
    });
    metrics.controller.reconcileFinished(finished);
    pass(1_000);
    metrics.controller.gone('mail/app');

    expect(await value('ses_lambda_pipeline_deletion_seconds_sum')).toBe(8);
  });

  it('do not come back by what a run still tells about a pipeline that has gone meanwhile', async () => {
    const { metrics, named } = setUp();
    const { controller } = metrics;
    controller.reconcileStarted({ ...run(), trigger: 'change' });
    controller.statusWritten(resource(), 'written', statusOf(ready));
    controller.gone('mail/app');
    controller.planned(resource(), []);
    controller.driftDetected(resource(), []);
    controller.statusWritten(resource(), 'written', statusOf(ready));
    controller.reconcileFinished(finished);
    expect(await named()).toEqual([]);

    // One of the same name, made anew.
    controller.reconcileStarted({ ...run(), trigger: 'change' });
    controller.statusWritten(resource(), 'written', statusOf(ready));
    expect(await named()).not.toEqual([]);
  });

  it('are in a scrape that stays small and quick with many pipelines', async () => {
    const { metrics, named, families } = setUp();
    const types = [
      'Ready',
      'BucketReady',
      'RoleReady',
      'FunctionReady',
      'PermissionReady',
      'RulesReady',
      'RuleSetActive',
    ];
    const status = statusOf(...types.map((type) => condition(type, 'True')));
    for (let index = 0; index < 200; index += 1)
      metrics.controller.statusWritten(resource(`mail/p${index}`), 'written', status);
    expect(await named()).toHaveLength(200 * (7 * 3 + 4));

    for (let index = 0; index < 200; index += 1) metrics.controller.gone(`mail/p${index}`);
    expect(await named()).toEqual([]);
    expect((await families()).size).toBeGreaterThan(0);
  });
});
