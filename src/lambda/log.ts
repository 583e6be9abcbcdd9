const LEVELS = ['debug', 'info', 'warn', 'error'] as const;

export type LogLevel = (typeof LEVELS)[number];

/**
 * Writes one JSON line to standard output, unless SES_LAMBDA_PIPELINE_LOG_LEVEL is higher (default `info`).
 * Never throws: an error is written as its name and message, what JSON cannot hold as text.
 */
export function log(level: LogLevel, msg: string, fields: Readonly<Record<string, unknown>> = {}): void {
  if (LEVELS.indexOf(level) < LEVELS.indexOf(lowestLevel())) return;
  console.log(toLine(Object.assign({ level, msg }, fields, { level, msg })));
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
