import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ALERTS } from '../tools/monitoring/alerts.ts';
import { ROWS } from '../tools/monitoring/panels.ts';
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
