import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { run } from '../control-plane/run.ts';
import { BIN, peaceful } from '../demo/run-bin.ts';
import { startController, type RunningController } from '../demo/running-controller.ts';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import { runningSandbox } from '../sandbox/support/running-sandbox.ts';
import { loadedPackages } from '../support/loaded-packages.ts';
import { valuesOf } from './support/otlp.ts';
import { otlpReceiver } from './support/otlp-receiver.ts';

const EXAMPLE = new URL('../../examples/echo', import.meta.url).pathname;
const UNTIL_READY = { timeout: 25_000, interval: 50 };
/** So long that only the end of the process sends anything. */
const NOT_BEFORE_THE_END = { OTEL_BSP_SCHEDULE_DELAY: '600000' };

let sandbox: Sandbox;
beforeEach(async () => {
  sandbox = await runningSandbox({ functionUpdateMs: 0 });
});

const quickly = ['--ses-calls-per-second', '1000'];

async function controllerWith(env: Readonly<Record<string, string>>): Promise<RunningController> {
  const args = ['--manifests', EXAMPLE, '--aws-endpoint-url', sandbox.url, ...quickly];
  const controller = await startController(args, env);
  onTestFinished(() => void controller.end().catch(() => undefined));
  return controller;
}

const isReady = ({ log }: RunningController): boolean =>
  log().some(({ msg, ready }) => msg === 'status written' && ready === 'True');

const untilReady = (controller: RunningController) =>
  vi.waitFor(() => expect(isReady(controller)).toBe(true), UNTIL_READY);

const applyWith = (env: Readonly<Record<string, string>>) =>
  run(process.execPath, [BIN, 'apply', '-f', EXAMPLE, '--endpoint-url', sandbox.url, ...quickly], {
    env: { ...peaceful(process.env), ...env },
  });

/** Packages of OpenTelemetry that a process loads. */
function watchedModules() {
  const { env, loaded } = loadedPackages();
  return { env, loaded: () => loaded().filter((name) => name.startsWith('@opentelemetry/')) };
}

describe('the controller', { timeout: 60_000 }, () => {
  it('sends its spans to a collector, the last ones when it stops, and its log names their trace', async () => {
    const collector = await otlpReceiver();
    const controller = await controllerWith({
      ...NOT_BEFORE_THE_END,
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_EXPORTER_OTLP_HEADERS: 'x-token=abc',
      OTEL_SERVICE_NAME: 'mail-pipelines',
      OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test',
    });
    await untilReady(controller);

    expect(await controller.end()).toBe(0);

    expect(collector.requests[0]).toMatchObject({ path: '/v1/traces', headers: { 'x-token': 'abc' } });
    expect(collector.resource()).toMatchObject({
      'service.name': 'mail-pipelines',
      'service.version': expect.stringMatching(/^\d/),
      'deployment.environment.name': 'test',
    });
    const written = controller.log().find(({ msg }) => msg === 'status written');
    const trace = collector.spans().filter(({ traceId }) => traceId === written?.['trace_id']);
    expect(trace.map(({ name }) => name)).toEqual(expect.arrayContaining(['reconcile batch', 'look', 'reconcile']));
    const runs = trace.filter(({ name }) => name === 'reconcile');
    expect(valuesOf(runs[0]?.attributes ?? [])).toMatchObject({
      'k8s.namespace.name': 'mail',
      'ses_lambda_pipeline.name': 'spartaapplication',
      'ses_lambda_pipeline.reconcile_id': written?.['reconcileId'],
    });
  });

  it.each([
    { collector: 'refuses connections', urlOf: async () => 'http://127.0.0.1:9' },
    { collector: 'never answers', urlOf: async () => (await otlpReceiver({ answers: false })).url },
  ])('works and stops in time when the collector $collector', async ({ urlOf }) => {
    const controller = await controllerWith({
      OTEL_EXPORTER_OTLP_ENDPOINT: await urlOf(),
      OTEL_BSP_SCHEDULE_DELAY: '20',
      OTEL_EXPORTER_OTLP_TIMEOUT: '100',
    });
    await untilReady(controller);
    const complaints = () => controller.log().filter(({ msg }) => msg.startsWith('spans cannot be sent'));
    await vi.waitFor(() => expect(complaints()).toHaveLength(1), UNTIL_READY);

    expect(await controller.end()).toBe(0);

    expect(complaints()).toHaveLength(1);
  });

  it('loads nothing for traces that nobody asks for, and no line of its log names one', async () => {
    const { env, loaded } = watchedModules();
    const controller = await controllerWith(env);
    await untilReady(controller);
    await controller.end();

    // prom-client brings the API, which does nothing.
    expect(loaded()).toEqual(['@opentelemetry/api']);
    expect(controller.log().filter((line) => 'trace_id' in line)).toEqual([]);
  });
});

describe('apply', { timeout: 60_000 }, () => {
  it('sends a trace of its own before it ends', async () => {
    const collector = await otlpReceiver();

    const { code } = await applyWith({ ...NOT_BEFORE_THE_END, OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });

    expect(code).toBe(0);
    const roots = collector.spans().filter(({ parentSpanId }) => (parentSpanId ?? '') === '');
    expect(roots.map(({ name }) => name)).toEqual(['apply']);
    expect(collector.spans().map(({ name }) => name)).toEqual(
      expect.arrayContaining(['look', 'createBucket', 'S3.CreateBucket', 'SES.CreateReceiptRule']),
    );
  });

  it('succeeds where nobody takes its spans, and says so once', async () => {
    const { code, err } = await applyWith({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' });

    expect(code).toBe(0);
    expect(err.match(/spans of this command could not be sent/g)).toHaveLength(1);
  });

  it('loads nothing of OpenTelemetry when nobody asks for traces', async () => {
    const { env, loaded } = watchedModules();

    const { code } = await applyWith(env);

    expect(code).toBe(0);
    expect(loaded()).toEqual([]);
  });

  it('loads it when somebody does, so that the test above can fail', async () => {
    const { env, loaded } = watchedModules();

    await applyWith({ ...env, OTEL_EXPORTER_OTLP_ENDPOINT: (await otlpReceiver()).url });

    expect(loaded()).toContain('@opentelemetry/sdk-trace');
  });
});
