const LEVELS = ['debug', 'info', 'warn', 'error'] as const;

export type LogLevel = (typeof LEVELS)[number];

export type LogFields = Readonly<Record<string, unknown>>;

/** Writes JSON lines; each level has a method, and a child adds its fields to every line. */
export type Logger = {
  readonly [Level in LogLevel]: (msg: string, fields?: LogFields) => void;
} & {
  /** A logger whose lines also carry these fields; a line's own field of the same name wins. */
  readonly child: (fields: LogFields) => Logger;
};

/**
 * Writes one JSON line to standard output, unless SES_LAMBDA_PIPELINE_LOG_LEVEL is higher (default `info`); also
 * `log.info(msg, fields)` and so on, and `log.child(fields)`.
 * Never throws: an error is written as its name and message, what JSON cannot hold as text.
 */
export const log: Logger & ((level: LogLevel, msg: string, fields?: LogFields) => void) = Object.assign(
  write,
  loggerOf({}),
);

function loggerOf(bound: LogFields): Logger {
  const at =
    (level: LogLevel) =>
    (msg: string, fields: LogFields = {}): void =>
      write(level, msg, { ...bound, ...fields });
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (fields) => loggerOf({ ...bound, ...fields }),
  };
}

function write(level: LogLevel, msg: string, fields: LogFields = {}): void {
  if (LEVELS.indexOf(level) < LEVELS.indexOf(lowestLevel())) return;
  const line = toLine(Object.assign({ level, msg }, fields, { level, msg }));
  // Under Lambda's log format JSON the runtime puts an object as it is beside time, level and request id, and a text
  // in quotes. https://docs.aws.amazon.com/lambda/latest/dg/nodejs-logging.html
  if (process.env['AWS_LAMBDA_LOG_FORMAT'] === 'JSON') console[level](JSON.parse(line));
  else console.log(line);
}

function lowestLevel(): LogLevel {
  const wanted = process.env['SES_LAMBDA_PIPELINE_LOG_LEVEL']?.toLowerCase();
  return LEVELS.find((level) => level === wanted) ?? 'info';
}

function toLine(entry: Record<string, unknown>): string {
  try {
    return JSON.stringify(entry, toJson);
  } catch (error) {
    return JSON.stringify({ level: entry['level'], msg: entry['msg'], unloggable: String(error) });
  }
}

function toJson(_key: string, value: unknown): unknown {
  if (value instanceof Error) return String(value);
  return typeof value === 'bigint' ? value.toString() : value;
}
