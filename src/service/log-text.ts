import { stripControls } from './clean-text.ts';

/** A line of JSON as people read it: `2026-11-22T11:24:48.000Z WARN  message key=value`, a stack on lines of its own. */
export function textLine(json: string): string {
  const { time, level, msg, ...fields } = JSON.parse(json) as Record<string, unknown>;
  const stacks: string[] = [];
  const pairs = Object.entries(fields).map(
    ([key, value]) => ` ${stripControls(key)}=${shown(withoutStack(value, stacks))}`,
  );
  const head = `${plain(time)} ${plain(level).toUpperCase().padEnd(5)} ${plain(msg)}${pairs.join('')}`;
  const below = stacks.flatMap((stack) => stack.split('\n')).map((line) => `\n    ${stripControls(line).trim()}`);
  return `${head}${below.join('')}\n`;
}

const plain = (value: unknown): string =>
  stripControls(typeof value === 'string' ? value : JSON.stringify(value ?? ''));

/** Values that would be hard to tell from what surrounds them are written as JSON. */
function shown(value: unknown): string {
  if (typeof value === 'string' && /^[^\s"=\\]+$/.test(value)) return stripControls(value);
  return stripControls(JSON.stringify(value));
}

function withoutStack(value: unknown, stacks: string[]): unknown {
  if (typeof value !== 'object' || value === null || !('stack' in value)) return value;
  const { stack, ...rest } = value;
  if (typeof stack === 'string') stacks.push(stack);
  return rest;
}
