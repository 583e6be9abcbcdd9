/**
 * What a controller with many settled pipelines costs: `npm run bench:controller [-- --pipelines 1000] [-- --write]`.
 * Nothing here fails because of a time; the one thing that must hold is that a resync writes nothing.
 */
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { tableOf } from '../../tools/markdown-table.ts';
import { allLookedAt, REGIONS, settledWorld } from './bench-world.ts';
import { emptyNode, type EmptyNode } from './empty-node.ts';
import { scrape, type Scrape } from './scrape.ts';

const PAGE = new URL('../../docs/reference/bench.md', import.meta.url);
const IDLE_MS = 60_000;

const { values } = parseArgs({
  options: { pipelines: { type: 'string', default: '1000' }, write: { type: 'boolean', default: false } },
});
const pipelines = Number(values.pipelines);
if (!Number.isInteger(pipelines) || pipelines < 1) throw new Error('--pipelines takes a whole number from 1');
const say = (line: string): void => void process.stderr.write(`${line}\n`);

const world = await settledWorld(pipelines, say);
try {
  const empty = await emptyNode();
  const measured = await measure();
  const page = report(empty, measured);
  process.stdout.write(page);
  if (values.write) writeFileSync(PAGE, page);
  if (measured.statusWrites + measured.awsWrites > 0) process.exitCode = 1;
} finally {
  await world.stop();
}

type Measured = {
  readonly startUpMs: number;
  readonly residentBytes: number;
  readonly reconciles: number;
  readonly cpuSecondsPerReconcile: number;
  readonly awsCalls: number;
  readonly sesCalls: number;
  readonly awsWrites: number;
  readonly statusWrites: number;
  readonly requestsPerMinute: number;
  readonly renewalsPerMinute: number;
  readonly idleCpuShare: number;
};

/** Default settings, the drift interval aside: nothing but the first look is to be seen. */
async function measure(): Promise<Measured> {
  const startedMs = performance.now();
  const controller = await world.startController();
  try {
    const first = await scrape(controller.metricsUrl);
    await allLookedAt(controller, pipelines);
    const startUpMs = performance.now() - startedMs;
    const looked = await scrape(controller.metricsUrl);
    say(`all were looked at after ${Math.round(startUpMs / 1000)} s; now ${IDLE_MS / 1000} s of rest`);
    await delay(IDLE_MS);
    const rested = await scrape(controller.metricsUrl);

    const cpu = (now: Scrape): number => now.sum('process_cpu_seconds_total');
    const requests = (now: Scrape, labels = {}): number => now.sum('rest_client_requests_total', labels);
    const perMinute = (labels = {}): number =>
      ((requests(rested, labels) - requests(looked, labels)) * 60_000) / IDLE_MS;
    const reconciles = looked.sum('controller_runtime_reconcile_total');
    return {
      startUpMs,
      residentBytes: rested.sum('process_resident_memory_bytes'),
      reconciles,
      cpuSecondsPerReconcile: (cpu(looked) - cpu(first)) / reconciles,
      awsCalls: looked.sum('ses_lambda_pipeline_aws_requests_total'),
      sesCalls: looked.sum('ses_lambda_pipeline_aws_requests_total', { service: 'ses' }),
      awsWrites: looked.sum('ses_lambda_pipeline_plan_steps_total'),
      statusWrites: looked.sum('ses_lambda_pipeline_status_writes_total', { result: 'written' }),
      requestsPerMinute: perMinute(),
      renewalsPerMinute: perMinute({ method: 'PUT' }),
      idleCpuShare: (cpu(rested) - cpu(looked)) / (IDLE_MS / 1000),
    };
  } finally {
    await controller.end();
  }
}

function report(empty: EmptyNode, measured: Measured): string {
  const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(0)} MiB`;
  const times = (ratio: number): string => `${Number(ratio.toPrecision(2))} times`;
  const each = (total: number): string => (total / measured.reconciles).toFixed(2);
  const rows = [
    [
      'resident memory at rest',
      mebibytes(measured.residentBytes),
      mebibytes(empty.residentBytes),
      times(measured.residentBytes / empty.residentBytes),
    ],
    [
      'start until all are checked',
      `${(measured.startUpMs / 1000).toFixed(1)} s`,
      `${empty.startMs.toFixed(0)} ms`,
      times(measured.startUpMs / empty.startMs),
    ],
    [
      'CPU per reconcile that changes nothing',
      `${(measured.cpuSecondsPerReconcile * 1000).toFixed(1)} ms`,
      `${(empty.cpuSeconds * 1000).toFixed(0)} ms`,
      times(measured.cpuSecondsPerReconcile / empty.cpuSeconds),
    ],
    ['AWS calls per reconcile', each(measured.awsCalls), '', ''],
    ['of these to SES, which allows one a second for each account and region', each(measured.sesCalls), '', ''],
    ['changes planned on AWS', String(measured.awsWrites), '', ''],
    ['statuses written', String(measured.statusWrites), '', ''],
    ['requests to the Kubernetes API a minute at rest', measured.requestsPerMinute.toFixed(0), '', ''],
    ['of these to renew the Lease', measured.renewalsPerMinute.toFixed(0), '', ''],
    ['share of one processor at rest', `${(measured.idleCpuShare * 100).toFixed(1)} %`, '', ''],
  ];
  return `<!-- Written by "npm run bench:controller -- --write". Do not edit. -->

# What the controller costs

${pipelines} settled pipelines in ${REGIONS.length} regions of one account. For the controller that is as good as ${REGIONS.length} accounts: a lane to SES
and a rule set for each. A real API server, the sandbox as AWS, default settings but for a drift interval of 24h, so that
nothing but the first look after the start is to be seen.

Beside it an empty Node (\`node -e 0\`) of the same run: times depend on the machine and on what else it does, their
ratio less so. This run: ${cpus().length} processors (${cpus()[0]?.model.trim() ?? 'unknown'}), Node ${process.versions.node}.

${tableOf(['', 'Controller', 'Empty Node', 'Ratio'], rows)}
`;
}
