import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createLane } from '../../src/aws/lane.ts';
import { awsPorts } from '../../src/aws/ports.ts';
import { systemClock } from '../../src/aws/system-clock.ts';
import { packCode } from '../../src/code/pack-code.ts';
import { createController } from '../../src/controller/controller.ts';
import type { Resource } from '../../src/controller/source.ts';
import { createTenants } from '../../src/controller/tenants.ts';
import { createWorkQueue } from '../../src/controller/work-queue.ts';
import { PipelineError } from '../../src/core/fault.ts';
import { createLogger } from '../../src/service/logger.ts';
import { virtualClock } from '../aws/support/virtual-clock.ts';
import { controlling } from '../controller/support/controlling.ts';
import { fakeSource } from '../controller/support/fake-source.ts';
import { resource } from '../controller/support/resource.ts';
import { runningSandbox } from '../sandbox/support/running-sandbox.ts';
import { durationMs, recordedSpans } from './support/recorded-spans.ts';

const ZIP = packCode(new Map([['index.mjs', new TextEncoder().encode('export const handler = () => {};')]]), {
  runtime: 'nodejs24.x',
});

const settled = (one: Resource | undefined): boolean =>
  one?.status?.conditions.some(({ type, status }) => type === 'Ready' && status === 'True') === true;

/** A controller brings all of them about in a sandbox; gives every span of it. */
async function broughtAbout(first: readonly Resource[], environment: Record<string, string> = {}) {
  const sandbox = await runningSandbox({ functionUpdateMs: 0 });
  const clock = systemClock();
  const recorded = recordedSpans(clock.now);
  const { spans } = recorded;
  const ports = awsPorts({
    region: 'us-west-2',
    endpointUrl: sandbox.url,
    clock,
    credentials: { accessKeyId: 'AKIATEST', secretAccessKey: 'secret' },
    sesCallsPerSecond: 1000,
    onCall: spans.awsCalled,
    onLaneWaited: spans.laneWaited,
  });
  const source = fakeSource(...first);
  source.inputsOf = () => ({ code: ZIP, environment });
  const controller = createController({
    source,
    portsOf: () => ports,
    tenants: createTenants(undefined, 'slp'),
    queue: createWorkQueue<string>({ clock, minRetryMs: 10, maxRetryMs: 10, groupOf: () => 'one region' }),
    observer: spans.observer,
    tracing: spans.tracing,
    clock,
    after: () => () => {},
    newReconcileId: () => 'some id',
    installation: 'slp',
    concurrency: 1,
    driftIntervalMs: 60_000,
    driftJitter: 0,
    reconcileTimeoutMs: 60_000,
  });
  const intake = new AbortController();
  const ended = controller.run(intake.signal, new AbortController().signal);
  onTestFinished(() => ports.close());
  await vi.waitFor(() => expect([...source.resources.values()].every(settled)).toBe(true), { timeout: 20_000 });
  intake.abort();
  await ended;
  return recorded;
}

