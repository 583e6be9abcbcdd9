import { beforeAll, expect, it } from 'vitest';
import { startSandbox } from '../../src/sandbox/sandbox.ts';
import { clientsOf } from '../sandbox/support/running-sandbox.ts';
import { IAM_CALLS } from './calls-of-iam.ts';
import { LAMBDA_CALLS } from './calls-of-lambda.ts';
import { LOGS_CALLS } from './calls-of-logs.ts';
import { S3_CALLS } from './calls-of-s3.ts';
import { SES_CALLS } from './calls-of-ses.ts';
import { compare, type Comparison } from './compare.ts';
import { deviationOf, DEVIATIONS } from './deviations.ts';
import { startMoto } from './local-python.ts';
import { report } from './report.ts';
import { SOURCES } from './sources.ts';

const CALLS = [...S3_CALLS, ...IAM_CALLS, ...LAMBDA_CALLS, ...LOGS_CALLS, ...SES_CALLS];

let comparisons: readonly Comparison[];
let operations: readonly string[];

beforeAll(async () => {
  const [sandbox, moto] = await Promise.all([startSandbox({ port: 0, smtpPort: 0, functionUpdateMs: 0 }), startMoto()]);
  try {
    operations = sandbox.operations;
    comparisons = await compare(CALLS, clientsOf(sandbox), clientsOf(moto));
  } finally {
    await Promise.all([sandbox.stop(), moto.stop()]);
  }
});

const differences = () =>
  comparisons.flatMap(({ call, differences }) => differences.map((difference) => ({ call, difference })));

it('answers as moto does, but for what is written down', () => {
  const unknown = differences()
    .filter(({ call, difference }) => deviationOf(call, difference) === undefined)
    .map(
      ({ call, difference: { path, sandbox, moto } }) =>
        `${call.id}: ${path} is ${String(sandbox)}, moto has ${String(moto)}`,
    );

  expect(unknown).toEqual([]);
});

it('writes down no difference that is not there', () => {
  const seen = new Set(differences().map(({ call, difference }) => deviationOf(call, difference)));

  expect(DEVIATIONS.filter((each) => !seen.has(each))).toEqual([]);
});

it('makes different calls, of operations that the sandbox has', () => {
  const ids = CALLS.map(({ id }) => id);

  expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
  expect(CALLS.filter(({ operation }) => !operations.includes(operation))).toEqual([]);
  expect(Object.keys(SOURCES).filter((operation) => !operations.includes(operation))).toEqual([]);
});

it('is told in docs/sandbox-fidelity.md (npm run test:fidelity -- --update writes it)', async () => {
  await expect(report(operations, comparisons)).toMatchFileSnapshot('../../docs/sandbox-fidelity.md');
});
