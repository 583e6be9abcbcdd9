import { describe, expect, test } from 'vitest';
import { lookAhead } from '../../src/core/converge.ts';
import { describeAction, isDestructive, isWrite, type StepAction } from '../../src/core/step.ts';
import { fakeAws } from './support/fake-aws.ts';
import { pipeline } from './support/pipeline.ts';
import { applying, removing, settled } from './support/work.ts';

const order = (expected: 'right' | 'reorder'): StepAction => ({
  kind: 'orderRules',
  ruleSet: 'set',
  order: ['a'],
  expected,
});

describe('writing', () => {
  test.each<[StepAction, boolean]>([
    [{ kind: 'awaitFunction', fn: 'f' }, false],
    [order('right'), false],
    [order('reorder'), true],
    [{ kind: 'deleteRole', role: 'r' }, true],
    [{ kind: 'leaveInstanceProfiles', role: 'r' }, false],
  ])('%j: %s', (action, writes) => {
    expect(isWrite(action)).toBe(writes);
  });
});

describe('asking first', () => {
  test.each<[StepAction, boolean]>([
    [{ kind: 'deleteBucket', bucket: 'b' }, true],
    [{ kind: 'emptyBucket', bucket: 'b' }, true],
    [{ kind: 'deleteFunction', fn: 'f' }, true],
    [{ kind: 'deleteRuleSet', ruleSet: 's' }, true],
    [{ kind: 'deleteRolePolicy', role: 'r', policyName: 'p' }, true],
    [{ kind: 'mergeBucketPolicy', bucket: 'b', add: [], removeSids: ['x'] }, false],
    [{ kind: 'removePermission', fn: 'f', statementId: 's' }, false],
    [
      { kind: 'updateFunctionCode', fn: 'f', architecture: 'x86_64', code: { kind: 's3', bucket: 'b', key: 'k' } },
      false,
    ],
    [order('reorder'), false],
  ])('%j: %s', (action, destructive) => {
    expect(isDestructive(action)).toBe(destructive);
  });
});

test('every step of a life tells verb and target in one line', async () => {
  const aws = fakeAws();
  const created = await lookAhead(applying(pipeline()), aws.ports);
  await settled(applying(pipeline()), aws);
  const removed = await lookAhead(removing(pipeline()), aws.ports);

  const lines = [...created.steps, ...removed.steps].map(({ action }) =>
    Object.values(describeAction(action)).join(' '),
  );

  expect(
    lines.every((line) => /^(create|update|delete|reorder|verify|wait|activate|deactivate) \S[^\n]+$/.test(line)),
  ).toBe(true);
  expect(lines).toEqual(
    expect.arrayContaining([
      'create rule slp_mail_app_Default in ses-lambda-pipeline',
      'delete rule slp_mail_app_Default in ses-lambda-pipeline',
      'activate rule set ses-lambda-pipeline',
    ]),
  );
});
