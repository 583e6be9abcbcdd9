/**
 * Plays the scenario, keeps what the controller told, and makes the tests of the alerts from it: `npm run
 * record:monitoring`, when a metric has changed. With `--tests` only the latter, when an alert has changed.
 */
import { writeFileSync } from 'node:fs';
import { startCluster } from '../../cluster/support/cluster.ts';
import { promtoolTests } from './promtool-tests.ts';
import { readRecording, writeRecording } from './recording.ts';
import { playScenario } from './scenario.ts';

if (!process.argv.includes('--tests')) await record();
const tests = promtoolTests(readRecording(), '../../../deploy/monitoring/alerts.yaml');
writeFileSync(new URL('alerts.promtool.yaml', import.meta.url), tests);

async function record(): Promise<void> {
  const cleanUps: (() => Promise<void>)[] = [];
  const cluster = await startCluster();
  try {
    writeRecording(await playScenario(cluster, { finally: (cleanUp) => void cleanUps.unshift(cleanUp) }));
  } finally {
    for (const cleanUp of cleanUps) await cleanUp();
    await cluster.stop();
  }
}
