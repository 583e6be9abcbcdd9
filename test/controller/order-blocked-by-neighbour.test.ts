import { expect, test } from 'vitest';
import { rule } from '../core/support/rules.ts';
import { ADDRESSES } from './support/random-pipelines.ts';
import { ruleSession } from './support/rule-session.ts';

const STORAGE = { messageBodyStorage: { logicalName: 'Special', placement: 'HeadRule', objectKeyPrefix: '' } };
const pipeline = (ruleSet: string, ...receiptRules: readonly object[]): object => ({
  ...STORAGE,
  ruleSet: { name: ruleSet, activate: 'IfNone', position: 'Head', priority: 0 },
  receiptRules,
});

// Found by the random sessions: rules that stay in an old set, and end the evaluation there, stood in the way.
test('a pipeline is told that its rules are out of order although it is a rule of another pipeline that cannot move', async () => {
  const both = ['a@x.io', 'a+l@x.io'];
  const two = [
    { name: 'C', recipients: both },
    { name: 'B', recipients: ['a+l@x.io'] },
  ];
  const stopping = [
    { name: 'A', recipients: ['x.io'] },
    { name: 'B', recipients: ['x.io', 'd@s.x.io'], stop: true },
  ];
  const foreign = { main: [rule('theirs', { recipients: ['x.io'], actions: [] })] };
  const session = ruleSession(ADDRESSES, foreign, 'extra');
  session.aws.createsAppend = true;
  session.put('alpha', pipeline('main', ...two));
  session.put('beta', pipeline('main', { name: 'B', recipients: ['a+l@x.io'] }));
  session.put('gamma', pipeline('main', ...stopping));
  await session.settle();
  session.put('alpha', pipeline('main', ...stopping));
  session.put('beta', pipeline('main', ...two));
  session.put('gamma', pipeline('other', { name: 'B', recipients: ['x.io'] }));
  await session.run(['alpha', 'beta', 'gamma']);

  session.put('alpha', pipeline('main', { name: 'C', recipients: ['a@x.io'] }, { name: 'A', recipients: ['a@x.io'] }));
  await session.settle();

  const ours = session.rulesIn('main').filter((name) => name.startsWith('alpha/'));
  expect(ours, 'the order that is not had').toEqual(['alpha/MessageBodyStorage', 'alpha/A', 'alpha/C']);
  expect(session.isBlocked()).toBe(true);
});
