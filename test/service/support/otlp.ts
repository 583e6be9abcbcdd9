type Value = { readonly stringValue?: string; readonly intValue?: number | string; readonly boolValue?: boolean };
type Attributes = readonly { readonly key: string; readonly value: Value }[];

/** A span as OTLP has it in JSON. */
export type ReceivedSpan = {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: Attributes;
  readonly status?: { readonly code?: number; readonly message?: string };
};

export type Sent = {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: Attributes };
    readonly scopeSpans: readonly { readonly spans: readonly ReceivedSpan[] }[];
  }[];
};

export const spansOf = (sent: readonly Sent[]): readonly ReceivedSpan[] =>
  sent.flatMap(({ resourceSpans }) =>
    resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans)),
  );

/** Attributes of the process that sent the spans. */
export const resourceOf = (sent: readonly Sent[]): Readonly<Record<string, unknown>> =>
  valuesOf(sent[0]?.resourceSpans[0]?.resource.attributes ?? []);

/** A whole number is a string in OTLP's JSON. */
export const valuesOf = (attributes: Attributes): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    attributes.map(({ key, value }) => [
      key,
      value.intValue === undefined ? Object.values(value)[0] : Number(value.intValue),
    ]),
  );

/** `reconcile batch > look > S3.HeadBucket`: where a span is in its trace; `?` for a parent that did not come. */
export function placeOf(span: ReceivedSpan, all: readonly ReceivedSpan[]): string {
  const parent = parentOf(span, all);
  if (parent !== undefined) return `${placeOf(parent, all)} > ${span.name}`;
  return (span.parentSpanId ?? '') === '' ? span.name : `? > ${span.name}`;
}

export const parentOf = (span: ReceivedSpan, all: readonly ReceivedSpan[]): ReceivedSpan | undefined =>
  all.find(({ traceId, spanId }) => traceId === span.traceId && spanId === span.parentSpanId);
