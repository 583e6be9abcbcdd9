import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { Registry } from 'prom-client';
import { systemClock } from './aws/system-clock.ts';
import { controllerSource } from './controller-source.ts';
import { createController } from './controller/controller.ts';
import { createTenants } from './controller/tenants.ts';
import { createWorkQueue } from './controller/work-queue.ts';
import type { Tenancy } from './core/tenancy.ts';
import { loadTenancy } from './files/load-tenancy.ts';
import { CONFIG_MAPS } from './kubernetes/api-object.ts';
import { createKubernetesApi } from './kubernetes/api.ts';
import { kubeConfigTransport } from './kubernetes/api-transport.ts';
import { createElection, type Election } from './kubernetes/lease.ts';
import { leaseStore } from './kubernetes/lease-store.ts';
import { chooseCluster } from './kubernetes/kubeconfig.ts';
import { PIPELINES } from './kubernetes/pipelines.ts';
import { isCrdCurrent } from './crd-check.ts';
import { portsByPlace } from './ports-by-place.ts';
import { ConfigError, loadConfig, type Config } from './service/config.ts';
import { controllerSites, EVENT_LOOP_LIMIT_MS } from './service/controller-sites.ts';
import { startHeartbeat } from './service/health.ts';
import { showListenAddress } from './service/listen-address.ts';
import { createLogObserver } from './service/log-observer.ts';
import { createLogger } from './service/logger.ts';
import { createMetrics } from './service/metrics.ts';
import { everyObserver } from './service/observers.ts';
import { startSites } from './service/pages.ts';
import { watchSignals } from './service/shutdown.ts';
import { openTraces, type Traces } from './service/tracing.ts';

export type ControllerRun = {
  /** What follows the verb on the command line. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly version: string;
  /** Takes what is said before there is a log. */
  readonly err: (line: string) => void;
};

const BEAT_MS = 1_000;
/** What may be done about a kubeconfig, where there are no options for it. */
const CLUSTER_ADVICE = {
  noFile: 'Set KUBECONFIG, or say --manifests to watch a folder instead.',
  noContext: 'Choose one with kubectl config use-context.',
};
/** Within what the shutdown gives its last stage: a collector that does not answer makes no exit a failure. */
const LAST_SPANS_MS = 1_500;

