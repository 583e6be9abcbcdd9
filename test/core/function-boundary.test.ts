import { expect, test } from 'vitest';
import { functionBoundary } from '../../src/core/function-boundary.ts';
import type { PolicyScope } from '../../src/core/policy-scope.ts';
import { decisionOf } from '../permissions/judge.ts';

const LOGS = 'arn:aws:logs:us-west-2:123456789012:log-group:/aws/lambda';
const SCOPE: PolicyScope = {
  partition: 'aws',
  account: '123456789012',
  regions: ['us-west-2'],
  installation: 'slp',
  functions: ['orders', 'shop-*'],
};

test.for<[group: string, decision: 'allow' | 'none']>([
  ['slp-mail-app-0123456789', 'allow'],
  ['orders', 'allow'],
  ['shop-till', 'allow'],
  ['orders-archive', 'none'],
  ['shop', 'none'],
])('functions may log to the groups of their names only: %s, %s', ([group, decision]) => {
  const boundary = functionBoundary(SCOPE);
  const to = (action: string, resource: string) => decisionOf(boundary, { action, resource, context: {} });

  expect([
    to('logs:CreateLogGroup', `${LOGS}/${group}`),
    to('logs:PutLogEvents', `${LOGS}/${group}:log-stream:2026/01/01`),
  ]).toEqual([decision, decision]);
});
