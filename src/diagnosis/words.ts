/** How long, as people say it: two figures are enough. */
export function duration(ms: number): string {
  const seconds = Math.round(Math.abs(ms) / 1_000);
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 120) return `${minutes} min`;
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.round(hours / 24)} days`;
}

/** `a, b and 3 more`. */
export function someOf(names: readonly string[], most: number): string {
  const told = names.slice(0, most).join(', ');
  return names.length > most ? `${told} and ${names.length - most} more` : told;
}

export const counted = (count: number, singular: string, plural = `${singular}s`): string =>
  `${count} ${count === 1 ? singular : plural}`;

const UNITS = ['B', 'KB', 'MB', 'GB', 'TB'] as const;

/** How much, as people say it: `75 GB`, `1.5 MB`. */
export function bytes(count: number): string {
  const power = count < 1 ? 0 : Math.min(Math.floor(Math.log2(count) / 10), UNITS.length - 1);
  return `${Number((count / 1024 ** power).toPrecision(3))} ${UNITS[power]}`;
}
