import { describe, expect, it } from 'vitest';
import { judgeEventLoop, judgeFreshness, judgeThat, startHeartbeat } from '../../src/service/health.ts';

describe('judgeEventLoop', () => {
  const beating = { nowMs: 100_000, lastBeatMs: 99_000, worstGapMs: 1_100, limitMs: 10_000 };

  it('is content with a loop that beats', () => {
    expect(judgeEventLoop(beating)).toEqual({ ok: true });
    expect(judgeEventLoop({ ...beating, lastBeatMs: 90_000 })).toEqual({ ok: true });
  });

  it.each([
    ['stands still now', { lastBeatMs: 89_000 }, '11 s'],
    ['stood still a moment ago', { worstGapMs: 25_000 }, '25 s'],
  ])('complains about one that %s', (_name, over, howLong) => {
    expect(judgeEventLoop({ ...beating, ...over })).toEqual({
      ok: false,
      why: expect.stringContaining(`stood still for ${howLong}, more than 10 s`),
    });
  });
});

describe('judgeFreshness', () => {
  const input = { nowMs: 1_000_000, startedAtMs: 900_000, lastAliveMs: 990_000, limitMs: 300_000 };

  it('is content while something was heard of late', () => {
    expect(judgeFreshness(input)).toEqual({ ok: true });
  });

  it('gives a process that has just started its time', () => {
    expect(judgeFreshness({ ...input, lastAliveMs: undefined })).toEqual({ ok: true });
    expect(judgeFreshness({ ...input, lastAliveMs: 0 })).toEqual({ ok: true });
  });

  it('complains about silence, whether it ever heard anything or not', () => {
    const late = { ...input, nowMs: 1_400_000 };
    expect(judgeFreshness(late)).toEqual({ ok: false, why: expect.stringContaining('for 410 s, more than 300 s') });
    expect(judgeFreshness({ ...late, lastAliveMs: undefined })).toMatchObject({ ok: false });
  });
});

describe('judgeThat', () => {
  it('says why only when it does not hold', () => {
    expect(judgeThat(true, 'x')).toEqual({ ok: true });
    expect(judgeThat(false, 'x')).toEqual({ ok: false, why: 'x' });
  });
});

describe('startHeartbeat', () => {
  it('remembers the longest pause for the length of its window', () => {
    let nowMs = 0;
    let beat = (): void => {};
    let stopped = false;
    const heartbeat = startHeartbeat({
      now: () => nowMs,
      every: (_intervalMs, call) => {
        beat = call;
        return () => {
          stopped = true;
        };
      },
      intervalMs: 1_000,
      windowMs: 10_000,
    });
    const beatAt = (ms: number): void => {
      nowMs = ms;
      beat();
    };
    beatAt(1_000);
    beatAt(9_000);
    beatAt(10_000);
    expect([heartbeat.lastBeatMs(), heartbeat.worstGapMs()]).toEqual([10_000, 8_000]);
    for (let ms = 11_000; ms <= 20_000; ms += 1_000) beatAt(ms);
    expect(heartbeat.worstGapMs()).toBe(1_000);

    heartbeat.stop();
    expect(stopped).toBe(true);
  });
});
