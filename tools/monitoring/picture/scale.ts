import type { Panel } from '../panels.ts';

const NICE = [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10];

/** The least round number that holds all values. */
export function roundedUp(value: number, unit: Panel['unit']): number {
  if (!(value > 0)) return unit === undefined ? 1 : 0.1;
  const base = unit === 'bytes' ? 2 ** (10 * Math.floor(Math.log2(value) / 10)) : 1;
  const power = base * 10 ** Math.floor(Math.log10(value / base));
  return power * (NICE.find((each) => each * power >= value * 0.999) ?? 10);
}

/** A value as people read it beside an axis: `250 ms`, `1.5/s`, `50 %`. */
export function shown(value: number, unit: Panel['unit']): string {
  if (value === 0) return '0';
  switch (unit) {
    case 's':
      return value < 1 ? `${short(value * 1000)} ms` : `${short(value)} s`;
    case 'ops':
    case 'reqps':
      return `${short(value)}/s`;
    case 'percentunit':
      return `${short(value * 100)} %`;
    case 'bytes':
      return `${short(value / 2 ** 20)} MiB`;
    case undefined:
      return short(value);
  }
}

const short = (value: number): string => String(Number(value.toPrecision(3)));

/** `2:05` */
export const clock = (seconds: number): string =>
  `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, '0')}`;
