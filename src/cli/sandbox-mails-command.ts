import { unlessInterrupted } from './interrupted.ts';
import type { CliIo, ExitCode } from './io.ts';
import type { OutputFormat } from './options.ts';
import { print } from './print.ts';
import { clean } from './render-problems.ts';
import { sandboxClient, type SandboxMail, type SandboxRefusal } from './sandbox-client.ts';
import { renderTable } from './table.ts';

export type SandboxViewOptions = { readonly endpointUrl: string; readonly output: OutputFormat };

/** Lists what came in through the sandbox's mail door, and what was turned away there. */
export async function sandboxMailsCommand(options: SandboxViewOptions, io: CliIo): Promise<ExitCode> {
  const { mails, refusals } = await unlessInterrupted(io.signal, sandboxClient(options.endpointUrl, io).mails());
  print(io, options.output, { mails, refusals }, () => renderMails(mails, refusals));
  return 0;
}

function renderMails(mails: readonly SandboxMail[], refusals: readonly SandboxRefusal[]): string[] {
  if (mails.length + refusals.length === 0) return ['No mail has come in yet.'];
  const rows = [
    ...mails.map((mail) => ({
      at: mail.receivedAt,
      cells: [
        mail.id,
        mail.account,
        mail.region,
        sender(mail.envelope.from),
        mail.envelope.recipients.join(' '),
        mail.subject ?? '',
        stateOf(mail),
      ],
    })),
    ...refusals.map(({ at, from, recipient, why }) => ({
      at,
      cells: ['-', '-', '-', sender(from), recipient, '', `refused: ${why}`],
    })),
  ].sort((a, b) => (a.at < b.at ? -1 : 1));
  return renderTable([
    ['RECEIVED', 'ID', 'ACCOUNT', 'REGION', 'FROM', 'TO', 'SUBJECT', 'STATE'],
    ...rows.map(({ at, cells }) => [at, ...cells.map(clean)]),
  ]);
}

/** In one word or two: what somebody who looks for a lost mail wants to see first. */
function stateOf(mail: SandboxMail): string {
  if (mail.bug !== undefined) return 'failed: a bug of the sandbox';
  if (mail.state !== 'done') return mail.state === 'waitingForRetry' ? 'waiting for a retry' : 'in work';
  const actions = mail.rules.flatMap((rule) => rule.actions);
  if (actions.some(({ outcome }) => outcome === 'expired')) return 'done, an action given up';
  return mail.rules.some(({ outcome }) => outcome === 'matched') ? 'done' : 'done, no rule matched';
}

/** A bounce has none. */
export const sender = (from: string): string => (from === '' ? '<>' : from);
