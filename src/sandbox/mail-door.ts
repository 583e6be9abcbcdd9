import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { SMTPServer, type SMTPServerAddress, type SMTPServerDataStream, type SMTPServerSession } from 'smtp-server';
import type { Ses } from './ses.ts';

export type MailDoor = {
  readonly port: number;
  readonly stop: () => Promise<void>;
};

export type MailDoorOptions = {
  readonly ses: Pick<Ses, 'acceptsRecipient' | 'receive'>;
  /** 0 takes a free one. */
  readonly port: number;
};

const HOST = '127.0.0.1';
/** SES takes up to 40 MB, headers included. */
const MAX_MAIL_BYTES = 40 * 1024 * 1024;

/**
 * Starts SMTP on loopback, without authentication, with STARTTLS under a throw-away certificate. A recipient nobody
 * receives for is refused at once (550 5.1.1); 250 after DATA means that SES has taken the mail, not that its actions
 * have run. A connection lost within DATA leaves no trace.
 */
export async function startMailDoor({ ses, port }: MailDoorOptions): Promise<MailDoor> {
  const server = new SMTPServer({
    banner: 'inbound mail of the sandbox',
    logger: false, // said outright: the built-in certificate is public, which is right for loopback only
    authOptional: true,
    disabledCommands: ['AUTH'],
    disableReverseLookup: true,
    size: MAX_MAIL_BYTES,
    onRcptTo: ({ address }, session, callback) => {
      const verdict = ses.acceptsRecipient(address, sessionOf(session));
      callback(verdict.accepted ? null : refusal(550, `5.1.1 <${address}> is not received here: ${verdict.why}`));
    },
    onData: (stream, session, callback) => {
      readAll(stream)
        .then((raw) => callback(...answer(stream, () => accept(ses, session, raw))))
        .catch((error: Error) => callback(error));
    },
  });
  server.on('error', () => undefined); // a client that breaks off is its own trouble, not the server's

  const listening = server.listen(port, HOST);
  await once(listening, 'listening').catch((error: Error) => {
    throw new Error(`SMTP port ${port} on ${HOST} cannot be opened: stop what listens there, or choose another port.`, {
      cause: error,
    });
  });
  return {
    port: (listening.address() as AddressInfo).port,
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

function accept(ses: Pick<Ses, 'receive'>, session: SMTPServerSession, raw: Buffer): readonly string[] {
  const { mailFrom, rcptTo } = session.envelope;
  const records = ses.receive({
    from: mailFrom === false ? '' : mailFrom.address,
    recipients: rcptTo.map(({ address }: SMTPServerAddress) => address),
    raw,
    ...sessionOf(session),
    clientName: session.hostNameAppearsAs || 'localhost',
  });
  return records.map(({ id }) => id);
}

function answer(stream: SMTPServerDataStream, accepted: () => readonly string[]): [Error | null, string?] {
  if (stream.sizeExceeded) return [refusal(552, `5.3.4 The message is larger than ${MAX_MAIL_BYTES} bytes`)];
  const ids = accepted();
  // The rules may have changed between RCPT and the end of DATA.
  return ids.length === 0 ? [refusal(550, '5.1.1 No rule receives it any more')] : [null, `OK ${ids.join(' ')}`];
}

function sessionOf(session: SMTPServerSession): { tls: boolean; clientAddress: string } {
  return { tls: session.secure, clientAddress: session.remoteAddress };
}

async function readAll(stream: SMTPServerDataStream): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    // What is over the limit is read, or the client would never see the answer, and thrown away.
    if (stream.sizeExceeded) chunks.length = 0;
    else chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function refusal(responseCode: number, message: string): Error {
  return Object.assign(new Error(message), { responseCode });
}