describe('the trace of a new pipeline', () => {
  it('shows each AWS call below the step that sent it, and each step below the run of its pipeline', async () => {
    const { places } = await broughtAbout([resource()]);

    expect(places().filter((place) => !place.endsWith('wait for SES'))).toEqual(
      expect.arrayContaining([
        'reconcile batch',
        'reconcile batch > look',
        'reconcile batch > look > IAM.GetRole',
        'reconcile batch > look > S3.HeadBucket',
        'reconcile batch > look > SES.DescribeActiveReceiptRuleSet',
        'reconcile batch > reconcile',
        'reconcile batch > reconcile > STS.GetCallerIdentity',
        'reconcile batch > reconcile > createBucket',
        'reconcile batch > reconcile > createBucket > S3.CreateBucket',
        'reconcile batch > reconcile > createFunction > Lambda.CreateFunction',
        'reconcile batch > reconcile > createRole > IAM.CreateRole',
        'reconcile batch > reconcile > createRule > SES.CreateReceiptRule',
        // What belongs to a rule set as a whole is nobody's alone.
        'reconcile batch > createRuleSet > SES.CreateReceiptRuleSet',
        'reconcile batch > activateRuleSet > SES.SetActiveReceiptRuleSet',
      ]),
    );
    expect(places().filter((place) => place.startsWith('?') || !place.startsWith('reconcile batch'))).toEqual([]);
  });

  it('names what a span is about, after the conventions', async () => {
    const { named } = await broughtAbout([resource()]);

    const [call] = named('SES.CreateReceiptRule');
    expect(call).toMatchObject({ kind: SpanKind.CLIENT, status: { code: SpanStatusCode.UNSET } });
    expect(call?.attributes).toEqual({
      'rpc.system': 'aws-api',
      'rpc.service': 'SES',
      'rpc.method': 'CreateReceiptRule',
      'cloud.region': 'us-west-2',
      'aws.request_id': expect.stringMatching(/^[\w-]{36}$/),
      'ses_lambda_pipeline.aws.resource': expect.stringMatching(/^rule "slp_mail_app_\w+" of rule set "/),
      'ses_lambda_pipeline.aws.attempts': 1,
    });
    expect(named('createBucket')[0]?.attributes).toMatchObject({
      'k8s.namespace.name': 'mail',
      'cloud.region': 'us-west-2',
      'ses_lambda_pipeline.name': 'app',
      'ses_lambda_pipeline.step.part': 'bucket',
      'ses_lambda_pipeline.step.verb': 'create',
      'ses_lambda_pipeline.step.target': expect.stringMatching(/^bucket /),
    });
    expect(named('reconcile').at(-1)?.attributes).toMatchObject({
      'k8s.namespace.name': 'mail',
      'ses_lambda_pipeline.name': 'app',
      'ses_lambda_pipeline.reconcile_id': 'some id',
      'ses_lambda_pipeline.generation': 1,
      'ses_lambda_pipeline.ready': 'True',
      'ses_lambda_pipeline.stalled': false,
    });
  });

  it('does not take a resource that is not there yet for an error', async () => {
    const { named } = await broughtAbout([resource()]);

    const [first] = named('IAM.GetRole');
    expect(first?.status.code).toBe(SpanStatusCode.UNSET);
    expect(first?.attributes).toMatchObject({ 'ses_lambda_pipeline.absent': true });
    expect(first?.attributes).not.toHaveProperty('error.type');
  });

  it('holds no recipient, no value of the environment and no code', async () => {
    const spec = { receiptRules: [{ name: 'Secret', recipients: ['somebody@private.example', 'whole.example'] }] };

    const { ended } = await broughtAbout([resource(spec)], { API_KEY: 'a-value-of-the-environment' });

    const told = ended().map(({ name, attributes, events, status }) => ({ name, attributes, events, status }));
    expect(told.length).toBeGreaterThan(20);
    expect(JSON.stringify(told)).not.toMatch(/private\.example|whole\.example|a-value-of-the-environment|handler = /);
  });

  it('shows several pipelines that share a look and a plan as one batch, each step below its own pipeline', async () => {
    const app = resource({}, { key: 'mail/app' });
    const other = resource({ receiptRules: [{ name: 'Other', recipients: ['b@example.com'] }] }, { key: 'mail/other' });

    const { named, placeOf, ended } = await broughtAbout([app, other]);

    expect(named('reconcile batch')[0]?.attributes).toMatchObject({ 'ses_lambda_pipeline.batch.pipelines': 2 });
    const [batch] = named('reconcile batch');
    const { traceId } = batch?.spanContext() ?? {};
    const inBatch = ended().filter((span) => span.spanContext().traceId === traceId);
    const owners = inBatch
      .filter(({ name }) => name === 'createFunction')
      .map((step) => {
        const run = inBatch.find((span) => span.spanContext().spanId === step.parentSpanContext?.spanId);
        expect(placeOf(step)).toBe('reconcile batch > reconcile > createFunction');
        expect(run?.attributes['ses_lambda_pipeline.name']).toBe(step.attributes['ses_lambda_pipeline.name']);
        return step.attributes['ses_lambda_pipeline.name'];
      });
    expect(owners.map(String).sort()).toEqual(['app', 'other']);
  });
});

describe('an error in a trace', () => {
  const denied = new PipelineError({
    class: 'denied',
    reason: 'AccessDenied',
    code: 'AccessDeniedException',
    operation: 'lambda:CreateFunction',
    message: 'Allow lambda:CreateFunction; asked for somebody@private.example',
    requestId: 'id of the request',
  });

  it('bears class, reason and code on the step and on the run, and no address', async () => {
    const recorded = recordedSpans(() => 0);
    const { spans } = recorded;
    const { aws } = controlling([resource()], { tracing: spans.tracing, observer: spans.observer });
    aws.before = (call) => (call.startsWith('functions.create') ? denied.fault : undefined);

    await vi.waitFor(() => expect(recorded.named('reconcile')).toHaveLength(1));

    for (const name of ['createFunction', 'reconcile']) {
      const [span] = recorded.named(name);
      expect(span?.status).toEqual({
        code: SpanStatusCode.ERROR,
        message: 'Allow lambda:CreateFunction; asked for <address>',
      });
      expect(span?.attributes).toMatchObject({
        'error.type': 'AccessDeniedException',
        'ses_lambda_pipeline.fault.class': 'denied',
        'ses_lambda_pipeline.fault.reason': 'AccessDenied',
      });
    }
  });

  it('is none where AWS is only not done yet', async () => {
    const recorded = recordedSpans(() => 0);
    const { aws } = controlling([resource()], { tracing: recorded.spans.tracing, observer: recorded.spans.observer });
    const busy = { class: 'pending', reason: 'FunctionUpdating', message: 'Function app is Pending' } as const;
    aws.before = (call) => (call.startsWith('functions.create') ? busy : undefined);

    await vi.waitFor(() => expect(recorded.named('reconcile')).toHaveLength(1));

    for (const name of ['createFunction', 'reconcile']) {
      const [span] = recorded.named(name);
      expect(span?.status).toEqual({ code: SpanStatusCode.UNSET });
      expect(span?.attributes).toMatchObject({ 'ses_lambda_pipeline.fault.reason': 'FunctionUpdating' });
      expect(span?.attributes).not.toHaveProperty('error.type');
    }
  });

  it('bears the id of the request on the call', async () => {
    const { spans, named } = recordedSpans(() => 0);

    await spans.command('apply', async () => {
      spans.awsCalled({
        service: 'lambda',
        operation: 'CreateFunction',
        region: 'us-west-2',
        fault: denied.fault,
        durationMs: 5,
      });
      return 1;
    });

    expect(named('Lambda.CreateFunction')[0]?.attributes).toMatchObject({ 'aws.request_id': 'id of the request' });
    expect(named('apply')[0]).toMatchObject({
      status: { code: SpanStatusCode.ERROR },
      attributes: { 'process.exit.code': 1 },
    });
  });
});

describe('the lane of SES', () => {
  it('keeps each call with what asked for it, and shows how long it waited', async () => {
    const clock = virtualClock(0);
    const { spans, named, placeOf } = recordedSpans(clock.now);
    const lane = createLane({ clock, callsPerSecond: 1, onWaited: spans.laneWaited });
    const call = async (): Promise<void> => {
      await clock.sleep(10);
      spans.awsCalled({ service: 'ses', operation: 'CreateReceiptRule', region: 'us-west-2', durationMs: 10 });
    };
    const asking = (name: string) => spans.command(name, () => lane.run(call).then(() => 0));

    await Promise.all([asking('first'), asking('second'), asking('third')]);

    expect(named('SES.CreateReceiptRule').map(placeOf)).toEqual([
      'first > SES.CreateReceiptRule',
      'second > SES.CreateReceiptRule',
      'third > SES.CreateReceiptRule',
    ]);
    expect(named('wait for SES').map((span) => [placeOf(span), durationMs(span)])).toEqual([
      ['second > wait for SES', 1_010],
      ['third > wait for SES', 2_020],
    ]);
  });
});

describe('log lines', () => {
  it('bear the ids of the span that they are written in, and outside of one none', async () => {
    const { spans, named } = recordedSpans(() => 0);
    const lines: string[] = [];
    const logger = createLogger({
      level: 'info',
      format: 'json',
      now: () => 0,
      write: (line) => lines.push(line),
      context: spans.logFields,
    });

    logger.info('before');
    await spans.command('apply', async () => {
      logger.child({ pipeline: 'mail/app' }).info('inside');
      return 0;
    });

    const { traceId, spanId } = named('apply')[0]?.spanContext() ?? {};
    expect(lines.map((line) => JSON.parse(line) as object)).toEqual([
      expect.not.objectContaining({ trace_id: expect.anything() }),
      expect.objectContaining({ msg: 'inside', pipeline: 'mail/app', trace_id: traceId, span_id: spanId }),
    ]);
  });
});

it.each([
  { code: 200, status: SpanStatusCode.UNSET, type: undefined },
  { code: 409, status: SpanStatusCode.ERROR, type: '409' },
  { code: undefined, status: SpanStatusCode.ERROR, type: 'no answer' },
])('shows a call to the API server that was answered with $code', async ({ code, status, type }) => {
  const { spans, named, placeOf } = recordedSpans(() => 0);

  await spans.command('reconcile', async () => {
    spans.kubernetesCalled({ verb: 'patch', resource: 'seslambdapipelines', code, durationMs: 5 });
    return 0;
  });

  const [span] = named('kubernetes patch seslambdapipelines');
  expect(span && placeOf(span)).toBe('reconcile > kubernetes patch seslambdapipelines');
  expect(span?.status).toEqual({ code: status });
  expect(span?.attributes['http.response.status_code']).toBe(code);
  expect(span?.attributes['error.type']).toBe(type);
});

it('is told of calls outside of any run without making spans of them', () => {
  const { spans, ended } = recordedSpans(() => 0);

  spans.laneWaited(5);
  spans.kubernetesCalled({ verb: 'watch', resource: 'pods', code: 200, durationMs: 5 });

  expect(ended()).toEqual([]);
});
