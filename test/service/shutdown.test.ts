import { EventEmitter } from 'node:events';
import { describe, expect, it, vi } from 'vitest';
import { watchSignals, type ProcessLike, type Stoppable } from '../../src/service/shutdown.ts';

/** A process whose signals, exits and timers are in the hands of the test. */
function setUp(service: Partial<Stoppable> = {}) {
  const events = new EventEmitter();
  const exits: number[] = [];
  const log: string[] = [];
  const timers = new Set<{ readonly delayMs: number; readonly call: () => void }>();
  const work = Promise.withResolvers<void>();
  const fake: ProcessLike = {
    on: (event: string, listener: (error: Error) => void) => events.on(event, listener),
    off: (event: string, listener: (error: Error) => void) => events.off(event, listener),
    exit: (code) => void exits.push(code),
  };
  const shutdown = watchSignals(
    {
      stopIntake: () => void log.push('stopIntake'),
      drained: () => work.promise,
      abortCalls: () => void log.push('abortCalls'),
      finish: async () => void log.push('finish'),
      ...service,
    },
    {
      process: fake,
      graceMs: 25_000,
      finishMs: 2_000,
      after: (delayMs, call) => {
        const timer = { delayMs, call };
        timers.add(timer);
        return () => void timers.delete(timer);
      },
      onStage: (stage) => void log.push(stage),
      onCrash: (error) => void log.push(String(error)),
    },
  );
  return {
    shutdown,
    events,
    exits,
    log,
    work,
    timers,
    fire: async (delayMs: number) => {
      const timer = await vi.waitFor(
        () => [...timers].find((each) => each.delayMs === delayMs) ?? Promise.reject(new Error('no such timer')),
      );
      timer.call();
    },
  };
}

describe('watchSignals', () => {
  it('knows the process of Node', () => {
    const real: ProcessLike = process;
    expect(real).toBe(process);
  });

  it.each(['SIGTERM', 'SIGINT'])('finishes what is under way on %s and exits with 0', async (signal) => {
    const { shutdown, events, work, log, exits, timers } = setUp();
    expect(shutdown.stage()).toBe('running');
    events.emit(signal);
    expect(shutdown.stage()).toBe('draining');
    work.resolve();

    expect(await shutdown.stopped).toBe(0);
    expect(log).toEqual(['draining', 'stopIntake', 'finishing', 'finish', 'stopped']);
    expect(exits).toEqual([]);
    expect(timers.size).toBe(0);
    expect(events.eventNames()).toEqual([]);
  });

  it('aborts calls when the grace is over, and still exits with 0', async () => {
    const work = Promise.withResolvers<void>();
    const { shutdown, events, log, fire } = setUp({ drained: () => work.promise, abortCalls: () => work.resolve() });
    events.emit('SIGTERM');
    await fire(25_000);

    expect(await shutdown.stopped).toBe(0);
    expect(log).toEqual(['draining', 'stopIntake', 'aborting', 'finishing', 'finish', 'stopped']);
  });

  it('exits with 1 when what was aborted does not end, and finishes all the same', async () => {
    const { shutdown, events, log, fire } = setUp();
    events.emit('SIGTERM');
    await fire(25_000);
    await fire(2_000);

    expect(await shutdown.stopped).toBe(1);
    expect(log).toEqual(['draining', 'stopIntake', 'aborting', 'abortCalls', 'finishing', 'finish', 'stopped']);
  });

  it('does not wait for a finish that hangs', async () => {
    const { shutdown, events, work, fire, log } = setUp({ finish: () => new Promise(() => {}) });
    events.emit('SIGTERM');
    work.resolve();
    await vi.waitFor(() => expect(log).toContain('finishing'));
    await fire(2_000);

    expect(await shutdown.stopped).toBe(1);
  });

  it.each<[string, Partial<Stoppable>]>([
    [
      'stopIntake throws',
      {
        stopIntake: () => {
          throw new Error('x');
        },
      },
    ],
    ['the work rejects', { drained: () => Promise.reject(new Error('x')) }],
    [
      'drained throws',
      {
        drained: () => {
          throw new Error('x');
        },
      },
    ],
    ['finish rejects', { finish: () => Promise.reject(new Error('x')) }],
  ])('exits with 1 when %s, and takes every step all the same', async (_name, service) => {
    const { shutdown, events, work, log } = setUp(service);
    work.resolve();
    events.emit('SIGTERM');

    expect(await shutdown.stopped).toBe(1);
    expect(log).toEqual(expect.arrayContaining(['draining', 'finishing', 'stopped']));
  });

  it.each(['SIGTERM', 'SIGINT'])('exits with 1 at once on a second signal (%s)', (second) => {
    const { events, exits } = setUp();
    events.emit('SIGTERM');
    expect(exits).toEqual([]);
    events.emit(second);

    expect(exits).toEqual([1]);
  });

  it.each(['uncaughtException', 'unhandledRejection'])('stops in order on %s, and exits with 1', async (event) => {
    const { shutdown, events, work, log } = setUp();
    work.resolve();
    events.emit(event, new Error('a bug'));

    expect(await shutdown.stopped).toBe(1);
    expect(log).toEqual(['Error: a bug', 'draining', 'stopIntake', 'finishing', 'finish', 'stopped']);
  });

  it('stops for a reason of its own with the code that goes with it; the first reason counts', async () => {
    const { shutdown, work } = setUp();
    work.resolve();
    shutdown.begin('the Lease was lost', 1);
    shutdown.begin('something else', 0);

    expect(await shutdown.stopped).toBe(1);
  });
});
