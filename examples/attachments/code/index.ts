import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { sesHandler } from 'ses-lambda-pipeline/lambda';
import { attachmentObject } from './attachment-object.ts';

const s3 = new S3Client({});

/** Puts each attachment of a mail into an object of its own. A second try writes the same objects again. */
export const handler = sesHandler({
  onMessage: async (message, { log, signal }) => {
    const { bucket } = await message.head();
    const { attachments } = await message.parse();
    for (const [index, attachment] of attachments.entries()) {
      const object = attachmentObject(message.messageId, index, attachment);
      await s3.send(new PutObjectCommand({ Bucket: bucket, ...object }), { abortSignal: signal });
      log.info('stored an attachment', { key: object.Key, sizeBytes: attachment.content.byteLength });
    }
    if (attachments.length === 0) log.info('nothing is attached');
  },
});
