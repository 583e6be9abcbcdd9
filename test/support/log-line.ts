import { load } from 'js-yaml';

/**
 * A line of a log as readers of any kind have it: JSON, in which no member stands twice. JSON.parse would pass over that,
 * others refuse the line.
 *
 * @throws {Error} naming the member
 */
export function logLine(line: string): Readonly<Record<string, unknown>> {
  load(line); // JSON is YAML, which knows no two keys of one name
  return JSON.parse(line) as Readonly<Record<string, unknown>>;
}
