import { ROWS, type Query } from '../../../tools/monitoring/panels.ts';
import type { Curve, DashboardRecording, Span } from '../../../tools/monitoring/dashboard-recording.ts';
import type { Prometheus } from './prometheus.ts';

const STEP_SECONDS = 2;
/** https://grafana.com/docs/grafana/latest/datasources/prometheus/template-variables/#use-__rate_interval */
const RATE_INTERVAL = '20s';
const DIGITS = 4;

type Matrix = {
  readonly result: readonly {
    readonly metric: Readonly<Record<string, string>>;
    readonly values: readonly (readonly [timeSeconds: number, value: string])[];
  }[];
};

/** In seconds since 1970. */
export type Period = { readonly startSeconds: number; readonly endSeconds: number };

/** What a panel draws for one of its queries when all pipelines are chosen. */
export async function curvesOf(prometheus: Prometheus, { expr }: Query, period: Period): Promise<readonly Curve[]> {
  const { startSeconds, endSeconds } = period;
  const { result } = await prometheus.ask<Matrix>('query_range', {
    query: expr.replaceAll('$__rate_interval', RATE_INTERVAL).replaceAll(/\$(namespace|name)\b/g, '.*'),
    start: String(startSeconds),
    end: String(endSeconds),
    step: String(STEP_SECONDS),
  });
  const length = Math.floor((endSeconds - startSeconds) / STEP_SECONDS) + 1;
  return result.map(({ metric, values }) => {
    const at = new Map(
      values.map(([time, value]) => [Math.round((time - startSeconds) / STEP_SECONDS), Number(value)]),
    );
    return { labels: ofOurs(metric), values: Array.from({ length }, (_, step) => shortened(at.get(step))) };
  });
}

/** Without what differs from run to run, and the name of the metric. */
const ofOurs = (metric: Curve['labels']): Curve['labels'] =>
  Object.fromEntries(Object.entries(metric).filter(([label]) => !['__name__', 'instance', 'job'].includes(label)));

/** What every panel of the dashboard draws, from the first of the moments to the last. */
export async function dashboardAnswers(
  prometheus: Prometheus,
  moments: readonly (Period & { readonly name: string })[],
): Promise<DashboardRecording> {
  const startSeconds = Math.min(...moments.map((moment) => moment.startSeconds));
  const endSeconds = Math.max(...moments.map((moment) => moment.endSeconds));
  const panels: Record<string, readonly (readonly Curve[])[]> = {};
  for (const { title, queries } of ROWS.flatMap((row) => row.panels))
    panels[title] = await Promise.all(
      queries.map((query) => curvesOf(prometheus, query, { startSeconds, endSeconds })),
    );
  return {
    stepSeconds: STEP_SECONDS,
    moments: moments.map(({ name, ...period }): Span => ({
      name,
      fromSeconds: Math.round(period.startSeconds - startSeconds),
      toSeconds: Math.round(period.endSeconds - startSeconds),
    })),
    panels,
  };
}

const shortened = (value: number | undefined): number | null =>
  value !== undefined && Number.isFinite(value) ? Number(value.toPrecision(DIGITS)) : null;
