import { readFileSync, writeFileSync } from 'node:fs';
import { ALERTS } from '../../../tools/monitoring/alerts.ts';
import type { Scrape } from './series.ts';

const FILE = new URL('recording.json', import.meta.url);

/** A state of the controller that lasted for a while: what it told at the beginning and at the end. */
export type Moment = {
  readonly name: string;
  readonly seconds: number;
  /** First and last value by series, in order; times as seconds before the scrape. */
  readonly series: Readonly<Record<string, readonly [first: number, last: number]>>;
};

export type Recording = readonly Moment[];

export const readRecording = (): Recording => JSON.parse(readFileSync(FILE, 'utf8')) as Recording;

/** One line a series, so that a difference can be read. */
export function writeRecording(recording: Recording): void {
  const text = JSON.stringify(recording, null, 1).replaceAll(/\[\s+(-?[\d.e-]+),\s+(-?[\d.e-]+)\s+\]/g, '[$1, $2]');
  writeFileSync(FILE, `${text}\n`);
}

/** What an alert looks at; nothing else is kept. */
const USED = new Set(ALERTS.flatMap(({ expr }) => expr.match(/[a-z_]+(?=[{[) ]|$)/g) ?? []));
const CONDITIONS = /status="True",type="(Ready|Stalled|Suspended)"|status="False",type="MailRouted"/;

/** @param only the part of the state that the moment is about; all of it unless given */
export function momentOf(
  name: string,
  [first, last]: readonly [Scrape, Scrape],
  { seconds, nowSeconds, only }: { seconds: number; nowSeconds: readonly [number, number]; only?: RegExp | undefined },
): Moment {
  const series = [...first.keys()]
    .filter((key) => last.has(key) && isUsed(key) && (only?.test(key) ?? true))
    .sort()
    .map((key): [string, [number, number]] => {
      const isTime = key.includes('_timestamp_seconds{');
      const told = (from: Scrape, now: number): number => {
        const value = from.get(key) ?? 0;
        return rounded(isTime && value !== 0 ? value - now : value);
      };
      return [key, [told(first, nowSeconds[0]), told(last, nowSeconds[1])]];
    });
  return { name, seconds: rounded(seconds), series: Object.fromEntries(series) };
}

function isUsed(key: string): boolean {
  const name = key.slice(0, key.indexOf('{'));
  return USED.has(name) && (!name.endsWith('_condition') || CONDITIONS.test(key));
}

const rounded = (value: number): number => Math.round(value * 1000) / 1000;
