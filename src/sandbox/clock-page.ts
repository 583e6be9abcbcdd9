import type { MovableClock } from './clock.ts';
import type { Call, Reply } from './service.ts';
import { jsonMembers, jsonReply } from './wire/rest-json.ts';

/** A year: nothing here waits longer. */
const MOST_SECONDS = 31_536_000;

/** `/_sandbox/clock`: GET tells the time of the sandbox, POST `{"advanceSeconds": 60}` puts it forward. */
export function createClockPage(clock: MovableClock): (call: Call) => Reply {
  const shown = (): Reply => jsonReply(200, { now: new Date(clock.now()).toISOString() });
  return ({ method, body }) => {
    if (method === 'GET') return shown();
    if (method !== 'POST') return jsonReply(405, { message: 'GET tells the time, POST puts it forward.' });
    const seconds = jsonMembers(body)?.['advanceSeconds'];
    if (typeof seconds !== 'number' || !(seconds > 0) || seconds > MOST_SECONDS) {
      return jsonReply(400, { message: `advanceSeconds must be a number above 0, at most ${MOST_SECONDS}.` });
    }
    clock.advance(seconds * 1000);
    return shown();
  };
}
