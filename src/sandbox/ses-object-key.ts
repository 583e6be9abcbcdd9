/** What SES stores when a rule with an S3 action is set up, to see that it may write. It is no mail. */
export const SETUP_NOTIFICATION = 'AMAZON_SES_SETUP_NOTIFICATION';

/**
 * The key of a stored mail. SES puts one slash between prefix and message id: `inbound` and `inbound/` both give
 * `inbound/<id>`. https://docs.aws.amazon.com/ses/latest/dg/receiving-email-action-s3.html
 */
export function objectKey(prefix: string | undefined, messageId: string): string {
  if (prefix === undefined || prefix === '') return messageId;
  return prefix.endsWith('/') ? `${prefix}${messageId}` : `${prefix}/${messageId}`;
}
