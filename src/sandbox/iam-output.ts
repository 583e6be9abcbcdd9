/** How IAM writes tags and documents. */

export function tagList(tags: ReadonlyMap<string, string>): readonly { Key: string; Value: string }[] {
  return [...tags].map(([Key, Value]) => ({ Key, Value }));
}

/** RFC 3986: stricter than `encodeURIComponent`, and what IAM answers documents in. */
export function urlEncode(document: string): string {
  return encodeURIComponent(document).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
