/** What is stopped, in this order. */
export type Stoppable = {
  /** No new work is begun. */
  readonly stopIntake: () => void;
  /** Resolves when what was under way has ended. */
  readonly drained: () => Promise<void>;
  /** What still waits for an answer gives up. */
  readonly abortCalls: () => void;
  /** Statuses are written, the Lease is released, servers are closed. */
  readonly finish: () => Promise<void>;
};

/** Where the process stands. */
export type Stage = 'running' | 'draining' | 'aborting' | 'finishing' | 'stopped';

export type SignalName = 'SIGTERM' | 'SIGINT';

type Listening = {
  (event: SignalName, listener: () => void): unknown;
  (event: 'uncaughtException', listener: (error: Error) => void): unknown;
  (event: 'unhandledRejection', listener: (reason: unknown) => void): unknown;
};

/** What is needed of `process`. */
export type ProcessLike = { readonly on: Listening; readonly off: Listening; readonly exit: (code: number) => void };

export type ShutdownOptions = {
  readonly process: ProcessLike;
  /** What is under way may take so long before its calls are aborted. */
  readonly graceMs: number;
  /** What was aborted may take so long to notice, and so may the finish. */
  readonly finishMs?: number;
  /** Calls back once, after `delayMs`; returns what prevents it. */
  readonly after: (delayMs: number, call: () => void) => () => void;
  /** Told at every change of stage; must not throw. */
  readonly onStage?: (stage: Stage, why: string) => void;
  /** Told of an error that nobody caught, a bug; must not throw. */
  readonly onCrash?: (error: unknown) => void;
};

export type Shutdown = {
  readonly stage: () => Stage;
  /** Begins to stop, as a signal would. What counts is the first reason; 1 for a failure, such as a lost Lease. */
  readonly begin: (why: string, exitCode?: 0 | 1) => void;
  /** Resolves with the exit code once everything has stopped: 0 when all went in order and in time. */
  readonly stopped: Promise<0 | 1>;
};

/**
 * Stops the process in order on the first SIGTERM or SIGINT: takes no new work, waits for what is under way, aborts it
 * when the grace is over, and finishes. A second signal exits with 1 at once. An error that nobody caught stops it in the
 * same order, with exit code 1: a Lease that is released lets a standby take over at once.
 */
export function watchSignals(service: Stoppable, options: ShutdownOptions): Shutdown {
  const { process, graceMs, finishMs = 2_000, after, onStage, onCrash } = options;
  const { promise: stopped, resolve } = Promise.withResolvers<0 | 1>();
  let stage: Stage = 'running';

  const enter = (next: Stage, why: string): void => {
    stage = next;
    onStage?.(next, why);
  };

  /** Whether it was done in time. A failure is an end, too. */
  const within = async (limitMs: number, work: () => Promise<void>): Promise<'done' | 'failed' | 'late'> => {
    const { promise: late, resolve: isLate } = Promise.withResolvers<'late'>();
    const cancel = after(limitMs, () => isLate('late'));
    const ended = attempt(work).then(
      () => 'done' as const,
      () => 'failed' as const,
    );
    return Promise.race([ended, late]).finally(cancel);
  };

  const stop = async (why: string, exitCode: 0 | 1): Promise<0 | 1> => {
    enter('draining', why);
    const intake = await within(finishMs, async () => service.stopIntake());
    const drained = attempt(service.drained);
    let ended = await within(graceMs, () => drained);
    if (ended === 'late') {
      enter('aborting', `what was under way did not end within ${graceMs / 1000} s`);
      service.abortCalls();
      ended = await within(finishMs, () => drained);
    }
    enter('finishing', ended === 'done' ? 'nothing is under way any more' : 'something under way did not end in order');
    const finished = await within(finishMs, service.finish);
    return [intake, ended, finished].every((outcome) => outcome === 'done') ? exitCode : 1;
  };

  const begin = (why: string, exitCode: 0 | 1 = 0): void => {
    if (stage !== 'running') return;
    void stop(why, exitCode).then((code) => {
      listen('off');
      enter('stopped', `exit code ${code}`);
      resolve(code);
    });
  };

  /** The second time means it. */
  const beginOrExit = (why: string, exitCode: 0 | 1): void => {
    if (stage === 'running') begin(why, exitCode);
    else process.exit(1);
  };
  const onSigterm = (): void => beginOrExit('SIGTERM', 0);
  const onSigint = (): void => beginOrExit('SIGINT', 0);
  const onUncaught = (error: unknown): void => {
    onCrash?.(error);
    beginOrExit('an error that nobody caught', 1);
  };
  const listen = (how: 'on' | 'off'): void => {
    process[how]('SIGTERM', onSigterm);
    process[how]('SIGINT', onSigint);
    process[how]('uncaughtException', onUncaught);
    process[how]('unhandledRejection', onUncaught);
  };
  listen('on');
  return { stage: () => stage, begin, stopped };
}

/** Turns what is thrown at once into a rejection. */
async function attempt(work: () => Promise<void>): Promise<void> {
  await work();
}
