import { Readable } from 'node:stream';
import type { SesRecord } from './ses-event.ts';
import type { StoredBody } from './stored-body.ts';

/** The same symbol in the ES module and the CommonJS module, both of which may be loaded in one process. */
const RAW = Symbol.for('ses-lambda-pipeline/raw-message');

/** Lets the body of a record be read without S3. What the record says, and its JSON, stay the same. */
export function withRawMessage(record: SesRecord, raw: Uint8Array): SesRecord {
  return Object.defineProperty(record, RAW, { value: raw, enumerable: false });
}

/** The body of a record of `testEvent`; undefined for one that came from SES. */
export function testBody(record: SesRecord): StoredBody | undefined {
  const raw: unknown = Reflect.get(record, RAW);
  if (!(raw instanceof Uint8Array)) return undefined;
  const { messageId } = record.ses.mail;
  const head = { bucket: 'test-event', key: messageId, sizeBytes: raw.byteLength, metadata: {} };
  return {
    head: () => Promise.resolve(head),
    open: () => Promise.resolve({ head, stream: Readable.from([Buffer.from(raw)]) }),
  };
}
