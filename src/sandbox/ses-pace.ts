/**
 * Whether one more call fits the pace. SES allows a call a second, counted over all its operations of one account and
 * region; a call over it is refused and does not count.
 */
export function createPace(now: () => number, callsPerSecond: () => number | undefined): (place: string) => boolean {
  const taken = new Map<string, number[]>();
  return (place) => {
    const limit = callsPerSecond();
    if (limit === undefined) return true;
    // Below one call a second (0.5) the window grows instead of the count shrinking to nothing.
    const windowMs = limit < 1 ? 1000 / limit : 1000;
    const recent = (taken.get(place) ?? []).filter((at) => at > now() - windowMs);
    const fits = recent.length < Math.max(1, Math.floor(limit));
    taken.set(place, fits ? [...recent, now()] : recent);
    return fits;
  };
}
