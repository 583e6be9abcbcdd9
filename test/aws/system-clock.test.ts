import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/aws/system-clock.ts';

const HOUR_MS = 3_600_000;

describe('systemClock', () => {
  it('wakes a sleeper when its time has come', async () => {
    await expect(systemClock().sleep(1)).resolves.toBeUndefined();
  });

  it('rejects a sleeper with the reason of the signal, at once', async () => {
    const controller = new AbortController();
    const sleep = systemClock().sleep(HOUR_MS, controller.signal);

    controller.abort(new Error('shutting down'));

    await expect(sleep).rejects.toThrow('shutting down');
  });

  it('does not sleep at all when the signal is aborted already', async () => {
    await expect(systemClock().sleep(HOUR_MS, AbortSignal.abort(new Error('too late')))).rejects.toThrow('too late');
  });
});
