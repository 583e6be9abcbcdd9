import type { Trigger } from '../controller/trigger.ts';
import { pino, type Logger as PinoLogger } from 'pino';
import { loggable, loggableText, type Fields } from './log-values.ts';
import { textLine } from './log-text.ts';

export type { Fields } from './log-values.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** One line for each call. `fields.error` takes whatever was thrown. */
export type Logger = {
  readonly [Level in LogLevel]: (message: string, fields?: Fields) => void;
} & {
  /** A logger whose lines all bear `fields`. */
  readonly child: (fields: Fields) => Logger;
};

export type LoggerOptions = {
  readonly level: LogLevel;
  readonly format: 'json' | 'text';
  /** Takes one line, line feed included. Not given: standard output, written at once, so that no exit loses a line. */
  readonly write?: (line: string) => void;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Asked at each line for what it bears beside its own: what it is part of. */
  readonly context?: () => Fields | undefined;
};

/**
 * Structured logs. Above debug no line has an e-mail address or the value of an environment variable in it, at no level
 * one has credentials; whatever is passed in.
 */
export function createLogger({ level, format, write, now, context }: LoggerOptions): Logger {
  const out = write ?? standardOutput();
  const destination = { write: format === 'json' ? out : (line: string) => out(textLine(line)) };
  const options = {
    level,
    base: null,
    timestamp: () => `,"time":"${new Date(now()).toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  return wrap(pino(options, destination), {}, context);
}

/** What ties the lines of one reconcile together. */
export type ReconcileFields = {
  readonly reconcileId: string;
  /** `namespace/name`. */
  readonly pipeline: string;
  readonly generation?: number;
  readonly trigger: Trigger;
};

export const reconcileLogger = (logger: Logger, fields: ReconcileFields): Logger => logger.child(fields);

type Members = Readonly<Record<string, unknown>>;

/** @param bound what every line bears, unless it says otherwise: a child of pino would write both */
function wrap(inner: PinoLogger, bound: Members, context: LoggerOptions['context']): Logger {
  const at =
    (level: LogLevel) =>
    (message: string, fields: Fields = {}) => {
      if (!inner.isLevelEnabled(level)) return;
      const forDebug = level === 'debug';
      const members = { ...bound, ...membersOf(loggable(fields, forDebug)), ...context?.() };
      inner[level](members, '%s', loggableText(message, forDebug));
    };
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    // Its lines may be of any level, so the strictest rule holds.
    child: (fields) => wrap(inner, { ...bound, ...membersOf(loggable(fields, false)) }, context),
  };
}

const RESERVED: readonly string[] = ['level', 'time', 'msg'];

/** What is pino's own keeps its meaning: readers take the last of two members of one name. */
function membersOf(value: unknown): Members {
  const members = typeof value === 'object' && value !== null ? Object.entries(value) : [['fields', value] as const];
  return Object.fromEntries(members.map(([key, member]) => [RESERVED.includes(key) ? `_${key}` : key, member]));
}

function standardOutput(): (line: string) => void {
  const stdout = pino.destination({ fd: 1, sync: true });
  return (line) => void stdout.write(line);
}
