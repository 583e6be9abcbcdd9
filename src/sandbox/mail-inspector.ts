import type { LogBook } from './lambda-logs.ts';
import type { Journal } from './mail-journal.ts';
import type { Call, Reply } from './service.ts';
import { jsonReply, matchPath } from './wire/rest-json.ts';

/**
 * The sandbox's own pages, as JSON: `/_sandbox/mails`, `/_sandbox/mails/ID` and `/_sandbox/logs/FUNCTION`
 * (`?requestId=` narrows it to one invocation).
 */
export function createInspector(journal: Journal, logs: LogBook): (call: Call) => Promise<Reply> {
  const answer = ({ path, query }: Call): Reply => {
    if (matchPath('/_sandbox/mails', path) !== undefined) return jsonReply(200, { mails: journal.mails() });

    const mailId = matchPath('/_sandbox/mails/{id}', path)?.['id'];
    if (mailId !== undefined) {
      const mail = journal.mail(mailId);
      return mail === undefined ? missing(`No mail ${mailId} was received.`) : jsonReply(200, mail);
    }

    const functionName = matchPath('/_sandbox/logs/{functionName}', path)?.['functionName'];
    if (functionName !== undefined) {
      const requestId = query.get('requestId');
      const lines = logs.lines(functionName).filter((line) => requestId === null || line.requestId === requestId);
      return jsonReply(200, { functionName, lines });
    }
    return missing(`There is nothing at ${path}: try /_sandbox/mails, /_sandbox/mails/ID or /_sandbox/logs/FUNCTION.`);
  };
  return (call) => Promise.resolve(answer(call));
}

function missing(message: string): Reply {
  return jsonReply(404, { message });
}
