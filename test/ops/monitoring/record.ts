/**
 * Plays the scenario, and keeps what the controller told and what the dashboard shows of it: `npm run
 * record:monitoring`, when a metric or the dashboard has changed. Then it makes the tests of the alerts and the pictures
 * of the dashboard from that. With `--tests` only the former, when an alert has changed; with `--dashboard` only the
 * latter, from a new run.
 */
import { writeFileSync } from 'node:fs';
import { writeDashboardRecording } from '../../../tools/monitoring/dashboard-recording.ts';
import { startCluster } from '../../cluster/support/cluster.ts';
import { dashboardAnswers, type Period } from './dashboard-answers.ts';
import { startPrometheus } from './prometheus.ts';
import { promtoolTests } from './promtool-tests.ts';
import { readRecording, writeRecording, type Recording } from './recording.ts';
import { playScenario } from './scenario.ts';

const only = (option: string): boolean => process.argv.includes(option);

if (!only('--tests')) {
  const recording = await recorded();
  if (!only('--dashboard')) writeRecording(recording);
}
const tests = promtoolTests(readRecording(), '../../../deploy/monitoring/alerts.yaml');
writeFileSync(new URL('alerts.promtool.yaml', import.meta.url), tests);

/** The run as the alerts see it. What the dashboard shows of it is written. */
async function recorded(): Promise<Recording> {
  const cleanUps: (() => Promise<void>)[] = [];
  const prometheus = await startPrometheus();
  cleanUps.unshift(prometheus.stop);
  const cluster = await startCluster();
  cleanUps.unshift(() => cluster.stop());
  try {
    const moments: (Period & { readonly name: string })[] = [];
    const recording = await playScenario(cluster, {
      finally: (cleanUp) => void cleanUps.unshift(cleanUp),
      onTarget: (metricsUrl) => prometheus.target(metricsUrl),
      onMoment: (name, period) => void moments.push({ name, ...period }),
    });
    writeDashboardRecording(await dashboardAnswers(prometheus, moments));
    return recording;
  } finally {
    for (const cleanUp of cleanUps) await cleanUp();
  }
}
