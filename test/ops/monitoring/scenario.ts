import { DeleteReceiptRuleCommand } from '@aws-sdk/client-ses';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { setTimeout as delay } from 'node:timers/promises';
import type { FaultSettings } from '../../../src/sandbox/fault-settings.ts';
import type { Cluster } from '../../cluster/support/cluster.ts';
import type { ControllerProcess } from '../../cluster/support/controller-process.ts';
import { install, type Finally, type Installation } from '../../cluster/support/installation.ts';
import { conditionOf } from '../../cluster/support/live.ts';
import { until } from '../../cluster/support/until.ts';
import { pipeline, rule, type PipelineParts } from '../../support/manifests.ts';
import type { Period } from './dashboard-answers.ts';
import { momentOf, type Moment, type Recording } from './recording.ts';
import { scrape, seriesText, TARGET, type Scrape } from './series.ts';
import { crowdedLane } from './crowded-lane.ts';

export type ScenarioOptions = {
  readonly finally: Finally;
  /** Told of each controller as soon as it can be scraped. */
  readonly onTarget?: (metricsUrl: string) => Promise<void>;
  /** Told of each moment that is over. */
  readonly onMoment?: (name: string, period: Period) => void;
};

const REQUESTED_AT = 'ses-lambda-pipeline.dev/reconcile-requested-at';
const LEASE = 'ses-lambda-pipeline';

/**
 * The life of a controller in which everything goes wrong that an alert is about, one after the other, against a real
 * API server and the sandbox. Takes about three minutes.
 */
export async function playScenario(cluster: Cluster, options: ScenarioOptions): Promise<Recording> {
  const place = await install(cluster, options);
  const lane = crowdedLane(options);
  lane.catch(() => {}); // heard when it is waited for
  await leaseOfSomebodyElse(place);
  const refused = place.proxy.fail({
    verb: 'list',
    resource: 'seslambdapipelines',
    times: Infinity,
    fault: { kind: 'refuse', status: 403, reason: 'Forbidden' },
  });
  const controller = place.start({}, '--drift-interval=5s', '--max-retry-delay=2s', '--retry-period=500ms');
  const metricsUrl = await metricsUrlOf(controller);
  await options.onTarget?.(metricsUrl);
  const moments: Moment[] = [];
  const record = async (name: string, seconds: number, meanwhile?: Meanwhile): Promise<void> => {
    await steady(metricsUrl);
    const startSeconds = Date.now() / 1000;
    moments.push(await lasting(metricsUrl, name, seconds, { begin: () => heartbeat(place), meanwhile }));
    options.onMoment?.(name, { startSeconds, endSeconds: Date.now() / 1000 });
  };
  await place.apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'unused' } });

  await record('nobody leads', 3);

  await letGo(place);
  await told(metricsUrl, 'it leads', (values) => values.get(leading()) === 1);
  await record('pipelines were never listed', 3);
  refused.callOff();

  await place.apply(app('first'), app('second'), pipeline({ ...parts('paused'), suspend: true }));
  await Promise.all([place.ready('first'), place.ready('second')]);
  await record('all is well', 12);

  await record('somebody else deletes a rule again and again', 14, () => deleteRule(place, 'first'));
  await until('the rule is there again', place.ruleNames, (names) => names.some((each) => each.includes('_first_')));
  await told(metricsUrl, 'the drift is repaired', (values) => values.get(driftOf('first')) === 0);
  await record('a robot asks for a reconcile all the time', 12, async () => {
    await place.kubectl('annotate', '--overwrite', 'slp', 'first', `${REQUESTED_AT}=${performance.now()}`);
  });

  await trouble(place, { rules: [{ operation: 'lambda:Get*', kind: 'latency', duration: 25_000 }] });
  const longest = seriesText('workqueue_longest_running_processor_seconds', {
    ...TARGET,
    controller: 'seslambdapipeline',
    name: 'seslambdapipeline',
  });
  await told(metricsUrl, 'a reconcile hangs', (values) => (values.get(longest) ?? 0) > 7);
  await record('AWS does not answer', 6);
  await trouble(place, undefined);

  await trouble(place, { rules: [{ operation: 'lambda:Get*', kind: 'throttle' }] });
  await until(
    'the throttling is told',
    async () => Promise.all([place.get('first'), place.get('second')]),
    (all) => all.every((live) => conditionOf(live, 'Ready')?.status === 'False'),
  );
  await record('AWS throttles', 8);
  await trouble(place, undefined);
  await Promise.all([place.ready('first'), place.ready('second')]);

  await place.kubectl('delete', 'slp', 'second', '--timeout=60s');
  await told(metricsUrl, 'a deletion is over', (values) => (values.get(deletions()) ?? 0) > 0);

  const cut = (['list', 'watch'] as const).map((verb) =>
    place.proxy.fail({
      verb,
      resource: 'configmaps',
      times: Infinity,
      fault: { kind: 'refuse', status: 503, reason: 'ServiceUnavailable' },
    }),
  );
  place.proxy.resetWatches('configmaps');
  await record('the watch of ConfigMaps is cut', 8);
  for (const each of cut) each.callOff();

  await unhappyPipelines(place);
  await record('pipelines are in trouble, each in another', 12);
  await trouble(place, undefined);

  moments.push(await lane);
  await controller.end('SIGTERM');
  moments.push({ name: 'no controller is there', seconds: 1, series: {} });
  return moments;
}

type Meanwhile = () => Promise<void>;
type Acts = { readonly begin: () => Promise<void>; readonly meanwhile: Meanwhile | undefined };

