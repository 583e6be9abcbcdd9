import type { Readable } from 'node:stream';

/** What S3 knows about the raw message. */
export type MessageHead = {
  readonly bucket: string;
  readonly key: string;
  readonly sizeBytes: number;
  /** User-defined metadata of the object. */
  readonly metadata: Readonly<Record<string, string>>;
};

export type OpenBody = { readonly head: MessageHead; readonly stream: Readable };

/** The raw message, wherever it lies. @throws {MessageBodyError} kind `missing` */
export type StoredBody = {
  readonly head: () => Promise<MessageHead>;
  readonly open: () => Promise<OpenBody>;
};
