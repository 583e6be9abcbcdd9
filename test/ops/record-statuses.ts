/**
 * Runs the tests in which a controller writes statuses, and adds each kind of status that it wrote to statuses.jsonl:
 * `npm run record:statuses`, when there is a new reason or condition. With names of test files only those are run.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readStatuses } from '../support/recorded-statuses.ts';

const KEPT = new URL('statuses.jsonl', import.meta.url).pathname;

const folder = mkdtempSync(join(tmpdir(), 'ses-lambda-pipeline-statuses-'));
try {
  const file = join(folder, 'statuses.jsonl');
  const [, , ...chosen] = process.argv;
  const tests = chosen.length > 0 ? chosen : ['test/controller', 'test/cluster'];
  const env = { ...process.env, RECORD_STATUSES: file };
  const { status } = spawnSync('npx', ['vitest', 'run', ...tests], { env, stdio: 'inherit' });
  const kinds = readStatuses(KEPT, file);
  writeFileSync(KEPT, kinds.map((kind) => `${JSON.stringify(kind)}\n`).join(''));
  console.log(`${KEPT}: ${kinds.length} kinds`);
  process.exitCode = status ?? 1;
} finally {
  rmSync(folder, { recursive: true });
}
