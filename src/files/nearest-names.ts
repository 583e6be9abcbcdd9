import { distance } from 'fastest-levenshtein';

/** Those of some names that a person who wrote `name` may have meant, the likeliest first; none, when none is near. */
export function nearestNames(name: string, known: readonly string[]): readonly string[] {
  return known
    .map((each) => ({ each, mistakes: mistakesBetween(each.toLowerCase(), name.toLowerCase()) }))
    .filter(({ mistakes }) => mistakes <= Math.max(1, Math.floor(name.length / 3)))
    .sort((a, b) => a.mistakes - b.mistakes)
    .map(({ each }) => each);
}

/** Edits between two names; one when the shorter begins the longer (`memory`, `memorySize`). */
function mistakesBetween(known: string, name: string): number {
  const [shorter, longer] = known.length < name.length ? [known, name] : [name, known];
  const edits = distance(known, name);
  return shorter.length >= 3 && longer.startsWith(shorter) ? Math.min(edits, 1) : edits;
}
