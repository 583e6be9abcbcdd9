/**
 * Whether `version` is surely older than `other`. Versions of one kind can be compared as whole numbers; what is not a
 * number is never called older.
 * @see https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions
 */
export function isOlder(version: string | undefined, other: string | undefined): boolean {
  if (version === undefined || other === undefined) return false;
  if (!NUMBER.test(version) || !NUMBER.test(other)) return false;
  return version.length === other.length ? version < other : version.length < other.length;
}

const NUMBER = /^(?:0|[1-9]\d*)$/;
