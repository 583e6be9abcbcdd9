import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import type { Outgoing } from './outgoing.ts';

/** Sends nothing: puts what would be sent into a bucket. */
export function createOutbox(bucket: string): Outgoing {
  const s3 = new S3Client({});
  return {
    send: async ({ id, raw }, signal) => {
      const Key = `outbox/${id}.eml`;
      await s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body: raw, ContentType: 'message/rfc822' }), {
        abortSignal: signal,
      });
      return Key;
    },
  };
}
