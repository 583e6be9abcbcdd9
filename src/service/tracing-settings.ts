type Environment = Readonly<Record<string, string | undefined>>;

/** What the standard variables of OpenTelemetry ask for, as far as we do it; where the spans go is read by the exporter. */
export type TracingSettings = {
  readonly enabled: boolean;
  readonly sampler: SamplerSettings;
  readonly batches: BatchSettings;
  /** Where somebody gets no traces, or others than asked for. */
  readonly notices: readonly string[];
};

export type SamplerSettings = {
  /** Follows the decision that was made where the trace began: with our traces that is here. */
  readonly parentBased: boolean;
  /** Share of traces, 0 to 1. */
  readonly ratio: number;
};

export type BatchSettings = {
  readonly scheduledDelayMillis: number;
  readonly exportTimeoutMillis: number;
  readonly maxQueueSize: number;
  readonly maxExportBatchSize: number;
};

/**
 * Traces are on when an OTLP endpoint is named, or `OTEL_TRACES_EXPORTER=otlp`; `OTEL_SDK_DISABLED=true` and
 * `OTEL_TRACES_EXPORTER=none` switch them off whatever else is set. A value that cannot be used is passed over with a
 * notice, as the specification wants it: no variable of this kind keeps a process from its work.
 *
 * @see https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
 */
export function readTracingSettings(env: Environment): TracingSettings {
  const notices: string[] = [];
  const enabled = isWanted(env, notices);
  const heard = enabled ? notices : [];
  noteEndpoints(env, heard);
  noteProtocol(env, heard);
  return {
    enabled,
    sampler: samplerOf(env, heard),
    batches: {
      scheduledDelayMillis: wholeNumber(env, 'OTEL_BSP_SCHEDULE_DELAY', 5_000, heard),
      exportTimeoutMillis: wholeNumber(env, 'OTEL_BSP_EXPORT_TIMEOUT', 30_000, heard),
      maxQueueSize: wholeNumber(env, 'OTEL_BSP_MAX_QUEUE_SIZE', 2_048, heard),
      maxExportBatchSize: wholeNumber(env, 'OTEL_BSP_MAX_EXPORT_BATCH_SIZE', 512, heard),
    },
    notices,
  };
}

const EXPORTER = 'OTEL_TRACES_EXPORTER';
const ENDPOINTS = ['OTEL_EXPORTER_OTLP_ENDPOINT', 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'];

function isWanted(env: Environment, notices: string[]): boolean {
  if (given(env, 'OTEL_SDK_DISABLED')?.toLowerCase() === 'true') return false;
  const exporter = given(env, EXPORTER);
  if (exporter === undefined) return ENDPOINTS.some((name) => given(env, name) !== undefined);
  if (exporter === 'otlp') return true;
  if (exporter !== 'none')
    notices.push(`${EXPORTER} is neither otlp nor none, and nothing else is known here: there are no traces.`);
  return false;
}

/** It may hold a password, so it is not repeated. */
function noteEndpoints(env: Environment, notices: string[]): void {
  for (const name of ENDPOINTS) {
    const url = given(env, name);
    if (url !== undefined && !/^https?:\/\//i.test(url))
      notices.push(`${name} is no URL with http:// or https:// in front, such as http://collector:4318.`);
  }
}

function noteProtocol(env: Environment, notices: string[]): void {
  for (const name of ['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL', 'OTEL_EXPORTER_OTLP_PROTOCOL']) {
    const protocol = given(env, name);
    if (protocol === undefined) continue;
    if (protocol !== 'http/json')
      notices.push(`${name} is not http/json, which is all that is spoken here: spans are sent as http/json.`);
    return;
  }
}

const SAMPLER = /^(parentbased_)?(always_on|always_off|traceidratio)$/;

function samplerOf(env: Environment, notices: string[]): SamplerSettings {
  const everything = { parentBased: true, ratio: 1 };
  const text = given(env, 'OTEL_TRACES_SAMPLER');
  if (text === undefined) return everything;
  const [known, parentBased, kind] = SAMPLER.exec(text) ?? [];
  if (known === undefined) {
    notices.push('OTEL_TRACES_SAMPLER is not a sampler that is known here: every trace is kept.');
    return everything;
  }
  const ratio = kind === 'always_on' ? 1 : kind === 'always_off' ? 0 : ratioOf(env, notices);
  return { parentBased: parentBased !== undefined, ratio };
}

function ratioOf(env: Environment, notices: string[]): number {
  const text = given(env, 'OTEL_TRACES_SAMPLER_ARG');
  const ratio = text === undefined ? 1 : Number(text);
  if (ratio >= 0 && ratio <= 1) return ratio;
  notices.push('OTEL_TRACES_SAMPLER_ARG is not a number from 0 to 1: every trace is kept.');
  return 1;
}

function wholeNumber(env: Environment, name: string, otherwise: number, notices: string[]): number {
  const text = given(env, name);
  if (text === undefined) return otherwise;
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  notices.push(`${name} is not a whole number above 0: it stays ${otherwise}.`);
  return otherwise;
}

/** An empty variable counts as not set. */
const given = (env: Environment, name: string): string | undefined => env[name]?.trim() || undefined;
