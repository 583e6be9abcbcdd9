import { existsSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openHistoryFile, type HistoryFile } from '../../src/sandbox/history-file.ts';
import type { HistoryEntry } from '../../src/sandbox/history.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

const entry = (requestId: string): HistoryEntry => ({ kind: 'eventDone', requestId });

function opened(path: string): HistoryFile {
  const history = openHistoryFile(path);
  onTestFinished(() => {
    try {
      history.close();
    } catch {
      // The test has closed it.
    }
  });
  return history;
}

const read = (history: HistoryFile) => [...history.entries()].map((each) => [each.entry, each.bytes().toString()]);

describe('a history file', () => {
  test('gives back what was written, in order, with its bytes', () => {
    const path = join(temporaryFolder(), 'history');
    const history = opened(path);
    history.append(entry('first'));
    history.append(entry('second'), Buffer.from('body'));
    history.close();

    expect(read(opened(path))).toEqual([
      [entry('first'), ''],
      [entry('second'), 'body'],
    ]);
  });

  test('holds whole entries only, wherever its writer was killed', () => {
    const path = join(temporaryFolder(), 'history');
    const ends: number[] = [];
    const writer = opened(path);
    for (const name of ['first', 'second', 'third']) {
      writer.append(entry(name), Buffer.from(`body of ${name}`));
      ends.push(statSync(path).size);
    }
    writer.close();
    const whole = readFileSync(path);

    for (let size = 0; size <= whole.length; size += 1) {
      writeFileSync(path, whole.subarray(0, size));
      const history = openHistoryFile(path);
      const names = ['first', 'second', 'third'].filter((_, index) => (ends[index] ?? Infinity) <= size);
      const wanted = names.map((name) => [entry(name), `body of ${name}`]);
      expect({ size, read: read(history) }).toEqual({ size, read: wanted });
      expect(history.droppedBytes).toBe(size - (ends[names.length - 1] ?? 0));

      history.append(entry('after'));
      expect(read(history)).toEqual([...wanted, [entry('after'), '']]);
      history.close();
    }
  });

  test('says that it was changed by somebody else', () => {
    const path = join(temporaryFolder(), 'history');
    const writer = opened(path);
    writer.append(entry('first'), Buffer.from('body'));
    writer.append(entry('second'));
    writer.close();
    const bytes = readFileSync(path);
    bytes[bytes.indexOf('body')] = 'B'.charCodeAt(0);
    writeFileSync(path, bytes);

    expect(() => read(opened(path))).toThrow(/is damaged at byte 0: .* remove this one to start afresh/);
  });

  test('keeps only what it is told to when it is written anew', () => {
    const path = join(temporaryFolder(), 'history');
    const history = opened(path);
    for (const name of ['first', 'second', 'third']) history.append(entry(name), Buffer.from(name));
    const kept = [...history.entries()].filter((each) => each.entry.kind === 'eventDone' && each.bytes().length > 5);

    history.rewrite(kept);
    history.append(entry('fourth'));
    history.close();

    expect(read(opened(path))).toEqual([
      [entry('second'), 'second'],
      [entry('fourth'), ''],
    ]);
  });

  test.runIf(existsSync('/dev/full'))('takes nothing more once the disk is full', () => {
    const history = opened('/dev/full');
    expect(() => history.append(entry('first'))).toThrow(/cannot be written \(ENOSPC.*make room and start/);
    expect(() => history.append(entry('second'))).toThrow('make room and start');
    expect(() => history.note(entry('third'))).not.toThrow();
  });
});

test('a file cut to nothing is an empty history', () => {
  const path = join(temporaryFolder(), 'history');
  writeFileSync(path, 'x');
  truncateSync(path, 0);
  expect(read(opened(path))).toEqual([]);
});
