import type { FunctionLine, LogBook } from './lambda-logs.ts';
import type { MailDelivery } from './mail-delivery.ts';
import type { Journal } from './mail-journal.ts';
import type { Call, Reply } from './service.ts';
import { jsonReply, matchPath } from './wire/rest-json.ts';

export type InspectorDeps = {
  readonly journal: Journal;
  readonly logs: LogBook;
  readonly delivery: MailDelivery;
  /** What the mail door identifies itself with, PEM. */
  readonly certificate: () => string;
};

/**
 * The sandbox's own pages, as JSON:
 *
 * | path                      | shows                                                          |
 * |---------------------------|----------------------------------------------------------------|
 * | `/_sandbox/mails`         | all mails and refused recipients that are kept, oldest first   |
 * | `/_sandbox/mails/ID`      | one mail: rules, why, actions and their tries                  |
 * | `POST /_sandbox/mails`    | takes the body in as a mail: `?from=&to=`, more than one `to`  |
 * | `POST …/mails/ID/replay`  | takes in once more what came in as that mail                   |
 * | `/_sandbox/logs`          | what all functions wrote, in order                             |
 * | `/_sandbox/logs/FUNCTION` | what one function wrote                                        |
 * | `/_sandbox/certificate`   | the certificate of the mail door, PEM                          |
 *
 * Logs take `?requestId=` for one invocation, and `?after=` with the `next` of an earlier answer for what is new.
 */
export function createInspector({
  journal,
  logs,
  delivery,
  certificate,
}: InspectorDeps): (call: Call) => Promise<Reply> {
  const linesOf = (functionName: string): FunctionLine[] =>
    logs.lines(functionName).map((line) => ({ functionName, ...line }));

  const logPage = (lines: readonly FunctionLine[], { query }: Call): Reply => {
    const requestId = query.get('requestId');
    const after = Number(query.get('after') ?? '0');
    if (!Number.isInteger(after)) return jsonReply(400, { message: 'after must be the `next` of an earlier answer.' });
    const wanted = lines.filter((line) => line.number > after && (requestId === null || line.requestId === requestId));
    return jsonReply(200, { lines: wanted, next: lines.at(-1)?.number ?? 0 });
  };

  const answer = (call: Call): Reply => {
    const { path } = call;
    const replayed = matchPath('/_sandbox/mails/{id}/replay', path)?.['id'];
    if (call.method === 'POST' && replayed !== undefined) return delivery.replay(replayed);
    if (call.method === 'POST' && matchPath('/_sandbox/mails', path) !== undefined) return delivery.send(call);
    if (call.method !== 'GET') return jsonReply(405, { message: `Only GET reads ${path}.` });
    if (matchPath('/_sandbox/mails', path) !== undefined) {
      return jsonReply(200, { mails: journal.mails(), refusals: journal.refusals() });
    }
    const mailId = matchPath('/_sandbox/mails/{id}', path)?.['id'];
    if (mailId !== undefined) {
      const mail = journal.mail(mailId);
      return mail === undefined
        ? missing(`No mail ${mailId} was received, or it was too long ago.`)
        : jsonReply(200, mail);
    }
    if (matchPath('/_sandbox/logs', path) !== undefined) {
      const all = logs.functionNames().flatMap(linesOf);
      return logPage(
        all.sort((a, b) => a.number - b.number),
        call,
      );
    }
    const functionName = matchPath('/_sandbox/logs/{functionName}', path)?.['functionName'];
    if (functionName !== undefined) return logPage(linesOf(functionName), call);
    if (matchPath('/_sandbox/certificate', path) !== undefined) {
      return { status: 200, headers: { 'content-type': 'application/x-pem-file' }, body: certificate() };
    }
    return missing(`There is nothing at ${path}: try /_sandbox/mails, /_sandbox/mails/ID or /_sandbox/logs/FUNCTION.`);
  };
  return (call) => Promise.resolve(answer(call));
}

function missing(message: string): Reply {
  return jsonReply(404, { message });
}
