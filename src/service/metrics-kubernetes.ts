import { combinations, boundedLabel, PREFIX, secondsOf, type MetricMaker } from './metric-tools.ts';

/** One call to the API server: answered, or not. */
export type ApiCallReport = {
  /** `get`, `list`, `watch`, `create`, `update`, `patch` or `delete`. */
  readonly verb: string;
  /** The plural, such as `configmaps`. */
  readonly resource: string;
  /** HTTP status; undefined when no answer came. */
  readonly code: number | undefined;
  readonly durationMs: number;
};

/** What the reflector of one resource tells. */
export type ReflectorMetrics = {
  /** Everything was listed again. */
  readonly relisted: () => void;
  /** A watch was opened again. */
  readonly restarted: () => void;
  /** A list or a watch failed; a reason that is not known counts as `other`. */
  readonly failed: (trouble: { readonly reason: string }) => void;
  /** A change could not be handled: a bug. */
  readonly handlerFailed: () => void;
};

export type KubernetesMetrics = {
  readonly apiCalled: (call: ApiCallReport) => void;
  /** @param resource one of those named at the start */
  readonly reflector: (resource: string) => ReflectorMetrics;
  /** Asked at every scrape. @param lastAliveMs milliseconds since 1970 of the last sign of life; undefined before the first */
  readonly watchFreshness: (resource: string, lastAliveMs: () => number | undefined) => void;
  readonly election: { readonly leading: (isLeader: boolean) => void; readonly slowPath: () => void };
};

type KubernetesMetricsOptions = {
  /** host:port of the API server. */
  readonly apiHost: string;
  /** Undefined: replicas do not take turns. */
  readonly leaseName: string | undefined;
  /** Plurals of what is watched. */
  readonly watched: readonly string[];
};

const FAILURES = [
  'expired',
  'malformed',
  'inactive',
  'connection',
  'short',
  'throttled',
  'denied',
  'refused',
  'unavailable',
  'stale-list',
  'handler',
  'other',
] as const;

// client-go's. https://github.com/kubernetes/component-base/blob/master/metrics/prometheus/restclient/metrics.go
const REQUEST_SECONDS = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60];

const METHODS: Readonly<Record<string, string>> = {
  get: 'GET',
  list: 'GET',
  watch: 'GET',
  create: 'POST',
  update: 'PUT',
  patch: 'PATCH',
  delete: 'DELETE',
};

/** client-go's word for it. */
const NO_ANSWER = '<error>';

/** Calls to the API server, watches and leader election; client-go's names where it has one. */
export function kubernetesMetrics(maker: MetricMaker, options: KubernetesMetricsOptions): KubernetesMetrics {
  return {
    apiCalled: apiMetrics(maker, options),
    ...watchMetrics(maker, options),
    election: electionMetrics(maker, options),
  };
}

function apiMetrics(
  { counter, histogram }: MetricMaker,
  { apiHost: host }: KubernetesMetricsOptions,
): KubernetesMetrics['apiCalled'] {
  const requests = counter<'code' | 'method' | 'host'>(
    'rest_client_requests_total',
    'Calls to the Kubernetes API server, by HTTP status.',
    [],
    ['code', 'method', 'host'],
  );
  const seconds = histogram(
    'rest_client_request_duration_seconds',
    'How long a call to the Kubernetes API server took; of a watch, until it was accepted.',
    REQUEST_SECONDS,
    { series: combinations({ verb: [...new Set(Object.values(METHODS))], host: [host] }) },
  );
  const codeLabel = boundedLabel(60);
  return ({ verb, code, durationMs }) => {
    const method = METHODS[verb] ?? 'GET';
    requests.inc({ code: code === undefined ? NO_ANSWER : codeLabel(String(code)), method, host });
    seconds.observe({ verb: method, host }, secondsOf(durationMs));
  };
}

function watchMetrics(
  { counter, gauge }: MetricMaker,
  { watched }: KubernetesMetricsOptions,
): Pick<KubernetesMetrics, 'reflector' | 'watchFreshness'> {
  const resources = combinations({ resource: watched });
  const relists = counter(`${PREFIX}relists_total`, 'How often everything of a resource was listed again.', resources);
  const restarts = counter(`${PREFIX}watch_restarts_total`, 'Watches that were opened again.', resources);
  const failures = counter(
    `${PREFIX}watch_failures_total`,
    'Lists and watches that failed, by reason; all are tried again.',
    combinations({ resource: watched, reason: FAILURES }),
  );
  const asked = new Map<string, () => number | undefined>();
  gauge(
    `${PREFIX}watch_last_success_timestamp_seconds`,
    'When a watch last gave a sign of life, in seconds since 1970; 0 before the first.',
    {
      series: resources,
      collect: (metric) => {
        for (const [resource, lastAliveMs] of asked) metric.set({ resource }, secondsOf(lastAliveMs() ?? 0));
      },
    },
  );
  return {
    reflector: (resource) => ({
      relisted: () => relists.inc({ resource }),
      restarted: () => restarts.inc({ resource }),
      failed: ({ reason }) => failures.inc({ resource, reason: FAILURES.find((known) => known === reason) ?? 'other' }),
      handlerFailed: () => failures.inc({ resource, reason: 'handler' }),
    }),
    watchFreshness: (resource, lastAliveMs) => void asked.set(resource, lastAliveMs),
  };
}

function electionMetrics(
  { counter, gauge }: MetricMaker,
  { leaseName: name }: KubernetesMetricsOptions,
): KubernetesMetrics['election'] {
  // Without a Lease a 0 would say that there is no leader.
  const series = name === undefined ? [] : combinations({ name: [name] });
  const labels = ['name'] as const;
  const help = '1 while this process is the leader, else 0.';
  const master = gauge('leader_election_master_status', help, { series, labels });
  const slow = counter('leader_election_slowpath_total', 'Renewals that found the Lease changed.', series, labels);
  if (name === undefined) return { leading: () => {}, slowPath: () => {} };
  return {
    leading: (isLeader) => master.set({ name }, isLeader ? 1 : 0),
    slowPath: () => slow.inc({ name }),
  };
}
