import { createHash } from 'node:crypto';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { bucketOf } from 'ses-lambda-pipeline/lambda';

const s3 = new S3Client({});

/** Leaves a mark for the sender, under a hash: neither keys nor logs hold addresses. */
export async function unsubscribe({ mail, messageId }, { discovery, log, signal }) {
  const sender = createHash('sha256').update(mail.source.toLowerCase()).digest('hex');
  const Key = `unsubscribed/${sender}.json`;
  const Body = JSON.stringify({ at: mail.timestamp, messageId });
  await s3.send(new PutObjectCommand({ Bucket: bucketOf(discovery).Ref, Key, Body }), { abortSignal: signal });
  log.info('unsubscribed the sender', { key: Key });
}
