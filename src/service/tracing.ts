import type { ExportOptions } from './tracing-export.ts';
import { readTracingSettings } from './tracing-settings.ts';
import type { TracingSpans } from './tracing-spans.ts';

export type Traces = TracingSpans & {
  /** Sends what is left, for no longer than `limitMs`. Never throws. */
  readonly close: (limitMs: number) => Promise<void>;
};

export type TracesOptions = Pick<ExportOptions, 'version' | 'sendTimeoutMs' | 'onTrouble'> & {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Told of each variable that cannot be followed. */
  readonly onNotice: (notice: string) => void;
};

/** Traces, when the variables of OpenTelemetry ask for them; otherwise undefined, and nothing of it was loaded. */
export async function openTraces({ env, now, onNotice, ...options }: TracesOptions): Promise<Traces | undefined> {
  const settings = readTracingSettings(env);
  for (const notice of settings.notices) onNotice(notice);
  if (!settings.enabled) return undefined;
  try {
    const [{ startTracingExport }, { createTracingSpans }] = await Promise.all([
      import('./tracing-export.ts'),
      import('./tracing-spans.ts'),
    ]);
    const { tracer, flush } = startTracingExport({ settings, ...options });
    return { ...createTracingSpans(tracer, now), close: (limitMs) => within(limitMs, flush()) };
  } catch (error) {
    // Traces are no reason for anything else not to work.
    options.onTrouble(error instanceof Error ? error.message : String(error));
    return undefined;
  }
}

async function within(limitMs: number, work: Promise<void>): Promise<void> {
  const { promise: late, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, limitMs);
  await Promise.race([work, late]).finally(() => clearTimeout(timer));
}
