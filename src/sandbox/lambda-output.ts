import type { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';

export type OutputSource = 'stdout' | 'stderr';

/** What a handler's process writes, line by line, and how far it has been read. */
export type Output = {
  /** Resolves once everything written during that invocation has been read. */
  readonly completed: (requestId: string) => Promise<unknown>;
  /** The same for a process that marks nothing: resolves once what it has written so far has been read. */
  readonly caughtUp: () => Promise<void>;
  /** Resolves at the end of both streams. */
  readonly drained: Promise<unknown>;
  /** As the process reported it with its last invocation. */
  readonly maxMemoryKb: () => number;
};

/** The bootstrap ends the output of an invocation with it, on both streams: `MARK requestId maxMemoryKb`. */
const END_MARK = '\u0000end ';
const MAX_MARK_CHARACTERS = 100;

/**
 * Reads both streams. The answer of a handler comes by another way than its output and may overtake it, so the bootstrap
 * marks the end of each invocation's output on each stream; the marks are not passed on.
 */
export function readOutput(
  streams: Readonly<Record<OutputSource, Readable>>,
  onText: (source: OutputSource, text: string) => void,
): Output {
  const marks = new Map<string, PromiseWithResolvers<void>>();
  const readers = {
    stdout: lineReader(streams.stdout, (line) => onLine('stdout', line)),
    stderr: lineReader(streams.stderr, (line) => onLine('stderr', line)),
  };
  let maxMemoryKb = 0;

  const markOf = (source: OutputSource, requestId: string): PromiseWithResolvers<void> => {
    const key = `${source} ${requestId}`;
    const mark = marks.get(key) ?? Promise.withResolvers<void>();
    marks.set(key, mark);
    return mark;
  };
  const onLine = (source: OutputSource, line: string): void => {
    // The mark may stand behind text that the handler did not end with a line break.
    const [written = '', mark] = line.split(END_MARK);
    if (mark === undefined || written !== '') onText(source, written.replaceAll('\r', '\n'));
    if (mark === undefined) return;
    const [requestId = '', memoryKb] = mark.split(' ');
    maxMemoryKb = Math.max(maxMemoryKb, Number(memoryKb));
    markOf(source, requestId).resolve();
  };

  return {
    completed: async (requestId) => {
      await Promise.all([markOf('stdout', requestId).promise, markOf('stderr', requestId).promise]);
      marks.clear(); // one invocation at a time
    },
    caughtUp: async () => {
      await Promise.all([readers.stdout.caughtUp(), readers.stderr.caughtUp()]);
    },
    drained: Promise.all([readers.stdout.drained, readers.stderr.drained]),
    maxMemoryKb: () => maxMemoryKb,
  };
}

/** Longer ones are cut into several, as CloudWatch Logs does. */
const MAX_LINE_CHARACTERS = 256 * 1024;

/** Turns of the event loop without anything to read: in each the system was asked once whether there is something. */
const QUIET_TURNS = 3;

/** Splits at line feeds only: a carriage return is part of a line. */
function lineReader(stream: Readable, onLine: (line: string) => void) {
  let rest = '';
  let chunks = 0;
  const read = async (): Promise<void> => {
    stream.setEncoding('utf8');
    for await (const chunk of stream as AsyncIterable<string>) {
      chunks += 1;
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) onLine(line);
      if (rest.length < MAX_LINE_CHARACTERS) continue;
      // What may become the mark at the end of an output stays in one piece.
      const mark = rest.indexOf(END_MARK.charAt(0), rest.length - MAX_MARK_CHARACTERS);
      onLine(mark === -1 ? rest : rest.slice(0, mark));
      rest = mark === -1 ? '' : rest.slice(mark);
    }
    flush();
  };
  const flush = (): void => {
    const last = rest;
    rest = '';
    if (last !== '') onLine(last);
  };
  return {
    drained: read(),
    caughtUp: async (): Promise<void> => {
      for (let quiet = 0, seen = chunks; quiet < QUIET_TURNS; quiet += 1) {
        await nextTurn();
        if (chunks !== seen) quiet = 0;
        seen = chunks;
      }
      flush();
    },
  };
}
