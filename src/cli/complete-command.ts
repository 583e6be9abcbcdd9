import type { Command } from 'commander';
import { beginning, complete, type Candidate, type Completion } from './complete.ts';
import type { CliIo, ExitCode } from './io.ts';

/** Whoever presses Tab does not wait longer. */
const LOOK_UP_MS = 2_000;

/** Cobra's directives: what a shell may do when nothing is offered. */
const FILES = ':0';
const NO_FILES = ':4';

/**
 * Prints what may stand where the cursor is, one a line with a tab before what it is, and what the shell may offer
 * besides: cobra's protocol, since kubectl asks its plugins in it. Says nothing when something goes wrong.
 *
 * @see https://pkg.go.dev/github.com/spf13/cobra#ShellCompDirective
 */
export async function completeCommand(program: Command, words: readonly string[], io: CliIo): Promise<ExitCode> {
  const { candidates, files, pipelines } = complete(program, words);
  const found = pipelines === undefined ? [] : await inTime(lookUp(pipelines, io), io);
  for (const { value, about } of [...candidates, ...beginning(words.at(-1) ?? '', found)])
    io.out(about === '' ? value : `${value}\t${about.replaceAll(/\s+/g, ' ')}`);
  io.out(files ? FILES : NO_FILES);
  return 0;
}

/** Loaded only for a word that may be the name of a pipeline: most are not. */
async function lookUp(given: NonNullable<Completion['pipelines']>, io: CliIo): Promise<readonly Candidate[]> {
  const { knownPipelines } = await import('./complete-pipelines.ts');
  return knownPipelines(given, io);
}

/** Nothing, when it takes too long or fails. */
async function inTime(look: Promise<readonly Candidate[]>, io: CliIo): Promise<readonly Candidate[]> {
  const over = new AbortController();
  const late = io.clock.sleep(LOOK_UP_MS, over.signal).then(
    () => [],
    () => [],
  );
  return Promise.race([look.catch(() => []), late]).finally(() => over.abort());
}
