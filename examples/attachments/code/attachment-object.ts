import type { PutObjectCommandInput } from '@aws-sdk/client-s3';
import type { MailAttachment } from 'ses-lambda-pipeline/lambda';

type AttachmentObject = Omit<PutObjectCommandInput, 'Bucket'> & { readonly Key: string };

const MAX_NAME_LENGTH = 100;

/** What of an attachment goes to S3. Its name and type are a stranger's words: none of them is used unchecked. */
export function attachmentObject(messageId: string, index: number, attachment: MailAttachment): AttachmentObject {
  const { filename = 'unnamed', contentType, contentId, content } = attachment;
  const name = filename.normalize().slice(0, MAX_NAME_LENGTH).toWellFormed();
  const number = String(index + 1).padStart(2, '0'); // two attachments may have one name
  return {
    Key: `attachments/${messageId}/${number}-${name.replaceAll(/[^\p{L}\p{M}\p{N}._-]+/gu, '_')}`,
    Body: content,
    ContentType: /^[\w.+-]+\/[\w.+-]+$/.test(contentType) ? contentType : 'application/octet-stream',
    // Who downloads it gets the name that it had. https://www.rfc-editor.org/rfc/rfc6266#section-4.1
    ContentDisposition: `attachment; filename*=UTF-8''${encoded(name)}`,
    // Metadata travels as HTTP headers, which are ASCII.
    Metadata: {
      'message-id': messageId,
      filename: encoded(name),
      ...(contentId === undefined ? {} : { 'content-id': contentId.replaceAll(/[^!-~]/g, '').slice(0, 200) }),
    },
  };
}

/** https://www.rfc-editor.org/rfc/rfc8187#section-3.2 */
const encoded = (text: string): string =>
  encodeURIComponent(text).replaceAll(/['()*]/g, (character) => `%${character.charCodeAt(0).toString(16)}`);
