import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider, type ReadableSpan } from '@opentelemetry/sdk-trace';
import { createTracingSpans } from '../../../src/service/tracing-spans.ts';

/** Tracing whose spans stay here. */
export function recordedSpans(now: () => number) {
  const exporter = new InMemorySpanExporter();
  const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] });
  const ended = (): readonly ReadableSpan[] => exporter.getFinishedSpans();
  return {
    spans: createTracingSpans(provider.getTracer('test'), now),
    ended,
    /** All of that name, in the order in which they ended. */
    named: (name: string): readonly ReadableSpan[] => ended().filter((span) => span.name === name),
    /** `reconcile batch > look > S3.HeadBucket`: where each span is, every place once. */
    places: (): readonly string[] => [...new Set(ended().map((span) => placeOf(span, ended())))].sort(),
    placeOf: (span: ReadableSpan): string => placeOf(span, ended()),
    forget: () => exporter.reset(),
  };
}

function placeOf(span: ReadableSpan, all: readonly ReadableSpan[]): string {
  const parentId = span.parentSpanContext?.spanId;
  if (parentId === undefined) return span.name;
  const parent = all.find((other) => other.spanContext().spanId === parentId);
  return `${parent === undefined ? '?' : placeOf(parent, all)} > ${span.name}`;
}

/** From start to end. */
export const durationMs = ({ duration: [seconds, nanoseconds] }: ReadableSpan): number =>
  Math.round(seconds * 1e3 + nanoseconds / 1e6);
