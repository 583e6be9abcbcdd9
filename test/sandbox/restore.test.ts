import { statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { systemClock, randomIds } from '../../src/sandbox/clock.ts';
import { createFaults } from '../../src/sandbox/faults.ts';
import { openHistoryFile, type HistoryFile } from '../../src/sandbox/history-file.ts';
import { createLogBook } from '../../src/sandbox/lambda-logs.ts';
import { JOURNAL_LIMIT, type Arrival, type MailRecord } from '../../src/sandbox/mail-journal.ts';
import { recordedContext } from '../../src/sandbox/recorded-context.ts';
import { restore } from '../../src/sandbox/restore.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

const MB = 1024 * 1024;

function recordOf(id: string, state: MailRecord['state'] = 'processing'): MailRecord {
  return {
    id,
    account: '123456789012',
    region: 'us-west-2',
    ruleSet: 'inbound',
    receivedAt: '2026-01-01T00:00:00.000Z',
    envelope: { from: 'a@x.test', recipients: ['b@y.test'] },
    clientAddress: '127.0.0.1',
    tls: false,
    sizeBytes: 1,
    state,
    rules: [],
  };
}

const arrival: Omit<Arrival, 'raw'> = {
  home: { partition: 'aws', account: '123456789012', region: 'us-west-2' },
  ruleSet: { name: 'inbound', createdAtMs: 0, rules: [] },
  from: 'a@x.test',
  recipients: ['b@y.test'],
  tls: false,
  receivedAtMs: 0,
};

function openHistory(): { readonly path: string; readonly history: HistoryFile } {
  const path = join(temporaryFolder(), 'history');
  const history = openHistoryFile(path);
  onTestFinished(() => history.close());
  return { path, history };
}

/** No service has anything to make again here. */
async function restored(history: HistoryFile) {
  const clock = systemClock();
  const context = { account: '123456789012', partition: 'aws', clock, ids: randomIds(), faults: createFaults(clock) };
  const s3 = { bucketExists: () => false, putAs: () => ({ ok: true }) as const };
  const logs = createLogBook();
  const told = await restore(history, { services: [], s3, logs, recorder: recordedContext(context) });
  return { ...told, lines: logs.all() };
}

function receive(history: HistoryFile, id: string, state: MailRecord['state'], bytes = Buffer.from(id)): void {
  history.append({ kind: 'mail', record: recordOf(id), arrival }, bytes);
  if (state !== 'processing') history.note({ kind: 'mailChanged', record: recordOf(id, state) });
}

describe('what a history tells', () => {
  test('are mails as they stood last, and with their bytes those that were not over', async () => {
    const { history } = openHistory();
    receive(history, 'over', 'done');
    receive(history, 'waiting', 'waitingForRetry');
    receive(history, 'begun', 'processing');

    const { records, openMails } = await restored(history);

    expect(records.map(({ id, state }) => [id, state])).toEqual([
      ['over', 'done'],
      ['waiting', 'waitingForRetry'],
      ['begun', 'processing'],
    ]);
    expect(openMails.map(({ record, arrival: { raw } }) => [record.id, Buffer.from(raw).toString()])).toEqual([
      ['waiting', 'waiting'],
      ['begun', 'begun'],
    ]);
    // What goes on with a mail writes on the record that the journal shows.
    expect(records[1]).toBe(openMails[0]?.record);
  });

  test('are events that were not over', async () => {
    const { history } = openHistory();
    for (const requestId of ['first', 'second']) {
      history.append({ kind: 'event', event: { functionArn: 'arn', requestId, payload: '{}', queuedAtMs: 0 } });
    }
    history.note({ kind: 'eventDone', requestId: 'first' });
    expect((await restored(history)).openEvents.map(({ requestId }) => requestId)).toEqual(['second']);
  });

  test('are the newest mails, and old ones only while they are not over', async () => {
    const { history } = openHistory();
    receive(history, 'patient', 'waitingForRetry');
    for (let mail = 0; mail < 3 * JOURNAL_LIMIT; mail += 1) receive(history, `mail-${mail}`, 'done');

    const { records, openMails } = await restored(history);

    expect(openMails.map(({ record }) => record.id)).toEqual(['patient']);
    expect(records.length).toBeLessThanOrEqual(JOURNAL_LIMIT + 1);
    expect(records.at(-1)?.id).toBe(`mail-${3 * JOURNAL_LIMIT - 1}`);
  });

  test('is written anew without the bytes of mails that are over, once it is worth it', async () => {
    const { path, history } = openHistory();
    receive(history, 'over', 'done', Buffer.alloc(20 * MB));
    receive(history, 'waiting', 'waitingForRetry');
    history.note({ kind: 'logLine', functionName: 'f', line: { at: '2026-01-01', source: 'stdout', text: 'words' } });
    const before = await restored(history);

    expect(statSync(path).size).toBeLessThan(MB);
    expect(await restored(history)).toEqual(before);
  });
});
