import { createHash } from 'node:crypto';
import type { Clock, Ids } from './service.ts';

type Headers = Readonly<Record<string, string>>;

/** A part that has arrived; sent again under its number it takes the older one's place. */
export type Part = {
  readonly number: number;
  readonly body: Uint8Array;
  /** MD5 in hex, without quotes. */
  readonly etag: string;
  readonly checksums: Headers;
  readonly lastModifiedMs: number;
};

/** An object on its way in parts. Nothing of it is an object before it is completed. */
export type Upload = {
  readonly id: string;
  readonly key: string;
  readonly startedAtMs: number;
  readonly headers: Headers;
  readonly parts: ReadonlyMap<number, Part>;
  readonly put: (number: number, body: Uint8Array, checksums: Headers) => Part;
};

/** The uploads of one bucket that are neither completed nor aborted. */
export type UploadBook = {
  readonly start: (key: string, headers: Headers) => Upload;
  readonly find: (key: string, id: string) => Upload | undefined;
  readonly end: (id: string) => void;
  /** By key, then by age. */
  readonly list: () => readonly Upload[];
};

/** None at first. */
export function createUploadBook(clock: Clock, ids: Ids): UploadBook {
  const uploads = new Map<string, Upload>();

  return {
    start: (key, headers) => {
      const parts = new Map<number, Part>();
      const upload: Upload = {
        id: ids.hex(64),
        key,
        startedAtMs: clock.now(),
        headers,
        parts,
        put: (number, body, checksums) => {
          const etag = createHash('md5').update(body).digest('hex');
          const part = { number, body, etag, checksums, lastModifiedMs: clock.now() };
          parts.set(number, part);
          return part;
        },
      };
      uploads.set(upload.id, upload);
      return upload;
    },
    find: (key, id) => {
      const upload = uploads.get(id);
      return upload?.key === key ? upload : undefined;
    },
    end: (id) => {
      uploads.delete(id);
    },
    list: () => [...uploads.values()].sort((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key))),
  };
}
