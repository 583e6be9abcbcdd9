import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ALERTS } from '../tools/monitoring/alerts.ts';
import { readDashboardRecording } from '../tools/monitoring/dashboard-recording.ts';
import type { GrafanaPanel } from '../tools/monitoring/grafana-panel.ts';
import { ROWS, type Panel } from '../tools/monitoring/panels.ts';
import { dashboardPicture } from '../tools/monitoring/picture/dashboard-picture.ts';
import { registeredMetrics } from '../tools/registered-metrics.ts';

const RUNBOOKS = new URL('../docs/runbooks/', import.meta.url);
const QUERIES = [
  ...ALERTS.map(({ name, expr }) => ({ title: name, expr })),
  ...ROWS.flatMap(({ panels }) => panels).flatMap(({ title, queries }) =>
    queries.map(({ expr, legend }) => ({ title: `${title}: ${legend}`, expr })),
  ),
];

describe('every query asks only for what the controller tells', () => {
  it.each(QUERIES)('$title', ({ expr }) => {
    const asked = metricsIn(expr);

    expect(asked).not.toEqual([]);
    for (const { metric, matched } of asked) {
      expect(LABELS.has(metric), `there is no metric ${metric}`).toBe(true);
      expect([...(LABELS.get(metric) ?? [])]).toEqual(expect.arrayContaining([...matched]));
    }
  });
});

describe('the picture of the dashboard', () => {
  const picture = dashboardPicture(ROWS, readDashboardRecording(), 'narrow').replaceAll(/<\/text>\s*<text[^>]*>/g, ' ');

  it.each(ROWS.flatMap(({ panels }) => panels))('shows "$title" with curves', ({ title, queries }) => {
    const recorded = readDashboardRecording().panels[title] ?? [];

    expect(picture).toContain(title);
    expect(recorded.map((curves) => curves.length > 0)).toEqual(queries.map(() => true));
  });

  it('shows a number and a curve of a given height where they belong', () => {
    const stat: Panel = {
      kind: 'stat',
      title: 'Ready',
      description: '',
      width: 4,
      queries: [{ expr: '', legend: '' }],
    };
    const curve: Panel = { ...stat, kind: 'timeseries', title: 'Age', unit: 's', width: 8 };
    const values = [null, 0, 100, null, 50];
    const recording = {
      stepSeconds: 30,
      moments: [],
      panels: { Ready: [[{ labels: {}, values: [7] }]], Age: [[{ labels: {}, values }]] },
    };

    const drawn = dashboardPicture([{ title: 'Row', panels: [stat, curve] }], recording, 'wide');

    expect(drawn).toContain('class="number">7<');
    expect(drawn).toContain('>100 s<');
    const [, path = ''] = /class="curve c0" d="([^"]+)"/.exec(drawn) ?? [];
    const heights = [...path.matchAll(/[ML][\d.]+ ([\d.]+)/g)].map(([, y]) => Number(y));
    expect(path).toMatch(/^M[^ML]+L[^ML]+M[^ML]+h0$/); // interrupted where there is no value
    expect(heights[2]).toBeCloseTo(((heights[0] ?? 0) + (heights[1] ?? 0)) / 2, 1);
  });
});

/** Never called: the compiler has to refuse what Grafana would not understand. */
export const refused = (grafana: GrafanaPanel & { readonly type: 'stat' }): readonly GrafanaPanel[] => [
  // @ts-expect-error: a number has no legend
  { ...grafana, options: { ...grafana.options, legend: { showLegend: true } } },
  // @ts-expect-error: Grafana knows no such type of panel
  { ...grafana, type: 'statistic' },
  // @ts-expect-error: and this is either so or not
  { ...grafana, options: { ...grafana.options, wideLayout: 'yes' } },
  // @ts-expect-error: a panel is asked something
  { ...grafana, targets: [{ refId: 'A' }] },
];

describe('a runbook', () => {
  it('is there for every alert, and for nothing else', () => {
    expect(readdirSync(RUNBOOKS).sort()).toEqual(ALERTS.map(({ name }) => `${name}.md`).sort());
  });

  it.each(ALERTS)('says what $name means, what to look at and what to do', ({ name }) => {
    const text = readFileSync(new URL(`${name}.md`, RUNBOOKS), 'utf8');

    expect(text).toMatch(/^# \w+\n\n\S[^]+\n## What to look at\n\n\S[^]+\n## What to do\n\n\S/);
    expect(text.split('\n', 1)).toEqual([`# ${name}`]);
  });
});

/** Names of metrics in a query, each with the labels by which series are chosen. */
function metricsIn(expr: string): readonly { readonly metric: string; readonly matched: readonly string[] }[] {
  const names =
    /\b((?:ses_lambda_pipeline|controller_runtime|workqueue|rest_client|leader_election|process|nodejs)_\w+)(\{[^}]*\})?/g;
  return [...expr.matchAll(names)].map(([, metric = '', matchers = '']) => ({
    metric,
    matched: [...matchers.matchAll(/[{,](\w+)=/g)].map(([, label = '']) => label),
  }));
}

/** Labels by metric, as the controller registers them; a histogram under the names of its series. */
const LABELS: ReadonlyMap<string, readonly string[]> = new Map(
  registeredMetrics().flatMap(({ name, type, labelNames }) =>
    type === 'histogram'
      ? ['_bucket', '_sum', '_count'].map((end) => [name + end, labelNames] as const)
      : [[name, labelNames] as const],
  ),
);
