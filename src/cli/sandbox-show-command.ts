import { refused } from './command-failed.ts';
import { unlessInterrupted } from './interrupted.ts';
import type { CliIo, ExitCode } from './io.ts';
import { print } from './print.ts';
import { clean } from './render-problems.ts';
import { sandboxClient, type SandboxAction, type SandboxLogLine, type SandboxMail } from './sandbox-client.ts';
import { sender, type SandboxViewOptions } from './sandbox-mails-command.ts';

/** What one invocation of a function wrote. */
type Invocation = { readonly requestId: string; readonly lines: readonly SandboxLogLine[] };

/** Shows one mail: each rule with its reason, each action with its tries, each invocation with its log. */
export async function sandboxShowCommand(id: string, options: SandboxViewOptions, io: CliIo): Promise<ExitCode> {
  const client = sandboxClient(options.endpointUrl, io);
  const { mails } = await unlessInterrupted(io.signal, client.mails());
  const mail = theOne(mails, id, io);
  const requestIds = mail.rules.flatMap(({ actions }) => actions).flatMap(({ requestId }) => requestId ?? []);
  const invocations: Invocation[] = [];
  for (const requestId of requestIds) {
    const { lines } = await unlessInterrupted(io.signal, client.logs({ requestId }));
    invocations.push({ requestId, lines });
  }
  print(io, options.output, { mail, invocations }, () => renderMail(mail, invocations).map(clean));
  return 0;
}

/** By its id or the beginning of it. Ends the command when there is not exactly one. */
export function theOne(mails: readonly SandboxMail[], id: string, io: CliIo): SandboxMail {
  const found = mails.filter((mail) => mail.id.startsWith(id));
  const [only] = found;
  if (only !== undefined && found.length === 1) return only;
  throw refused(
    only === undefined
      ? `No mail has the id ${id}: ${io.program} sandbox mails lists those that are kept.`
      : `${found.length} mails have an id that begins with ${id}: write more of it.`,
    io,
  );
}

function renderMail(mail: SandboxMail, invocations: readonly Invocation[]): string[] {
  const { envelope, subject, stoppedBy, bug } = mail;
  return [
    `Mail ${mail.id}`,
    `  received  ${mail.receivedAt} from ${mail.clientAddress}, ${mail.tls ? 'over TLS' : 'without TLS'}`,
    `  from      ${sender(envelope.from)}`,
    ...envelope.recipients.map((recipient) => `  to        ${recipient}`),
    ...(subject === undefined ? [] : [`  subject   ${subject}`]),
    `  size      ${mail.sizeBytes} bytes as stored`,
    `  rule set  ${mail.ruleSet} in ${mail.region} of account ${mail.account}`,
    `  state     ${mail.state}${stoppedBy === undefined ? '' : `, ended by the ${stoppedBy}`}`,
    ...(bug === undefined ? [] : [`  bug       ${bug}`]),
    ...mail.rules.flatMap(({ name, outcome, why, actions }) => [
      `${outcome === 'matched' ? '✓' : '-'} rule ${name}: ${why}`,
      ...actions.flatMap((action) => renderAction(action, invocations)),
    ]),
  ];
}

const MARKS: Readonly<Record<string, string>> = {
  done: '✓',
  retrying: '…',
  pending: '…',
  expired: '✗',
  notReached: '-',
};

function renderAction(action: SandboxAction, invocations: readonly Invocation[]): string[] {
  const { kind, target, outcome, attempts, reply, requestId } = action;
  const log = invocations.find((invocation) => invocation.requestId === requestId)?.lines ?? [];
  return [
    `    ${MARKS[outcome] ?? '?'} ${kind} ${target}${outcome === 'done' ? '' : ` (${outcome})`}`,
    ...attempts.map(({ at, detail }) => `        ${at} ${detail}`),
    ...(reply === undefined ? [] : [`        reply: ${reply}`]),
    ...log.flatMap(({ text }) => text.split('\n').map((line) => `        | ${line}`)),
  ];
}
