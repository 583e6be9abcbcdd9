import type { Resource } from '../controller/source.ts';
import type { Check } from './health.ts';
import {
  startHttpServer,
  text,
  type HttpServerOptions,
  type Page,
  type PageReply,
  type RunningServer,
} from './http-server.ts';
import { showListenAddress, type ListenAddress } from './listen-address.ts';

/** `/metrics`. */
export const metricsPage = (scrape: () => Promise<{ readonly contentType: string; readonly text: string }>): Page => ({
  path: '/metrics',
  render: async () => {
    const { contentType, text: body } = await scrape();
    return { status: 200, contentType, body };
  },
});

/** `/healthz`: 503 asks the kubelet for a restart. */
export const healthPage = (checks: readonly Check[]): Page => ({
  path: '/healthz',
  render: () => verdictOf('healthz', checks),
});

/** `/readyz`: 503 while pipelines are not taken care of. */
export const readyPage = (checks: readonly Check[]): Page => ({
  path: '/readyz',
  render: () => verdictOf('readyz', checks),
});

/** In the words of the API server's own pages. @see https://kubernetes.io/docs/reference/using-api/health-checks/ */
function verdictOf(page: string, checks: readonly Check[]): PageReply {
  const verdicts = checks.map(({ name, judge }) => ({ name, verdict: judge() }));
  const lines = verdicts.map(({ name, verdict }) =>
    verdict.ok ? `[+]${name} ok` : `[-]${name} failed: ${verdict.why}`,
  );
  const passed = verdicts.every(({ verdict }) => verdict.ok);
  return text(passed ? 200 : 503, [...lines, `${page} check ${passed ? 'passed' : 'failed'}`].join('\n'));
}

/**
 * `/pipelines`: the status of each, for callers on this machine only. Specs are left out: they have recipients and
 * environment values in them.
 */
export const pipelinesPage = (list: () => readonly Resource[]): Page => ({
  path: '/pipelines',
  loopbackOnly: true,
  render: () => {
    const items = list()
      .toSorted((a, b) => (a.key < b.key ? -1 : 1))
      .map(({ key, generation, deleting, status }) => {
        const [namespace = '', name = ''] = key.split('/');
        return { namespace, name, generation, deleting, status: status ?? null };
      });
    return {
      status: 200,
      contentType: 'application/json; charset=utf-8',
      body: `${JSON.stringify({ items }, null, 2)}\n`,
    };
  },
});

/** Pages and where they belong; an undefined address is switched off. */
export type Site = { readonly address: ListenAddress | undefined; readonly pages: readonly Page[] };

/**
 * Starts a server for each address; sites of one address share it. When one cannot be started, none is left running.
 *
 * @throws when an address cannot be had; the message says what to do
 */
export async function startSites(
  sites: readonly Site[],
  options: Omit<HttpServerOptions, 'address' | 'pages'> = {},
): Promise<{ readonly servers: readonly RunningServer[]; readonly stop: () => Promise<void> }> {
  const byAddress = new Map<string, { address: ListenAddress; pages: Page[] }>();
  for (const [index, { address, pages }] of sites.entries()) {
    if (address === undefined) continue;
    // Two free ports are two ports.
    const key = address.port === 0 ? String(index) : showListenAddress(address);
    const found = byAddress.get(key) ?? { address, pages: [] };
    found.pages.push(...pages);
    byAddress.set(key, found);
  }
  const started = await Promise.allSettled(
    [...byAddress.values()].map((site) => startHttpServer({ ...options, ...site })),
  );
  const servers = started.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  const stop = async (): Promise<void> => {
    await Promise.all(servers.map((server) => server.stop()));
  };
  const failed = started.find((each) => each.status === 'rejected');
  if (failed !== undefined) {
    await stop();
    throw failed.reason;
  }
  return { servers, stop };
}
