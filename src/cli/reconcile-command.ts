import type { Resource } from '../controller/source.ts';
import { chooseSome, refOf, withinCluster, type Cluster, type ClusterChoice } from './cluster.ts';
import { refused } from './command-failed.ts';
import { Interrupted } from './interrupted.ts';
import type { CliIo, ExitCode } from './io.ts';
import type { OutputFormat } from './options.ts';
import { print } from './print.ts';
import { clean } from './render-problems.ts';
import { requireChoice } from './suspend-command.ts';

export type ReconcileOptions = ClusterChoice & {
  readonly all: boolean;
  readonly wait: boolean;
  readonly timeout: number;
  readonly output: OutputFormat;
};

/** What became of a request. */
type Result = {
  readonly pipeline: string;
  readonly outcome: 'requested' | 'ready' | 'notReady' | 'unanswered' | 'gone';
  readonly reason?: string;
  readonly message?: string;
};

const LOOK_AGAIN_MS = 500;

/**
 * Asks the controller to look at once, and waits until it says that it has. Exit code 0: every pipeline is Ready (or
 * nobody waits), 2: one was looked at and is not, 1: nobody answered.
 */
export async function reconcileCommand(
  names: readonly string[],
  options: ReconcileOptions,
  io: CliIo,
): Promise<ExitCode> {
  requireChoice(names, options, io);
  return withinCluster<ExitCode>(options, io, async (cluster) => {
    const chosen = await chooseSome(names, options, cluster, io);
    const [still] = chosen.filter(({ manifest }) => manifest?.spec.suspend === true);
    if (still !== undefined && !options.all)
      throw refused(`${still.key} is suspended, so nobody would look at it: resume it first`, io);
    const awake = chosen.filter(({ manifest }) => manifest?.spec.suspend !== true);
    const token = new Date(io.clock.now()).toISOString();
    for (const pipeline of awake) await cluster.requestReconcile(refOf(pipeline), token);
    const deadlineMs = io.clock.now() + options.timeout;
    const results = options.wait
      ? await Promise.all(awake.map((pipeline) => answered(pipeline, token, deadlineMs, cluster, io)))
      : awake.map(({ key }): Result => ({ pipeline: key, outcome: 'requested' }));
    print(io, options.output, { requestedAt: token, pipelines: results }, () => results.map(render));
    return exitCodeOf(results);
  });
}

async function answered(
  { key, uid }: Resource,
  token: string,
  deadlineMs: number,
  cluster: Cluster,
  io: CliIo,
): Promise<Result> {
  let shown = '';
  for (;;) {
    const pipeline = await cluster.pipeline(refOf({ key }));
    if (pipeline === undefined || pipeline.uid !== uid) return { pipeline: key, outcome: 'gone' };
    const { conditions = [], lastHandledReconcileAt, observedGeneration } = pipeline.status ?? {};
    const ready = conditions.find(({ type }) => type === 'Ready');
    const current = lastHandledReconcileAt === token && observedGeneration === pipeline.generation;
    // More is to come, unless it says that something went wrong: that may go on for ever.
    const working = ready?.reason === 'Progressing';
    if (current && !working && ready !== undefined) {
      const { reason, message } = ready;
      return { pipeline: key, outcome: ready.status === 'True' ? 'ready' : 'notReady', reason, message };
    }
    const progress = working ? `${key}: ${ready.message}` : `${key}: requested, waiting for the controller`;
    if (progress !== shown) io.err(clean(`  … ${progress}`));
    shown = progress;
    if (io.clock.now() >= deadlineMs) return { pipeline: key, outcome: 'unanswered' };
    await io.clock.sleep(LOOK_AGAIN_MS, io.signal).catch((error: unknown) => {
      throw io.signal.aborted ? new Interrupted('interrupted') : error;
    });
  }
}

function render({ pipeline, outcome, reason = '', message = '' }: Result): string {
  switch (outcome) {
    case 'requested':
      return `${pipeline}: requested`;
    case 'ready':
      return clean(`${pipeline}: Ready, ${message}`);
    case 'notReady':
      return clean(`${pipeline}: not Ready, ${reason}: ${message}`);
    case 'unanswered':
      return `${pipeline}: no controller has answered in time; "doctor" says whether one is running, "trace" why it waits`;
    case 'gone':
      return `${pipeline}: is gone`;
  }
}

function exitCodeOf(results: readonly Result[]): ExitCode {
  if (results.some(({ outcome }) => outcome === 'unanswered' || outcome === 'gone')) return 1;
  return results.some(({ outcome }) => outcome === 'notReady') ? 2 : 0;
}
