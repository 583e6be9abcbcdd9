const MEANINGS: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  ENOTDIR: 'does not exist',
  EACCES: 'may not be read: permission denied',
  EPERM: 'may not be read: permission denied',
  EISDIR: 'is a folder',
  ELOOP: 'is a symbolic link that leads nowhere',
  ENAMETOOLONG: 'has a name that is too long',
};

/** What a failed read means, as the end of a sentence that begins with the file's name. */
export function fsMessage(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : undefined;
  if (code === undefined) return 'cannot be read';
  return MEANINGS[code] ?? `cannot be read (${code})`;
}
