import { boundedLabel, combinations, PREFIX, secondsOf, type MetricMaker } from './metric-tools.ts';

/** One answered or failed call to the API server. */
export type ApiCallReport = {
  readonly verb: string;
  /** The plural, such as `configmaps`. */
  readonly resource: string;
  /** HTTP status; undefined when no answer came. */
  readonly code: number | undefined;
  readonly durationMs: number;
};

/** Why a watch was begun anew; everything else counts as `error`. */
const RESTARTS = ['expired', 'closed', 'stale', 'error'] as const;
export type WatchRestart = (typeof RESTARTS)[number];

export type KubernetesMetrics = {
  readonly apiCalled: (call: ApiCallReport) => void;
  /** Everything of one resource was listed. */
  readonly relisted: (resource: string) => void;
  readonly watchRestarted: (resource: string, reason: WatchRestart) => void;
  /** A sign of life: a list, an event or a bookmark. */
  readonly watchAlive: (resource: string) => void;
  readonly leading: (isLeader: boolean) => void;
};

type KubernetesMetricsOptions = {
  /** host:port of the API server. */
  readonly apiHost: string;
  readonly leaseName: string;
  /** Plurals of what is watched. */
  readonly watched: readonly string[];
  /** Milliseconds since 1970. */
  readonly now: () => number;
};

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
export function kubernetesMetrics(
  { counter, gauge, histogram }: MetricMaker,
  { apiHost, leaseName, watched, now }: KubernetesMetricsOptions,
): KubernetesMetrics {
  const verbs = combinations({ verb: [...new Set(Object.values(METHODS))], host: [apiHost] });
  const resources = combinations({ resource: watched });
  const requests = counter<'code' | 'method' | 'host'>(
    'rest_client_requests_total',
    'Calls to the Kubernetes API server, by HTTP status.',
    [],
    ['code', 'method', 'host'],
  );
  const seconds = histogram(
    'rest_client_request_duration_seconds',
    'How long a call to the Kubernetes API server took.',
    REQUEST_SECONDS,
    { series: verbs },
  );
  const lists = counter(`${PREFIX}relists_total`, 'How often everything of a resource was listed.', resources);
  const restarts = counter(
    `${PREFIX}watch_restarts_total`,
    'Watches that were begun anew, by reason.',
    combinations({ resource: watched, reason: RESTARTS }),
  );
  const alive = gauge(
    `${PREFIX}watch_last_success_timestamp_seconds`,
    'When a watch last gave a sign of life, in seconds since 1970; 0 before the first.',
    { series: resources },
  );
  const leader = gauge('leader_election_master_status', '1 while this process is the leader, else 0.', {
    series: combinations({ name: [leaseName] }),
  });

  const codeLabel = boundedLabel(60);
  return {
    apiCalled: ({ verb, code, durationMs }) => {
      const method = METHODS[verb] ?? 'GET';
      requests.inc({ code: code === undefined ? NO_ANSWER : codeLabel(String(code)), method, host: apiHost });
      seconds.observe({ verb: method, host: apiHost }, secondsOf(durationMs));
    },
    relisted: (resource) => ifWatched(resource, () => lists.inc({ resource })),
    watchRestarted: (resource, reason) =>
      ifWatched(resource, () => restarts.inc({ resource, reason: RESTARTS.includes(reason) ? reason : 'error' })),
    watchAlive: (resource) => ifWatched(resource, () => alive.set({ resource }, now() / 1000)),
    leading: (isLeader) => leader.set({ name: leaseName }, isLeader ? 1 : 0),
  };

  function ifWatched(resource: string, count: () => void): void {
    if (watched.includes(resource)) count();
  }
}
