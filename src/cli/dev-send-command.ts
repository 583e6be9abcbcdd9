import { readFile } from 'node:fs/promises';
import { fsMessage } from '../files/fs-message.ts';
import { refused } from './command-failed.ts';
import { unlessInterrupted } from './interrupted.ts';
import type { CliIo, ExitCode } from './io.ts';
import { print } from './print.ts';
import { clean } from './render-problems.ts';
import { sandboxClient, type SandboxDelivery } from './sandbox-client.ts';
import type { SandboxViewOptions } from './sandbox-mails-command.ts';
import { theOne } from './sandbox-show-command.ts';

export type DevSendOptions = SandboxViewOptions & {
  readonly to: readonly string[];
  readonly from: string;
  readonly tls: boolean;
};

/** Sends a file, or a mail that is made up, to a running sandbox. Exit code 1 when a recipient is refused. */
export async function devSendCommand(file: string | undefined, options: DevSendOptions, io: CliIo): Promise<ExitCode> {
  const { to, from, tls } = options;
  const message = file === undefined ? madeUp(options, io) : withNetworkLines(await read(file, io));
  const client = sandboxClient(options.endpointUrl, io);
  return report(await unlessInterrupted(io.signal, client.send({ from, to, tls, message })), options, io);
}

/** Sends once more what a running sandbox had taken in. */
export async function devReplayCommand(id: string, options: SandboxViewOptions, io: CliIo): Promise<ExitCode> {
  const client = sandboxClient(options.endpointUrl, io);
  const { mails } = await unlessInterrupted(io.signal, client.mails());
  const mail = theOne(mails, id, io);
  return report(await unlessInterrupted(io.signal, client.replay(mail.id)), options, io);
}

function report(delivery: SandboxDelivery, options: SandboxViewOptions, io: CliIo): ExitCode {
  const { mails, refused } = delivery;
  for (const { recipient, why } of refused) io.err(clean(`Refused: ${recipient}: ${why}`));
  print(io, options.output, delivery, () =>
    mails.map(({ id, account, region }) => `Taken in as ${id}, in ${region} of account ${account}.`),
  );
  return refused.length === 0 && mails.length > 0 ? 0 : 1;
}

async function read(file: string, io: CliIo): Promise<Uint8Array> {
  if (file === '-') return Buffer.from(await unlessInterrupted(io.signal, io.readStdin()));
  return readFile(file).catch((error: unknown) => {
    throw refused(`The message cannot be read: ${file} ${fsMessage(error)}`, io);
  });
}

/** Mail travels with CRLF; editors and git leave LF. */
function withNetworkLines(message: Uint8Array): Uint8Array {
  const text = Buffer.from(message).toString('latin1');
  return Buffer.from(text.replaceAll(/\r?\n/g, '\r\n'), 'latin1');
}

function madeUp({ from, to }: DevSendOptions, io: CliIo): Uint8Array {
  const lines = [
    `From: ${from}`,
    `To: ${to.join(', ')}`,
    'Subject: Hello',
    `Date: ${new Date(io.clock.now()).toUTCString().replace('GMT', '+0000')}`,
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=utf-8',
    '',
    'Does it arrive?',
    '',
  ];
  return Buffer.from(lines.join('\r\n'));
}
