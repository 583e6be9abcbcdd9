import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { SMTPServerAddress, SMTPServerDataStream, SMTPServerSession } from 'smtp-server';
import { createMailBody, type MailBody } from './mail-body.ts';
import { selfSignedCertificate } from './mail-certificate.ts';
import { admit } from './mail-delivery.ts';
import { smtpServer } from './wire/packages.ts';
import { portRefusal } from './port-holder.ts';
import type { Clock } from './service.ts';
import type { Ses } from './ses.ts';

export type MailDoor = {
  readonly port: number;
  /** For clients that want to verify the connection; another at every start. PEM. */
  readonly certificate: string;
  readonly stop: () => Promise<void>;
};

export type MailDoorOptions = {
  readonly ses: Pick<Ses, 'acceptsRecipient' | 'receive' | 'journal'>;
  readonly clock: Clock;
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** A client that says nothing for so long is sent away; default a minute. */
  readonly silenceLimitMs?: number;
};

/** SES takes up to 40 MB, headers included. https://docs.aws.amazon.com/ses/latest/dg/quotas.html */
const MAX_MAIL_BYTES = 40 * 1024 * 1024;
/** Beyond it a client is told to come back later (421). */
const MAX_CONNECTIONS = 1000;
/** What an open connection has left when the sandbox stops. */
const FAREWELL_MS = 100;

/**
 * Starts SMTP without authentication, with STARTTLS. A recipient nobody receives for is refused at once, and the refusal
 * says why; 250 after DATA means that SES has taken the mail, not that its actions have run. A connection lost within
 * DATA leaves no trace.
 */
export async function startMailDoor(options: MailDoorOptions): Promise<MailDoor> {
  const { ses, clock, host, port } = options;
  const { certificate, key } = selfSignedCertificate(Date.now());
  const { SMTPServer } = smtpServer();
  const server = new SMTPServer({
    banner: 'inbound mail of the sandbox',
    cert: certificate,
    key,
    ca: certificate, // without one Node loads all its root certificates: 25 ms, and clients are not verified anyway
    logger: false,
    authOptional: true,
    disabledCommands: ['AUTH'],
    disableReverseLookup: true,
    size: MAX_MAIL_BYTES,
    maxClients: MAX_CONNECTIONS,
    socketTimeout: options.silenceLimitMs ?? 60_000,
    closeTimeout: FAREWELL_MS,
    onRcptTo: ({ address }, session, callback) => {
      const verdict = admit(ses, clock, { from: senderOf(session), ...sessionOf(session) }, address);
      if (verdict.accepted) return callback(null);
      callback(refusal(550, `${verdict.status} ${REFUSED[verdict.status]} (${verdict.why})`));
    },
    onData: (stream, session, callback) => {
      receive(ses, session, stream).then(
        (ids) => callback(null, `OK ${ids.join(' ')}`),
        (error: Error) => callback(error),
      );
    },
  });
  server.on('error', () => undefined); // a client that breaks off is its own trouble, not the server's

  const listening = server.listen(port, host);
  await once(listening, 'listening').catch(async (error: Error) => {
    throw await portRefusal('SMTP port', host, port, error);
  });
  return {
    port: (listening.address() as AddressInfo).port,
    certificate,
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

const REFUSED = {
  '5.1.1': 'Requested action not taken: mailbox unavailable',
  '5.7.1': 'Client host rejected',
  '5.7.10': 'Encryption needed',
} as const;

/** Reads the mail and hands it to SES. Returns the message ids; rejects with what the client is told. */
async function receive(
  ses: MailDoorOptions['ses'],
  session: SMTPServerSession,
  stream: SMTPServerDataStream,
): Promise<readonly string[]> {
  const body = createMailBody(MAX_MAIL_BYTES);
  await read(stream, body).catch((error: unknown) => {
    body.discard();
    throw error;
  });
  if (stream.sizeExceeded) throw refusal(552, `5.3.4 The message is larger than ${MAX_MAIL_BYTES} bytes`);
  const records = taken(ses, session, body.complete());
  // The rules may have changed between RCPT and the end of DATA.
  if (records.length === 0) throw refusal(550, '5.1.1 No rule receives it any more');
  return records.map(({ id }) => id);
}

function taken(ses: MailDoorOptions['ses'], session: SMTPServerSession, raw: Uint8Array): ReturnType<Ses['receive']> {
  try {
    return ses.receive({
      from: senderOf(session),
      recipients: session.envelope.rcptTo.map(({ address }: SMTPServerAddress) => address),
      raw,
      ...sessionOf(session),
      clientName: session.hostNameAppearsAs || 'localhost',
    });
  } catch (error) {
    throw refusal(451, `4.3.0 ${error instanceof Error ? error.message : String(error)}`);
  }
}

async function read(stream: SMTPServerDataStream, body: MailBody): Promise<void> {
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    // What is over the limit is read, or the client would never see the answer, and thrown away.
    if (stream.sizeExceeded) body.discard();
    else body.add(chunk);
  }
}

function senderOf({ envelope: { mailFrom } }: SMTPServerSession): string {
  return mailFrom === false ? '' : mailFrom.address;
}

function sessionOf(session: SMTPServerSession): { tls: boolean; clientAddress: string } {
  return { tls: session.secure, clientAddress: session.remoteAddress };
}

function refusal(responseCode: number, message: string): Error {
  return Object.assign(new Error(message.replaceAll(/[\r\n]+/g, ' ')), { responseCode });
}
