import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../../cluster/support/until.ts';
import { freePort } from '../../support/free-port.ts';
import { program } from './program.ts';

/** A real Prometheus with our alerts, which scrapes as the ServiceMonitor says, only more often. */
export type Prometheus = {
  /** From now on it scrapes this page too. */
  readonly target: (metricsUrl: string) => Promise<void>;
  /** What its API answers: https://prometheus.io/docs/prometheus/latest/querying/api/ */
  readonly ask: <Data>(path: string, parameters?: Readonly<Record<string, string>>) => Promise<Data>;
  readonly stop: () => Promise<void>;
};

const RULES = new URL('../../../deploy/monitoring/alerts.yaml', import.meta.url).pathname;

export async function startPrometheus(): Promise<Prometheus> {
  const folder = await mkdtemp(join(tmpdir(), 'ses-lambda-pipeline-prometheus-'));
  const address = `127.0.0.1:${await freePort()}`;
  const targets: { readonly targets: readonly string[]; readonly labels: Readonly<Record<string, string>> }[] = [];
  const targetsFile = join(folder, 'targets.json');
  await writeFile(targetsFile, '[]');
  await writeFile(join(folder, 'prometheus.yml'), JSON.stringify(configuration(targetsFile)));
  const files = [`--config.file=${join(folder, 'prometheus.yml')}`, `--storage.tsdb.path=${join(folder, 'data')}`];
  const child = spawn(program('prometheus'), [...files, `--web.listen-address=${address}`, '--log.level=warn'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const ended = once(child, 'close');
  await until(
    'Prometheus is ready',
    () => isReady(address),
    (ready) => ready || child.exitCode !== null,
  );
  if (child.exitCode !== null) throw new Error(`Prometheus ended with ${child.exitCode}: ${said}`);
  return {
    target: async (metricsUrl) => {
      const labels = { namespace: 'ses-lambda-pipeline', pod: `ses-lambda-pipeline-${targets.length}` };
      targets.push({ targets: [new URL(metricsUrl).host], labels });
      // It is read while it is written.
      await writeFile(`${targetsFile}.new`, JSON.stringify(targets));
      await rename(`${targetsFile}.new`, targetsFile);
    },
    ask: async <Data>(path: string, parameters: Readonly<Record<string, string>> = {}) => {
      const body = new URLSearchParams(parameters);
      const url = `http://${address}/api/v1/${path}`;
      const answer = await (body.size === 0 ? fetch(url) : fetch(url, { method: 'POST', body }));
      const { status, data, error } = (await answer.json()) as { status: string; data: Data; error?: string };
      if (status !== 'success') throw new Error(`Prometheus: ${error}`);
      return data;
    },
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
      await rm(folder, { recursive: true });
    },
  };
}

/** JSON is YAML. */
const configuration = (targetsFile: string) => ({
  global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '5s' },
  rule_files: [RULES],
  scrape_configs: [
    {
      job_name: 'ses-lambda-pipeline-metrics',
      honor_labels: true,
      file_sd_configs: [{ files: [targetsFile], refresh_interval: '1s' }],
    },
  ],
});

const isReady = (address: string): Promise<boolean> =>
  fetch(`http://${address}/-/ready`).then(
    ({ ok }) => ok,
    () => false,
  );
