import { expect, it } from 'vitest';
import { everyObserver, silentObserver } from '../../src/service/observers.ts';
import { resource, statusOf } from './support/resources.ts';

it('tells all observers everything, whatever one of them throws', () => {
  const heard: string[] = [];
  const errors: unknown[] = [];
  const failing = new Proxy(silentObserver, {
    get: () => () => {
      throw new Error('boo');
    },
  });
  const listening = new Proxy(silentObserver, { get: (_target, name) => () => void heard.push(String(name)) });
  const all = everyObserver([failing, listening], (error) => void errors.push(error));
  const run = { key: 'mail/app', reconcileId: 'r', trigger: 'change' as const };
  all.reconcileStarted(run);
  all.reconcileFinished({ ...run, result: 'success', durationMs: 1, noop: true, stalled: false });
  all.faulted(resource(), { class: 'transient', reason: 'AwsUnavailable', message: 'x' });
  all.panicked({ ...run, error: 'x' });
  all.timedOut(run);
  all.planned(resource(), []);
  all.driftDetected(resource(), []);
  all.driftRepaired(resource(), []);
  all.statusWritten(resource(), 'written', statusOf());
  all.told(resource(), { type: 'Normal', reason: 'Created', message: 'x' });
  all.gone('mail/app');

  expect(heard).toEqual(Object.keys(silentObserver));
  expect(errors).toHaveLength(heard.length);
});
