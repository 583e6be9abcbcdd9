import { invalidSpec } from '../core/fault.ts';

/**
 * Refuses a name that could leave the function's folder, or that means different files on different systems.
 * Names that differ only in case are let through: the file system of Lambda tells them apart, and packages use it.
 *
 * @throws {PipelineError}
 */
export function checkEntryNames(names: Iterable<string>): void {
  const files = new Set<string>();
  for (const name of names) {
    checkEntryName(name);
    if (files.has(name)) throw invalidSpec(`The file ${JSON.stringify(name)} is there twice; keep one of them.`);
    files.add(name);
  }
  for (const name of files)
    for (const folder of foldersOf(name))
      if (files.has(folder))
        throw invalidSpec(
          `${JSON.stringify(folder)} is a file and the folder of ${JSON.stringify(name)}; rename one of them.`,
        );
}

/** Refuses one name, of a file or a folder. @throws {PipelineError} */
export function checkEntryName(name: string): void {
  const fault = faultOfName(name);
  if (fault !== undefined) throw invalidSpec(`The file name ${JSON.stringify(name)} cannot be packed: ${fault}.`);
}

function faultOfName(name: string): string | undefined {
  if (name === '') return 'it is empty';
  if (name.includes('\0')) return 'it holds a NUL character';
  if (name.includes('\\')) return 'it holds a backslash, and folders are separated by /';
  if (name.startsWith('/') || /^[A-Za-z]:/.test(name)) return 'it is absolute, and must be relative to the code';
  const parts = name.split('/');
  if (parts.includes('..')) return 'it holds "..", which would leave the folder of the function';
  if (parts.includes('') || parts.includes('.')) return 'each part between slashes must be a name';
  if (name === '__proto__') return 'it is not the name of a file that code can use';
  if (Buffer.byteLength(name) > 1024) return 'it is longer than 1024 bytes';
  return undefined;
}

function foldersOf(name: string): string[] {
  const parts = name.split('/');
  return parts.slice(1).map((_part, index) => parts.slice(0, index + 1).join('/'));
}
