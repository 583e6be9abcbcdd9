import { describe, expect, it } from 'vitest';
import { readTracingSettings } from '../../src/service/tracing-settings.ts';

const ENDPOINT = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318' };

describe('traces', () => {
  it.each([
    { env: {}, enabled: false },
    { env: ENDPOINT, enabled: true },
    { env: { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://127.0.0.1:4318/v1/traces' }, enabled: true },
    { env: { OTEL_EXPORTER_OTLP_ENDPOINT: '' }, enabled: false },
    { env: { OTEL_TRACES_EXPORTER: 'otlp' }, enabled: true },
    { env: { ...ENDPOINT, OTEL_TRACES_EXPORTER: 'none' }, enabled: false },
    { env: { ...ENDPOINT, OTEL_SDK_DISABLED: 'TRUE' }, enabled: false },
    { env: { ...ENDPOINT, OTEL_SDK_DISABLED: 'false' }, enabled: true },
    { env: { OTEL_SERVICE_NAME: 'mail', OTEL_TRACES_SAMPLER: 'always_on' }, enabled: false },
  ])('are on: $enabled, with $env', ({ env, enabled }) => {
    expect(readTracingSettings(env)).toMatchObject({ enabled, notices: [] });
  });

  it.each([
    { sampler: undefined, arg: undefined, parentBased: true, ratio: 1 },
    { sampler: 'always_on', arg: undefined, parentBased: false, ratio: 1 },
    { sampler: 'always_off', arg: undefined, parentBased: false, ratio: 0 },
    { sampler: 'traceidratio', arg: '0.25', parentBased: false, ratio: 0.25 },
    { sampler: 'parentbased_always_on', arg: '0.25', parentBased: true, ratio: 1 },
    { sampler: 'parentbased_traceidratio', arg: '0', parentBased: true, ratio: 0 },
    { sampler: 'parentbased_traceidratio', arg: undefined, parentBased: true, ratio: 1 },
  ])('are sampled by $sampler $arg', ({ sampler, arg, ...expected }) => {
    const env = { ...ENDPOINT, OTEL_TRACES_SAMPLER: sampler, OTEL_TRACES_SAMPLER_ARG: arg };

    expect(readTracingSettings(env)).toMatchObject({ sampler: expected, notices: [] });
  });

  it.each([
    ['OTEL_TRACES_EXPORTER', 'zipkin', false],
    ['OTEL_EXPORTER_OTLP_PROTOCOL', 'grpc', true],
    ['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL', 'http/protobuf', true],
    ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'collector:4317', true],
    ['OTEL_EXPORTER_OTLP_ENDPOINT', 'user:password@collector', true],
    ['OTEL_TRACES_SAMPLER', 'jaeger_remote', true],
    ['OTEL_BSP_SCHEDULE_DELAY', '5s', true],
    ['OTEL_BSP_MAX_QUEUE_SIZE', '-3', true],
  ])('say that %s cannot be %s, without repeating it', (name, value, enabled) => {
    const settings = readTracingSettings({ ...ENDPOINT, [name]: value });

    expect(settings.enabled).toBe(enabled);
    expect(settings.notices).toEqual([expect.stringMatching(new RegExp(`^${name} `))]);
    expect(settings.notices.join()).not.toContain(value);
  });

  it.each(['-0.1', '1.1', 'half', ''])('keep all where the share is %j', (arg) => {
    const env = { ...ENDPOINT, OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: arg };

    expect(readTracingSettings(env).sampler.ratio).toBe(1);
  });

  it('say nothing of settings that do not matter while they are off', () => {
    expect(readTracingSettings({ OTEL_TRACES_SAMPLER: 'what', OTEL_BSP_SCHEDULE_DELAY: '5s' }).notices).toEqual([]);
  });
});
