import { load } from 'js-yaml';

/**
 * A line of a log as readers of any kind have it: JSON, in which no member stands twice. JSON.parse would pass over that,
 * others refuse the line.
 *
 * @throws {Error} naming the member
 */
export function logLine<Line = Readonly<Record<string, unknown>>>(line: string): Line {
  load(line); // JSON is YAML, which knows no two keys of one name
  return JSON.parse(line) as Line;
}
