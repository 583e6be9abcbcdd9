import { SendRawEmailCommand, SESClient } from '@aws-sdk/client-ses';
import type { Outgoing } from './outgoing.ts';

/** Sends through SES. In the SES sandbox of an account the recipient has to be verified too. */
export function createSesOutgoing(): Outgoing {
  const ses = new SESClient({});
  return {
    send: async ({ from, to, raw }, signal) => {
      const command = new SendRawEmailCommand({ Source: from, Destinations: [to], RawMessage: { Data: raw } });
      return (await ses.send(command, { abortSignal: signal })).MessageId ?? '';
    },
  };
}
