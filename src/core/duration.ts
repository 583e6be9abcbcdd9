const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** What Go reads as a duration as well, without its fractions, signs and smaller units. @see https://pkg.go.dev/time#ParseDuration */
export const DURATION = /^(\d{1,9}(ms|s|m|h))+$/;

/** Milliseconds of `30s`, `10m`, `1h30m` or `500ms`; undefined for anything else, a number without a unit too. */
export function parseDurationMs(text: string): number | undefined {
  if (text.length > 40 || !DURATION.test(text)) return undefined;
  const parts = text.matchAll(/(\d+)(ms|s|m|h)/g);
  return [...parts].reduce((sum, [, amount, unit = '']) => sum + Number(amount) * (UNITS_MS[unit] ?? 0), 0);
}
