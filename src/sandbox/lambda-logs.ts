/** One line of a function's log; what the handler wrote in one go keeps its line breaks. */
export type LogLine = {
  readonly at: string;
  /** Undefined for what a process wrote outside of any invocation. */
  readonly requestId?: string;
  /** `platform` are the START, END and REPORT lines of Lambda itself. */
  readonly source: 'platform' | 'stdout' | 'stderr';
  readonly text: string;
  /** Where CloudWatch Logs shows it; absent when the function's role may not write there. */
  readonly cloudWatch?: {
    readonly account: string;
    readonly region: string;
    readonly group: string;
    readonly stream: string;
  };
};

/** What all functions wrote, by function name; it outlives the function, as a log group does. */
export type LogBook = {
  readonly append: (functionName: string, line: LogLine) => void;
  readonly lines: (functionName: string) => readonly LogLine[];
  /** The lines of all functions, those of one in their order. */
  readonly all: () => readonly LogLine[];
  readonly ofRequest: (requestId: string) => readonly LogLine[];
};

/** Kept in memory; the oldest lines of a function fall out beyond `maxLines`. */
export function createLogBook(maxLines = 10_000): LogBook {
  const books = new Map<string, LogLine[]>();
  return {
    append: (functionName, line) => {
      const book = books.get(functionName) ?? [];
      books.set(functionName, book);
      book.push(line);
      if (book.length > maxLines) book.shift();
    },
    lines: (functionName) => [...(books.get(functionName) ?? [])],
    all: () => [...books.values()].flat(),
    ofRequest: (requestId) => [...books.values()].flat().filter((line) => line.requestId === requestId),
  };
}
