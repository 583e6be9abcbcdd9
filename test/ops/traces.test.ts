import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import { until } from '../cluster/support/until.ts';
import { run } from '../control-plane/run.ts';
import { BIN, peaceful } from '../demo/run-bin.ts';
import { startController } from '../demo/running-controller.ts';
import { runningSandbox } from '../sandbox/support/running-sandbox.ts';
import { parentOf, placeOf, valuesOf, type ReceivedSpan } from '../service/support/otlp.ts';
import { fileOf, pipeline, rule } from '../support/manifests.ts';
import { builtWithGo } from './built-with-go.ts';
import { startCollector } from './collector.ts';

/** @see https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/trace/v1/trace.proto */
const INTERNAL = 1;
const CLIENT = 3;
const ERROR = 2;

beforeAll(() => builtWithGo(new URL('otel-collector', import.meta.url).pathname), 600_000);

const TWO = [
  pipeline({ name: 'one', rules: [rule('First', 'one@example.com')] }),
  pipeline({ name: 'two', rules: [rule('First', 'two@example.com')] }),
];

function folderWith(documents: readonly object[]) {
  const folder = mkdtempSync(join(tmpdir(), 'ses-lambda-pipeline-traces-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const write = (all: readonly object[]) => writeFileSync(join(folder, 'pipelines.yaml'), fileOf(all));
  write(documents);
  return { folder, write };
}

/** A controller on the pipelines of a folder; it asks SES so often that its calls have to wait for each other. */
async function controllerOn(folder: string, sandbox: Sandbox, env: Readonly<Record<string, string>>) {
  const pace = ['--ses-calls-per-second=20', '--min-retry-delay=100ms', '--aws-endpoint-url', sandbox.url];
  const controller = await startController(['--manifests', folder, ...pace], env);
  onTestFinished(() => void controller.end().catch(() => undefined));
  const written = () => controller.log().filter(({ msg, ready }) => msg === 'status written' && ready === 'True');
  return {
    ...controller,
    untilReady: (times: number) => until(`${times} times Ready`, written, ({ length }) => length >= times),
    warnings: () => controller.log().filter(({ msg }) => msg.startsWith('spans cannot be sent')),
  };
}

const isFailed = ({ status }: ReceivedSpan): boolean => status?.code === ERROR;

/** Spans are told in whole milliseconds, and a child may be told after its parent. */
const ROUNDING_NS = 2_000_000n;

function isWithin(child: ReceivedSpan, parent: ReceivedSpan): boolean {
  const [start, end] = [BigInt(parent.startTimeUnixNano), BigInt(parent.endTimeUnixNano)];
  return BigInt(child.startTimeUnixNano) >= start - ROUNDING_NS && BigInt(child.endTimeUnixNano) <= end + ROUNDING_NS;
}

describe('a collector gets from the controller', () => {
  test('whole traces, with what failed and each call where it was asked for', async () => {
    const sandbox = await runningSandbox({ functionUpdateMs: 0 });
    const error = { status: 403, code: 'AccessDeniedException', message: 'not allowed' };
    sandbox.faults.failNext({ operation: 'lambda:CreateFunction*', error });
    const collector = await startCollector();
    const controller = await controllerOn(folderWith(TWO).folder, sandbox, {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test',
    });
    await controller.untilReady(1);
    await until('the other says what is wrong', controller.log, (log) =>
      log.some(({ msg, reason }) => msg === 'status written' && reason === 'AccessDenied'),
    );
    expect(await controller.end()).toBe(0);

    const spans = await until('the last spans are written', collector.spans, (all) =>
      all.some(({ name }) => name === 'reconcile batch'),
    );
    const named = (name: string) => spans.filter((span) => span.name === name);
    const places = new Set(spans.map((span) => placeOf(span, spans)));

    expect(collector.resource()).toMatchObject({
      'service.name': 'ses-lambda-pipeline',
      'service.version': expect.stringMatching(/^\d/),
      'telemetry.sdk.language': 'nodejs',
      'deployment.environment.name': 'test',
    });

    // Every parent came too, and was there all the time.
    expect([...places].filter((place) => place.includes('?'))).toEqual([]);
    const outlived = spans.filter((span) => {
      const parent = parentOf(span, spans);
      return parent !== undefined && !isWithin(span, parent);
    });
    expect(outlived.map((span) => placeOf(span, spans))).toEqual([]);
    expect([...places]).toEqual(
      expect.arrayContaining([
        'reconcile batch',
        'reconcile batch > look > IAM.GetRole',
        'reconcile batch > reconcile > createBucket > S3.CreateBucket',
        'reconcile batch > reconcile > createRule > SES.CreateReceiptRule',
        'reconcile batch > reconcile > createRule > wait for SES',
      ]),
    );

    // Those that waited in the lane are still with the pipeline that they are for.
    const rules = named('SES.CreateReceiptRule');
    expect(rules.length).toBeGreaterThanOrEqual(2);
    for (const call of rules) {
      const step = parentOf(call, spans);
      const owner = valuesOf(step?.attributes ?? [])['ses_lambda_pipeline.name'];
      expect(valuesOf(call.attributes)['ses_lambda_pipeline.aws.resource']).toContain(`_mail_${String(owner)}_`);
    }

    // By https://opentelemetry.io/docs/specs/semconv/cloud-providers/aws-sdk/
    const calls = spans.filter(({ name }) => /^[A-Z]\w+\.\w+$/.test(name));
    expect(calls.length).toBeGreaterThan(20);
    for (const { name, kind, attributes } of calls) {
      expect(kind).toBe(CLIENT);
      const [service, method] = name.split('.');
      expect(valuesOf(attributes)).toMatchObject({
        'rpc.system': 'aws-api',
        'rpc.service': service,
        'rpc.method': method,
        'cloud.region': expect.stringMatching(/^us-/),
        'aws.request_id': expect.stringMatching(/^[\w-]+$/),
      });
    }
    expect(new Set(named('reconcile').map(({ kind }) => kind))).toEqual(new Set([INTERNAL]));
    expect(valuesOf(named('reconcile')[0]?.attributes ?? [])).toMatchObject({
      'k8s.namespace.name': 'mail',
      'ses_lambda_pipeline.name': expect.stringMatching(/^(one|two)$/),
    });

    const failed = spans.filter(isFailed);
    expect(new Set(failed.map((span) => placeOf(span, spans)))).toEqual(
      new Set([
        'reconcile batch > reconcile',
        'reconcile batch > reconcile > createFunction',
        'reconcile batch > reconcile > createFunction > Lambda.CreateFunction',
      ]),
    );
    const call = failed.find(({ name }) => name === 'Lambda.CreateFunction');
    expect(valuesOf(call?.attributes ?? [])).toMatchObject({
      'error.type': 'AccessDeniedException',
      'aws.request_id': expect.stringMatching(/^[\w-]+$/),
      'ses_lambda_pipeline.fault.class': 'denied',
      'ses_lambda_pipeline.fault.reason': 'AccessDenied',
    });
    expect(JSON.stringify(spans)).not.toMatch(/@example\.com|export const handler/);
  });

  test('nothing while it is silent or away, at the price of one warning each time', { timeout: 120_000 }, async () => {
    const sandbox = await runningSandbox({ functionUpdateMs: 0 });
    const collector = await startCollector();
    const { folder, write } = folderWith(TWO.slice(0, 1));
    collector.fallSilent();
    const controller = await controllerOn(folder, sandbox, {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_EXPORTER_OTLP_TIMEOUT: '300',
      OTEL_BSP_SCHEDULE_DELAY: '50',
    });
    const edited = (memorySize: number) => write([pipeline({ name: 'one', function: { memorySize } })]);

    await controller.untilReady(1);
    await until('it has said so', controller.warnings, ({ length }) => length > 0);
    edited(256);
    await controller.untilReady(2);
    expect(controller.warnings()).toHaveLength(1);

    collector.comeBack();
    edited(512);
    await controller.untilReady(3);
    await until('spans come again', collector.spans, ({ length }) => length > 0);

    await collector.end();
    edited(1024);
    await controller.untilReady(4);
    await until('it has said so again', controller.warnings, ({ length }) => length > 1);

    expect(await controller.end()).toBe(0);
    expect(controller.warnings()).toHaveLength(2);
  });
});

test('a collector gets from a command one trace, with the exit code', async () => {
  const sandbox = await runningSandbox({ functionUpdateMs: 0 });
  const collector = await startCollector();
  const { folder } = folderWith(TWO);

  const { code } = await run(
    process.execPath,
    [BIN, 'apply', '-f', folder, '--endpoint-url', sandbox.url, '--ses-calls-per-second', '1000'],
    { env: { ...peaceful(process.env), OTEL_EXPORTER_OTLP_ENDPOINT: collector.url } },
  );

  const spans = await until('the spans are written', collector.spans, (all) =>
    all.some(({ name }) => name === 'apply'),
  );
  const roots = spans.filter(({ parentSpanId }) => (parentSpanId ?? '') === '');
  expect(code).toBe(0);
  expect(roots.map(({ name, attributes }) => [name, valuesOf(attributes)])).toEqual([
    ['apply', { 'process.exit.code': 0 }],
  ]);
  expect(spans.filter(isFailed)).toEqual([]);
  expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(1);
});
