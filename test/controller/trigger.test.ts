import { expect, it } from 'vitest';
import { createTriggers, type Trigger } from '../../src/controller/trigger.ts';

it.each<{ noted: readonly Trigger[]; told: Trigger }>([
  { noted: [], told: 'resync' },
  { noted: ['retry'], told: 'retry' },
  { noted: ['resync', 'change'], told: 'change' },
  { noted: ['change', 'resync'], told: 'change' },
  { noted: ['retry', 'requested', 'dependency'], told: 'dependency' },
])('tells $told for a run that waits for $noted', ({ noted, told }) => {
  const triggers = createTriggers();
  for (const trigger of noted) triggers.note('mail/app', trigger);

  expect(triggers.take('mail/app')).toBe(told);
});

it('keeps what is noted during a run for the next one, and keys apart', () => {
  const triggers = createTriggers();
  triggers.note('mail/app', 'start');
  triggers.note('mail/other', 'retry');
  triggers.take('mail/app');
  triggers.note('mail/app', 'dependency');

  expect([triggers.take('mail/app'), triggers.take('mail/other'), triggers.take('mail/app')]).toEqual([
    'dependency',
    'retry',
    'resync',
  ]);
});
