import { buffer } from 'node:stream/consumers';
import { discover, MessageBodyError, sesHandler } from 'ses-lambda-pipeline/lambda';
import { forwardedMail } from './forwarded-mail.ts';
import { outgoingOf } from './outgoing.ts';

/** What SendRawEmail takes. https://docs.aws.amazon.com/ses/latest/dg/quotas.html */
const MAX_BYTES = 10 * 1024 * 1024;

const { FORWARD_FROM: from = '', FORWARD_TO: to = '', OUTGOING = '' } = process.env;
const outgoing = outgoingOf(OUTGOING, discover());

/** Rewrites each mail and hands it over to what sends it. */
export const handler = sesHandler({
  onMessage: async (message, { log, signal }) => {
    const raw = await buffer(await message.body({ maxBytes: MAX_BYTES }));
    const mail = forwardedMail(raw, from);
    if (mail.kind === 'loop') return log.warn('this mail was forwarded from here before; it goes no further');
    const sent = await outgoing.send({ id: message.messageId, from, to, raw: mail.raw }, signal);
    log.info('forwarded', { as: sent });
  },
  // It lies in the bucket, and will not get smaller.
  onError: async (error) => (error instanceof MessageBodyError && error.kind === 'tooLarge' ? 'DROP' : 'RETRY'),
});
