import { withoutTrace, type IncomingMail } from './mail-message.ts';
import type { Call, Clock, Reply } from './service.ts';
import type { Admission } from './ses-admission.ts';
import type { Ses } from './ses.ts';
import { jsonReply } from './wire/rest-json.ts';

/** Mail that comes in over HTTP, for people at their desk: the same mail as over SMTP, judged the same. */
export type MailDelivery = {
  /** Takes the body in. `?from=` and `?to=` are the envelope, `?tls=true` says that it came over TLS. */
  readonly send: (call: Pick<Call, 'query' | 'body'>) => Reply;
  /** Takes in once more what came in as this mail, to be judged by the rules as they are now. */
  readonly replay: (id: string) => Reply;
};

type Door = Pick<Ses, 'acceptsRecipient' | 'receive' | 'journal'>;
type Session = { readonly tls: boolean; readonly clientAddress: string };

const MAX_MAIL_BYTES = 40 * 1024 * 1024;
const HERE = '127.0.0.1';

export function createDelivery(ses: Door, clock: Clock): MailDelivery {
  const deliver = (mail: IncomingMail): Reply => {
    const judged = mail.recipients.map((recipient) => ({ recipient, verdict: admit(ses, clock, mail, recipient) }));
    const recipients = judged.flatMap(({ recipient, verdict }) => (verdict.accepted ? [recipient] : []));
    const refused = judged.flatMap(({ recipient, verdict }) =>
      verdict.accepted ? [] : [{ recipient, why: verdict.why }],
    );
    const records = recipients.length === 0 ? [] : ses.receive({ ...mail, recipients });
    const mails = records.map(({ id, account, region }) => ({ id, account, region }));
    return jsonReply(200, { mails, refused });
  };
  return {
    send: ({ query, body }) => {
      const recipients = query.getAll('to');
      if (recipients.length === 0) return jsonReply(400, { message: 'Say who the mail is for: ?to=ADDRESS.' });
      if (body.length > MAX_MAIL_BYTES) {
        return jsonReply(413, { message: `The message is larger than ${MAX_MAIL_BYTES} bytes, the most SES takes.` });
      }
      const from = query.get('from') ?? '';
      const tls = query.get('tls') === 'true';
      return deliver({ from, recipients, raw: body, tls, clientAddress: HERE, clientName: 'localhost' });
    },
    replay: (id) => {
      const record = ses.journal.mail(id);
      if (record === undefined) {
        return jsonReply(404, { message: `No mail ${id} was received, or it was too long ago.` });
      }
      const message = ses.journal.message(id);
      if (message === undefined) {
        return jsonReply(410, { message: `The message of mail ${id} is not kept any more: send the file again.` });
      }
      const { envelope, tls, clientAddress } = record;
      return deliver({ ...envelope, raw: withoutTrace(message), tls, clientAddress, clientName: 'localhost' });
    },
  };
}

/** Asks whether a recipient is received for, and writes down who is not. */
export function admit(
  ses: Pick<Door, 'acceptsRecipient' | 'journal'>,
  clock: Clock,
  { from, tls, clientAddress }: Session & { readonly from: string },
  recipient: string,
): Admission {
  const verdict = ses.acceptsRecipient(recipient, { tls, clientAddress });
  if (!verdict.accepted) {
    const at = new Date(clock.now()).toISOString();
    ses.journal.refuse({ at, from, recipient, clientAddress, tls, why: verdict.why });
  }
  return verdict;
}
