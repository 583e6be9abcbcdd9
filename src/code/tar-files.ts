import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { invalidSpec } from '../core/fault.ts';
import { unpackTar, type ParsedTarEntryWithData } from 'modern-tar';
import { checkEntryName } from './entry-names.ts';

const gunzipped = promisify(gunzip);

export type TarFile = { readonly name: string; readonly bytes: Uint8Array };

/**
 * The files of a tar, packed by gzip or not, in their order; folders are passed over.
 *
 * @param about the archive, for people
 * @throws {PipelineError} class `invalid`, when it is none, has more than `mostBytes`, or holds anything else than files
 */
export async function filesOfTar(bytes: Uint8Array, mostBytes: number, about: string): Promise<readonly TarFile[]> {
  const entries = await entriesOf(await unpacked(bytes, mostBytes, about), about);
  return entries.flatMap(({ header, data }): TarFile[] => {
    // As `tar -C folder .` writes them.
    const name = header.name.replace(/^(\.\/)+/, '').replace(/\/+$/, '');
    if (header.type === 'directory') {
      if (name !== '' && name !== '.') checkEntryName(name);
      return [];
    }
    checkEntryName(name);
    if (header.type !== 'file')
      throw invalidSpec(`${about}: ${JSON.stringify(name)} is a ${header.type}; only files and folders can be code.`);
    return [{ name, bytes: data ?? new Uint8Array() }];
  });
}

const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b;

async function unpacked(bytes: Uint8Array, mostBytes: number, about: string): Promise<Uint8Array> {
  if (!isGzip(bytes)) return bytes;
  try {
    return await gunzipped(bytes, { maxOutputLength: mostBytes });
  } catch (cause) {
    if (cause instanceof RangeError)
      throw invalidSpec(`${about} grows to more than ${mostBytes} bytes; leave out what is not needed.`, { cause });
    throw invalidSpec(`${about} is not packed by gzip as it says; push the artifact anew.`, { cause });
  }
}

async function entriesOf(bytes: Uint8Array, about: string): Promise<readonly ParsedTarEntryWithData[]> {
  try {
    return await unpackTar(bytes, { strict: true });
  } catch (cause) {
    throw invalidSpec(`${about} is no tar that can be read; push the artifact anew.`, { cause });
  }
}
