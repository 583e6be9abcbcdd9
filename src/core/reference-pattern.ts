/**
 * Whether a name or ARN is what a pattern says, all of it. `*` stands for any characters of one segment: it goes across
 * neither `:` nor `/`, so `arn:aws:iam::111122223333:role/mail/*` means the roles of that account and path alone.
 */
export function matchesPattern(pattern: string, reference: string): boolean {
  const wanted = segmentsOf(pattern);
  const given = segmentsOf(reference);
  return (
    wanted.length === given.length && wanted.every((segment, index) => matchesSegment(segment, given[index] ?? ''))
  );
}

/** The separators are kept: between the same names they may differ. */
const segmentsOf = (text: string): string[] => text.split(/([:/])/);

/** No regular expression: what is compared was written by a tenant, and may be built to make one slow. */
function matchesSegment(pattern: string, text: string): boolean {
  const [start = '', ...rest] = pattern.split('*');
  const end = rest.pop();
  if (end === undefined) return text === start;
  if (text.length < start.length + end.length || !text.startsWith(start) || !text.endsWith(end)) return false;
  const middle = text.slice(start.length, text.length - end.length);
  let from = 0;
  for (const part of rest) {
    const at = middle.indexOf(part, from);
    if (at < 0) return false;
    from = at + part.length;
  }
  return true;
}
