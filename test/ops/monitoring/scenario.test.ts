import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ROWS } from '../../../tools/monitoring/panels.ts';
import { startCluster } from '../../cluster/support/cluster.ts';
import { run } from '../../control-plane/run.ts';
import { curvesOf } from './dashboard-answers.ts';
import { program } from './program.ts';
import { startPrometheus, type Prometheus } from './prometheus.ts';
import { promtoolTests } from './promtool-tests.ts';
import { readRecording, type Recording } from './recording.ts';
import { playScenario } from './scenario.ts';
import { shapeOf } from './series.ts';

let prometheus: Prometheus;
let recording: Recording;
let startedSeconds: number;
let endedSeconds: number;
const cleanUps: (() => Promise<void>)[] = [];

beforeAll(async () => {
  prometheus = await startPrometheus();
  cleanUps.unshift(prometheus.stop);
  const cluster = await startCluster();
  cleanUps.unshift(() => cluster.stop());
  startedSeconds = Date.now() / 1000;
  recording = await playScenario(cluster, {
    finally: (cleanUp) => void cleanUps.unshift(cleanUp),
    onTarget: (metricsUrl) => prometheus.target(metricsUrl),
  });
  endedSeconds = Date.now() / 1000;
}, 400_000);

afterAll(async () => {
  for (const cleanUp of cleanUps) await cleanUp();
}, 60_000);

test('the controller still tells what was recorded, under the same names and labels', () => {
  const shapes = (all: Recording) =>
    new Set(all.flatMap(({ series }) => Object.keys(series).map((each) => JSON.stringify(shapeOf(each)))));

  expect([...shapes(recording)].sort()).toEqual([...shapes(readRecording())].sort());
});

test('each alert fires in its moment of this run and in no other', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'ses-lambda-pipeline-alerts-'));
  cleanUps.unshift(() => rm(folder, { recursive: true }));
  const rules = new URL('../../../deploy/monitoring/alerts.yaml', import.meta.url).pathname;
  const file = join(folder, 'tests.yaml');
  writeFileSync(file, promtoolTests(recording, rules, { isFresh: true }));

  const { code, out, err } = await run(program('promtool'), ['test', 'rules', file]);

  expect([code, out + err]).toEqual([0, expect.stringContaining('SUCCESS')]);
});

test('Prometheus evaluates every alert on the real series without an error', async () => {
  type Rules = { readonly groups: readonly { readonly rules: readonly { name: string; health: string }[] }[] };
  const { groups } = await prometheus.ask<Rules>('rules');
  const rules = groups.flatMap((group) => group.rules);

  expect(rules.length).toBeGreaterThan(0);
  expect(rules.filter(({ health }) => health !== 'ok')).toEqual([]);
});

describe('the dashboard shows data of this run in', () => {
  const queries = ROWS.flatMap((row) =>
    row.panels.flatMap(({ title, queries }) => queries.map((query) => ({ ...query, title }))),
  );

  test.for(queries)('$title: $legend', async (query) => {
    const curves = await curvesOf(prometheus, query, { startSeconds: startedSeconds, endSeconds: endedSeconds });

    expect(curves.flatMap(({ values }) => values.filter((value) => value !== null)).length).toBeGreaterThan(0);
  });
});