/** The controller's composition root: runs until it is told to stop. @returns the exit code */
export async function runController({ args, env, version, err }: ControllerRun): Promise<0 | 1> {
  let config: Config;
  let tenancy: Tenancy | undefined;
  try {
    config = loadConfig({ args, env });
    tenancy = await tenancyOf(config);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    err(`Error: ${error.message}`);
    return 1;
  }
  const clock = systemClock();
  let traces: Traces | undefined;
  const logger = createLogger({
    level: config.logLevel,
    format: config.logFormat,
    now: clock.now,
    context: () => traces?.logFields(),
  });
  for (const notice of config.notices) logger.warn(notice);
  traces = await openTraces({
    env,
    version,
    now: clock.now,
    onNotice: (notice) => logger.warn(notice),
    onTrouble: (problem) =>
      logger.warn('spans cannot be sent; check OTEL_EXPORTER_OTLP_ENDPOINT. Work goes on without them', { problem }),
  });
  const kubernetes = config.source.kind === 'kubernetes' ? chooseCluster({}, env, CLUSTER_ADVICE) : undefined;
  const metrics = createMetrics({
    registry: new Registry(),
    now: clock.now,
    version,
    concurrency: config.concurrency,
    driftIntervalMs: config.driftIntervalMs,
    ...(kubernetes !== undefined &&
      config.source.kind === 'kubernetes' && {
        kubernetes: {
          apiHost: new URL(kubernetes.server).host,
          leaseName: config.source.lease?.name,
          watched: [PIPELINES.plural, CONFIG_MAPS.plural],
        },
      }),
  });
  const observer = everyObserver([
    ...(traces === undefined ? [] : [traces.observer]),
    metrics.controller,
    createLogObserver(logger),
  ]);
  const intake = new AbortController();
  const calls = new AbortController();

  const api =
    kubernetes === undefined
      ? undefined
      : createKubernetesApi({
          transport: kubeConfigTransport(kubernetes.config),
          clock,
          userAgent: `ses-lambda-pipeline/${version}`,
          observer: (call) => {
            metrics.kubernetes?.apiCalled(call);
            traces?.kubernetesCalled(call);
          },
        });
  const source = controllerSource(config, api, clock, logger, metrics);
  const ports = portsByPlace({
    clock,
    sesCallsPerSecond: config.sesCallsPerSecond,
    onCall: (call) => {
      metrics.aws.awsCalled(call);
      traces?.awsCalled(call);
    },
    onLaneWaited: (waitMs) => {
      metrics.aws.laneWaited(waitMs);
      traces?.laneWaited(waitMs);
    },
    ...(config.dnsServers === undefined ? {} : { dnsServers: config.dnsServers }),
    ...(config.awsEndpointUrl === undefined ? {} : { endpointUrl: config.awsEndpointUrl }),
  });
  const queue = createWorkQueue<string>({
    clock,
    minRetryMs: config.minRetryDelayMs,
    maxRetryMs: config.maxRetryDelayMs,
    observer: metrics.queue,
    // One look at a region's rule sets, and one plan for them, serve all that wait at the same time.
    groupOf: (key) => source.get(key)?.manifest?.spec.region,
  });
  metrics.queue.watch(() => queue.stats());
  const controller = createController({
    source,
    portsOf: ports.of,
    tenants: createTenants(tenancy, config.installation),
    queue,
    observer,
    ...(traces !== undefined && { tracing: traces.tracing }),
    clock,
    after,
    newReconcileId: randomUUID,
    installation: config.installation,
    concurrency: config.concurrency,
    driftIntervalMs: config.driftIntervalMs,
    driftJitter: config.driftJitter,
    reconcileTimeoutMs: config.reconcileTimeoutMs,
  });

  const heartbeat = startHeartbeat({ now: clock.now, every, intervalMs: BEAT_MS, windowMs: EVENT_LOOP_LIMIT_MS });
  const startedAtMs = clock.now();
  let working = false;
  let running: Promise<void> = Promise.resolve();
  let election: Election | undefined;
  const sites = await startSites(
    controllerSites({
      config,
      scrape: metrics.scrape,
      source,
      heartbeat,
      now: clock.now,
      startedAtMs,
      isWorking: () => working,
      isStanding: () => election !== undefined,
    }),
  ).catch(async (error: unknown) => {
    heartbeat.stop();
    ports.close();
    await traces?.close(LAST_SPANS_MS);
    throw error;
  });

  const shutdown = watchSignals(
    {
      stopIntake: () => intake.abort(new Error('the controller stops')),
      drained: async () => {
        await running;
        await queue.shutDown('drop');
      },
      abortCalls: () => calls.abort(new Error('the grace is over')),
      finish: async () => {
        await election?.stop();
        heartbeat.stop();
        ports.close();
        await Promise.all([sites.stop(), traces?.close(LAST_SPANS_MS)]);
      },
    },
    {
      process,
      graceMs: config.shutdownGraceMs,
      after,
      onStage: (stage, why) => logger.info(`shutdown: ${stage}`, { why }),
      onCrash: (error) => logger.error('an error that nobody caught', { error }),
    },
  );

  const work = (term: AbortSignal): void => {
    working = true;
    running = controller
      .run(AbortSignal.any([intake.signal, term]), AbortSignal.any([calls.signal, term]))
      .catch((error: unknown) => {
        if (intake.signal.aborted || term.aborted) return;
        logger.error('the controller cannot go on', { error });
        shutdown.begin('the source of the pipelines could not be started', 1);
      });
  };

  logger.info('started', {
    version,
    source: config.source.kind,
    addresses: sites.servers.map(({ address }) => showListenAddress(address)),
  });
  if (api !== undefined && !(await isCrdCurrent(api, clock, logger, intake.signal)))
    shutdown.begin('the CRD in the cluster is older than this version', 1);
  if (intake.signal.aborted) return shutdown.stopped;

  const lease = config.source.kind === 'kubernetes' ? config.source.lease : undefined;
  if (api === undefined || lease === undefined) {
    work(new AbortController().signal);
  } else {
    const ref = { namespace: lease.namespace ?? podNamespace() ?? 'default', name: lease.name };
    election = createElection({
      store: leaseStore(api, ref),
      ref,
      identity: `${hostname()}_${randomUUID()}`,
      clock,
      monotonicMs: () => performance.now(),
      leaseDurationMs: lease.durationMs,
      renewDeadlineMs: lease.renewDeadlineMs,
      retryPeriodMs: lease.retryPeriodMs,
      onElected: (term) => {
        logger.info('leading', { lease: `${ref.namespace}/${ref.name}` });
        work(term);
      },
      onLost: (why) => {
        logger.error('the Lease is lost', { why });
        // Who is on the way out must not stand again.
        void election?.stop();
        shutdown.begin(`the Lease is lost (${why})`, 1);
      },
      observer: {
        ...metrics.kubernetes?.election,
        failed: (error) => logger.warn('the Lease could not be asked for', { error }),
      },
    });
    election.start();
  }
  return shutdown.stopped;
}

/** @throws {ConfigError} naming all that is wrong in the file at once */
async function tenancyOf({ tenantsFile }: Config): Promise<Tenancy | undefined> {
  if (tenantsFile === undefined) return undefined;
  const loaded = await loadTenancy(tenantsFile);
  if (loaded.ok) return loaded.tenancy;
  throw new ConfigError(loaded.problems.map((problem) => `${tenantsFile}: ${problem}`));
}

function after(delayMs: number, call: () => void): () => void {
  const timer = setTimeout(call, delayMs);
  return () => clearTimeout(timer);
}

function every(intervalMs: number, beat: () => void): () => void {
  const timer = setInterval(beat, intervalMs);
  return () => clearInterval(timer);
}

/** Where Kubernetes tells a pod its namespace. @see https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/ */
function podNamespace(): string | undefined {
  try {
    return readFileSync('/var/run/secrets/kubernetes.io/serviceaccount/namespace', 'utf8').trim();
  } catch {
    return undefined;
  }
}
