import type { Tracer } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
  type Sampler,
  type SpanExporter,
} from '@opentelemetry/sdk-trace';
import { shown } from './tracing-attributes.ts';
import type { SamplerSettings, TracingSettings } from './tracing-settings.ts';

const NAME = 'ses-lambda-pipeline';

export type ExportOptions = {
  readonly settings: TracingSettings;
  readonly version: string;
  /** Longest that one batch of spans is tried to be sent; not set: what the variables say, or 10 s. */
  readonly sendTimeoutMs?: number;
  /** Told when spans cannot be sent, and not again before some could. */
  readonly onTrouble: (problem: string) => void;
};

/** Sends ended spans in batches, beside the work: what cannot be sent is dropped. */
export type TracingExport = {
  readonly tracer: Tracer;
  /** Sends what is left. */
  readonly flush: () => Promise<void>;
};

/**
 * Loads OpenTelemetry: import this only when there is to be a trace. The exporter and the resource read their own
 * variables, such as `OTEL_EXPORTER_OTLP_HEADERS` and `OTEL_RESOURCE_ATTRIBUTES`.
 */
export function startTracingExport({ settings, version, sendTimeoutMs, onTrouble }: ExportOptions): TracingExport {
  const sender = new OTLPTraceExporter(sendTimeoutMs === undefined ? {} : { timeoutMillis: sendTimeoutMs });
  const resource = defaultResource()
    .merge(resourceFromAttributes({ 'service.name': NAME, 'service.version': version }))
    .merge(detectResources({ detectors: [envDetector] }));
  const provider = new TracerProvider({
    resource,
    sampler: samplerOf(settings.sampler),
    spanProcessors: [new BatchSpanProcessor({ exporter: tellingOnce(sender, onTrouble), ...settings.batches })],
  });
  return {
    tracer: provider.getTracer(NAME, version),
    // What went wrong has been told.
    flush: () => provider.shutdown().catch(() => {}),
  };
}

function samplerOf({ parentBased, ratio }: SamplerSettings): Sampler {
  const root = new TraceIdRatioBasedSampler(ratio);
  return parentBased ? new ParentBasedSampler({ root }) : root;
}

/** A collector that is away for an hour is one line in the log, not one every five seconds. */
export function tellingOnce(exporter: SpanExporter, onTrouble: (problem: string) => void): SpanExporter {
  let told = false;
  return {
    export: (spans, done) =>
      exporter.export(spans, (result) => {
        const { code, error }: { readonly code: number; readonly error?: Error } = result;
        const failed = code !== SENT;
        if (failed && !told) onTrouble(shown(error?.message ?? 'no reason was given'));
        told = failed;
        done(result);
      }),
    forceFlush: () => exporter.forceFlush?.() ?? Promise.resolve(),
    shutdown: () => exporter.shutdown(),
  };
}

/** `ExportResultCode.SUCCESS` of @opentelemetry/core. */
const SENT = 0;