/** Scrapes, lets time pass in which `meanwhile` is done over and over, and scrapes again. */
async function lasting(metricsUrl: string, name: string, seconds: number, acts: Acts): Promise<Moment> {
  const startedMs = performance.now();
  const first = await scrape(metricsUrl);
  const firstSeconds = Date.now() / 1000;
  await acts.begin();
  while (performance.now() - startedMs < seconds * 1000) {
    await acts.meanwhile?.();
    await delay(300);
  }
  const last = await scrape(metricsUrl);
  const nowSeconds = Date.now() / 1000;
  return momentOf(name, [first, last], { seconds: nowSeconds - firstSeconds, nowSeconds: [firstSeconds, nowSeconds] });
}

/** Waits until what came before is over: no status has been written for a while. */
async function steady(metricsUrl: string): Promise<void> {
  const written = seriesText('ses_lambda_pipeline_status_writes_total', { ...TARGET, result: 'written' });
  let last: number | undefined;
  let sinceMs = 0;
  await told(metricsUrl, 'no status is written any more', (values) => {
    const now = performance.now();
    if (values.get(written) !== last) sinceMs = now;
    last = values.get(written);
    return now - sinceMs > 2500;
  });
}

/** Something for each watch to tell that nobody need act on: a quiet cluster would take a minute to say that it lives. */
async function heartbeat(place: Installation): Promise<void> {
  const beat = `beat=${Math.round(performance.now())}`;
  for (const kind of ['configmap', 'slp']) await place.kubectl('label', '--overwrite', kind, '--all', beat);
}

const told = (metricsUrl: string, what: string, holds: (values: Scrape) => boolean): Promise<unknown> =>
  until(what, () => scrape(metricsUrl), holds);

const driftOf = (name: string): string =>
  seriesText('ses_lambda_pipeline_drift_age_seconds', { ...TARGET, namespace: 'mail-1', name });

const deletions = (): string => seriesText('ses_lambda_pipeline_deletion_seconds_count', TARGET);

const leading = (): string => seriesText('leader_election_master_status', { ...TARGET, name: LEASE });

/** Where a controller serves its metrics, as it says at its start. */
export async function metricsUrlOf(controller: ControllerProcess): Promise<string> {
  const addresses = await until(
    'the controller says where it listens',
    () => /"addresses":\["([^"]+)"/.exec(controller.log())?.[1],
    (address) => address !== undefined,
  );
  return `http://${addresses}/metrics`;
}

const parts = (name: string): PipelineParts => ({ name, rules: [rule('First', `${name}@example.com`)] });
const app = (name: string, over: PipelineParts = {}) => pipeline({ ...parts(name), ...over });

async function leaseOfSomebodyElse(place: Installation): Promise<void> {
  const now = new Date().toISOString().replace('Z', '000Z');
  await place.apply({
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name: LEASE },
    spec: { holderIdentity: 'somebody', leaseDurationSeconds: 3600, acquireTime: now, renewTime: now },
  });
}

/** As a leader does on its way out. */
async function letGo(place: Installation): Promise<void> {
  const spec = { holderIdentity: '', leaseDurationSeconds: 1 };
  const { code, err } = await place.kubectl('patch', 'lease', LEASE, '--type=merge', '-p', JSON.stringify({ spec }));
  if (code !== 0) throw new Error(err);
}

async function deleteRule(place: Installation, name: string): Promise<void> {
  const mine = (await place.ruleNames()).find((each) => each.includes(`_${name}_First`));
  if (mine === undefined) return;
  const { status } = await place.get(name);
  const set = status?.ruleSet?.name;
  await place.foreign('us-west-2').ses.send(new DeleteReceiptRuleCommand({ RuleSetName: set, RuleName: mine }));
}

async function trouble({ sandbox }: Installation, settings: Partial<FaultSettings> | undefined): Promise<void> {
  const page = `${sandbox.url}/_sandbox/faults`;
  const answer = await (settings === undefined
    ? fetch(page, { method: 'DELETE' })
    : fetch(page, { method: 'PUT', body: JSON.stringify(settings) }));
  if (!answer.ok) throw new Error(`the sandbox answered ${answer.status}: ${await answer.text()}`);
}

/** One is denied, one lacks its code, one cannot be deleted, one is only watched and differs, one gets no mail. */
async function unhappyPipelines(place: Installation): Promise<void> {
  const later = { region: 'eu-west-1', ruleSet: { name: 'later', activate: 'Never' } } as const;
  await place.apply(app('leaving', { storage: { deletionPolicy: 'Delete' } }), app('watched'), app('unrouted', later));
  for (const name of ['leaving', 'watched', 'unrouted']) await place.ready(name);

  const { status } = await place.get('leaving');
  await place
    .foreign('us-west-2')
    .s3.send(new PutObjectCommand({ Bucket: status?.bucket?.name, Key: 'mail', Body: 'x' }));
  await place.kubectl('delete', 'slp', 'leaving', '--wait=false');
  await place.apply(app('watched', { managementPolicy: 'Observe' }));
  await deleteRule(place, 'watched');
  await trouble(place, {
    rules: [
      { operation: 's3:CreateBucket', kind: 'error', error: { status: 403, code: 'AccessDenied', message: 'no' } },
    ],
  });
  await place.apply(app('denied'), app('waiting', { function: { code: { configMapRef: { name: 'not-there' } } } }));
  const reached = async (name: string, type: string, status: string) =>
    until(
      `${name} is ${type}=${status}`,
      () => place.get(name),
      (live) => conditionOf(live, type)?.status === status,
    );
  await Promise.all([
    reached('denied', 'Stalled', 'True'),
    reached('waiting', 'Ready', 'False'),
    reached('leaving', 'Ready', 'False'),
    reached('watched', 'Drifted', 'True'),
    reached('unrouted', 'MailRouted', 'False'),
  ]);
}
