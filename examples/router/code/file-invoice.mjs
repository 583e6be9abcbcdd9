import { CopyObjectCommand, S3Client } from '@aws-sdk/client-s3';

const s3 = new S3Client({});

/** Files the mail, as it came, under the month in which it came. */
export async function fileInvoice(message, { log, signal }) {
  const { bucket, key } = await message.head();
  const month = message.mail.timestamp.slice(0, 7);
  const filed = `invoices/${month}/${message.messageId}.eml`;
  await s3.send(new CopyObjectCommand({ Bucket: bucket, CopySource: `${bucket}/${key}`, Key: filed }), {
    abortSignal: signal,
  });
  log.info('filed an invoice', { key: filed });
}
