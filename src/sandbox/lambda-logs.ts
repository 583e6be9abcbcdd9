import { NO_HISTORY, type History } from './history.ts';
import { createListeners } from './listeners.ts';

/** One line of a function's log; what the handler wrote in one go keeps its line breaks. */
export type LogLine = {
  /** Grows from line to line over all functions: where a reader goes on. */
  readonly number: number;
  readonly at: string;
  /** Undefined for what a process wrote outside of any invocation. */
  readonly requestId?: string;
  /** The mail that the function was invoked for. */
  readonly mailId?: string;
  /** `platform` are the START, END and REPORT lines of Lambda itself. */
  readonly source: 'platform' | 'stdout' | 'stderr';
  readonly text: string;
  /** Where CloudWatch Logs shows it; absent when the function's role may not write there. */
  readonly cloudWatch?: LogGroupPlace & { readonly stream: string };
};

/** A line, and whose it is. */
export type FunctionLine = LogLine & { readonly functionName: string };

/** A log group, by whose it is, where it is, and its name. */
export type LogGroupPlace = { readonly account: string; readonly region: string; readonly group: string };

/** The same text for the same log group. */
export const placeKey = ({ account, region, group }: LogGroupPlace): string => `${account} ${region} ${group}`;

/** What all functions wrote, by function name; it outlives the function, as a log group does. */
export type LogBook = {
  readonly append: (functionName: string, line: Omit<LogLine, 'number'>) => void;
  readonly lines: (functionName: string) => readonly LogLine[];
  /** The lines of all functions, those of one in their order. */
  readonly all: () => readonly LogLine[];
  readonly ofRequest: (requestId: string) => readonly LogLine[];
  /** Tells each new line, until the function that it returns is called. */
  readonly follow: (listener: (line: FunctionLine) => void) => () => void;
  /** Names of the functions that wrote something. */
  readonly functionNames: () => readonly string[];
  /** The first line that went into each log group, be it still kept or not. */
  readonly firstLines: () => readonly LogLine[];
  /** Puts back what an earlier process had written. */
  readonly restore: (lines: readonly { functionName: string; line: Omit<LogLine, 'number'> }[]) => void;
};

/** Lines of one function that are kept. */
export const LOG_LIMIT = 10_000;

/** The oldest lines of a function fall out beyond the limit. */
export function createLogBook(history: History = NO_HISTORY): LogBook {
  const books = new Map<string, LogLine[]>();
  const firstLines = new Map<string, LogLine>();
  const listeners = createListeners<FunctionLine>();
  let count = 0;
  const keep = (functionName: string, line: Omit<LogLine, 'number'>): LogLine => {
    const book = books.get(functionName) ?? [];
    books.set(functionName, book);
    count += 1;
    const numbered = { number: count, ...line };
    const key = line.cloudWatch === undefined ? undefined : placeKey(line.cloudWatch);
    if (key !== undefined && !firstLines.has(key)) firstLines.set(key, numbered);
    book.push(numbered);
    if (book.length > LOG_LIMIT) book.shift();
    return numbered;
  };
  return {
    append: (functionName, line) => {
      const numbered = keep(functionName, line);
      history.note({ kind: 'logLine', functionName, line });
      listeners.tell(() => ({ functionName, ...numbered }));
    },
    follow: listeners.add,
    lines: (functionName) => [...(books.get(functionName) ?? [])],
    all: () => [...books.values()].flat(),
    ofRequest: (requestId) => [...books.values()].flat().filter((line) => line.requestId === requestId),
    functionNames: () => [...books.keys()].sort(),
    firstLines: () => [...firstLines.values()],
    restore: (lines) => {
      for (const { functionName, line } of lines) keep(functionName, line);
    },
  };
}
