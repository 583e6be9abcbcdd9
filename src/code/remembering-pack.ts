import { createHash } from 'node:crypto';
import { packCode, type PackOptions, type ZipCode } from './pack-code.ts';

const LIMIT_BYTES = 64 * 1024 * 1024;

/**
 * {@link packCode} for those who look at the same files again and again: what was packed lately is not packed anew,
 * which for a program of some megabytes takes a second.
 */
export function rememberingPack(limitBytes = LIMIT_BYTES): typeof packCode {
  const packed = new Map<string, ZipCode>();
  let keptBytes = 0;
  return (files, options) => {
    const key = digestOf(files, options);
    const known = packed.get(key);
    if (known !== undefined) return known;
    const code = packCode(files, options);
    packed.set(key, code);
    keptBytes += code.bytes.length;
    for (const [oldest, { bytes }] of packed) {
      if (keptBytes <= limitBytes) break;
      packed.delete(oldest);
      keptBytes -= bytes.length;
    }
    return code;
  };
}

/** Lengths stand before contents, so that no two sets of files read the same. */
function digestOf(files: ReadonlyMap<string, Uint8Array>, { runtime }: PackOptions): string {
  const digest = createHash('sha256').update(JSON.stringify(runtime));
  for (const [name, bytes] of files) digest.update(JSON.stringify([name, bytes.length])).update(bytes);
  return digest.digest('hex');
}
