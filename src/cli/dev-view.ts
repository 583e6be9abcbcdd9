import { createColors } from 'picocolors';
import type { DevEvent } from './dev-events.ts';
import type { CliIo } from './io.ts';
import { clean } from './render-problems.ts';
import { sender } from './sandbox-mails-command.ts';

/** Enough of a mail's id to tell it apart and to name it to `dev replay`. */
const SHORT_ID = 8;

/** Renders a session line by line; what belongs to a mail begins with its id. */
export function createDevView({ io, folder }: { readonly io: CliIo; readonly folder: string }) {
  const paint = createColors(io.colours);
  let url = '';
  let hinted = false;

  const about = (at: string, subject: string, text: string): string => `${paint.dim(timeOf(at))}  ${subject}  ${text}`;
  const mail = (id: string): string => paint.cyan(id.slice(0, SHORT_ID));

  return (told: DevEvent): readonly string[] => {
    const event = withoutControls(told);
    switch (event.kind) {
      case 'ready':
        url = event.url;
        return [
          `Sandbox of account ${event.account}, kept in memory.`,
          `  AWS   ${event.url}`,
          `  SMTP  127.0.0.1:${event.smtpPort}`,
          `Watching ${folder}. Ctrl-C ends it.`,
        ];
      case 'live': {
        const { at, pipeline, steps, afterMs, recipients } = event;
        const what = steps.length === 0 ? 'nothing to change' : `${steps.length} changed`;
        const live = `${paint.green('✓')} live after ${(afterMs / 1000).toFixed(2)} s, ${what}`;
        const lines = [
          about(at, paint.bold(pipeline), live),
          ...(steps.length > MOST_STEPS ? [] : steps.map((step) => `              ${step}`)),
        ];
        if (hinted) return lines;
        hinted = true;
        return [...lines, `Send mail:  ${io.program} dev send --to ${exampleOf(recipients)}${endpoint(url)}`];
      }
      case 'notLive':
        return [about(event.at, paint.bold(event.pipeline), `${paint.red('✗')} ${event.message}`)];
      case 'problem': {
        const where = [event.file, event.path].filter((part) => part !== undefined).join(': ');
        return [
          about(event.at, paint.red('✗'), `${where}: ${event.message}`),
          '              What was live before goes on.',
        ];
      }
      case 'gone':
        return [about(event.at, paint.bold(event.pipeline), `${event.file} is gone: it stays in the sandbox as it is`)];
      case 'mail':
        return [
          about(
            event.at,
            mail(event.id),
            `mail from ${sender(event.from)} to ${event.recipients.join(', ')}: ${event.subject ?? '(no subject)'}`,
          ),
        ];
      case 'mailWaits':
        return [about(event.at, mail(event.id), `${paint.yellow('…')} ${event.rule}: ${event.detail}; tried again`)];
      case 'mailDone':
        return [
          ...event.actions.map(({ rule, outcome, detail }) =>
            about(
              event.at,
              mail(event.id),
              `${outcome === 'done' ? paint.green('✓') : paint.red('✗')} ${rule}: ${detail}`,
            ),
          ),
          ...(event.actions.length === 0 ? [about(event.at, mail(event.id), 'no rule had anything to do')] : []),
          ...(event.stoppedBy === undefined
            ? []
            : [about(event.at, mail(event.id), `ended by the ${event.stoppedBy}`)]),
        ];
      case 'refused':
        return [about(event.at, paint.red('✗'), `mail to ${event.recipient} is refused: ${event.why}`)];
      case 'log': {
        const { at, functionName, mailId, source, text } = event;
        const whose = mailId === undefined ? functionName : mail(mailId);
        const shade = source === 'platform' ? paint.dim : (line: string) => line;
        return text.split('\n').map((line) => about(at, whose, shade(`| ${line}`)));
      }
    }
  };
}

/** Mail and code are other people's: nothing of theirs steers the terminal. */
function withoutControls(event: DevEvent): DevEvent {
  return JSON.parse(JSON.stringify(event), (_name, value: unknown) =>
    typeof value === 'string' ? clean(value) : value,
  ) as DevEvent;
}

/** More than a person wants to read on the first start. */
const MOST_STEPS = 5;

const timeOf = (at: string): string => at.slice(11, 23);

/** An address that the first rules capture, as far as they tell. */
function exampleOf(recipients: readonly string[]): string {
  const [first = 'someone@example.com'] = recipients;
  if (first.startsWith('.')) return `someone@mail${first}`;
  return first.includes('@') ? first : `someone@${first}`;
}

const endpoint = (url: string): string => (url.endsWith(':4566') ? '' : ` --endpoint-url ${url}`);
