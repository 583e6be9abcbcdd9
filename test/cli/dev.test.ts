import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { DevEvent } from '../../src/cli/dev-events.ts';
import { cli, folder, manifestText } from './support.ts';

const BIN = new URL('../../bin/ses-lambda-pipeline.js', import.meta.url).pathname;
const WAIT = { timeout: 20_000, interval: 20 };

const handler = (says: string): string => `export const handler = async () => console.log('it says ${says}');`;
const codeAt = (path: string): object => ({ function: { code: { path } } });

/** `dev` in a process of its own, on free ports; what it prints is kept. */
async function session(path: string, ...more: readonly string[]) {
  const args = [BIN, 'dev', '-f', path, '--port', '0', '--smtp-port', '0', ...more];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const ended = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
  const lines: string[] = [];
  createInterface(child.stdout).on('line', (line) => lines.push(line));
  const until = <Found>(find: () => Found | undefined): Promise<Found> =>
    vi.waitFor(() => {
      const found = find();
      if (found === undefined) throw new Error(`not yet:\n${lines.join('\n')}`);
      return found;
    }, WAIT);
  return { child, ended, lines, until };
}

async function jsonSession(path: string) {
  const running = await session(path, '-o', 'json');
  const events = (): DevEvent[] => running.lines.map((line) => JSON.parse(line) as DevEvent);
  const all = <Kind extends DevEvent['kind']>(kind: Kind) =>
    events().filter((event): event is Extract<DevEvent, { kind: Kind }> => event.kind === kind);
  /** The nth of its kind, counted from 1. */
  const nth = <Kind extends DevEvent['kind']>(kind: Kind, n: number) => running.until(() => all(kind)[n - 1]);
  const { url } = await nth('ready', 1);
  const dev = (...args: string[]) => cli(['dev', ...args, '--endpoint-url', url]);
  /** What the handler said about the mail with this id. */
  const saidOf = (id: string) =>
    running.until(() => all('log').find((line) => line.mailId === id && line.text.includes('it says'))?.text);
  const sent = async (...args: string[]): Promise<string> => {
    const { out } = await dev(...args, '-o', 'json');
    return (JSON.parse(out) as { mails: { id: string }[] }).mails[0]?.id ?? '';
  };
  return { ...running, url, all, nth, dev, sent, saidOf };
}

describe('a session', () => {
  test(
    'runs, takes a save over, keeps the last good one, sends again, and ends whole',
    { timeout: 90_000 },
    async () => {
      const path = folder({ 'pipeline.json': manifestText(codeAt('code')), 'code/index.mjs': handler('one') });
      const file = join(path, 'code', 'index.mjs');
      const { nth, all, dev, sent, saidOf, child, ended } = await jsonSession(path);

      expect(await nth('live', 1)).toMatchObject({ pipeline: 'mail/app', recipients: ['a@example.com'] });
      const first = await sent('send', '--to', 'a@example.com');
      expect(await saidOf(first)).toMatch(/it says one$/);
      expect(await nth('mail', 1)).toMatchObject({ id: first, recipients: ['a@example.com'], subject: 'Hello' });
      const over = await nth('mailDone', 1);
      expect(over.actions.map(({ outcome }) => outcome)).toEqual(['done', 'done']);

      writeFileSync(file, handler('two'));
      const second = await nth('live', 2);
      expect(second.steps).toEqual([expect.stringMatching(/^update code of function /)]);
      expect(second.afterMs).toBeGreaterThan(0);
      expect(await saidOf(await sent('send', '--to', 'a@example.com'))).toMatch(/it says two$/);

      writeFileSync(file, `${handler('three')}(`);
      expect(await nth('problem', 1)).toMatchObject({
        path: 'spec.function.code',
        message: expect.stringMatching(/^index\.mjs:1: SyntaxError: /),
      });
      expect(await saidOf(await sent('send', '--to', 'a@example.com'))).toMatch(/it says two$/);

      writeFileSync(file, handler('four'));
      await nth('live', 3);
      const again = await sent('replay', first.slice(0, 8));
      expect(again).not.toBe(first);
      expect(await saidOf(again)).toMatch(/it says four$/);

      expect(await dev('send', '--to', 'b@nowhere.test')).toMatchObject({
        code: 1,
        err: expect.stringMatching(/^Refused: b@nowhere\.test: no enabled rule/),
      });
      expect(all('refused')).toHaveLength(1);

      child.kill('SIGINT');
      expect(await ended).toEqual([0, null]);
    },
  );

  test('tells people what happens, without colours where nobody sees them', { timeout: 60_000 }, async () => {
    const path = folder({ 'pipeline.json': manifestText(codeAt('code')), 'code/index.mjs': handler('hello') });
    const { until, lines, child, ended } = await session(path);
    const hint = await until(() => lines.find((line) => line.startsWith('Send mail:')));
    const [, url = ''] = /--to a@example\.com --endpoint-url (\S+)$/.exec(hint) ?? [];

    await cli(['dev', 'send', '--to', 'a@example.com', '--from', 'me@x.test', '--endpoint-url', url]);
    const said = await until(() => lines.find((line) => line.includes('it says hello')));
    const [id] = /[0-9a-v]{8}(?= {2}\|)/.exec(said) ?? [];
    expect(lines).toContainEqual(
      expect.stringMatching(new RegExp(`^[\\d:.]{12} {2}${id} {2}mail from me@x\\.test to a@example\\.com: Hello$`)),
    );

    writeFileSync(join(path, 'pipeline.json'), '{');
    await until(() => lines.find((line) => line.includes('pipeline.json') && line.includes('✗')));
    writeFileSync(
      join(path, 'pipeline.json'),
      manifestText({ ...codeAt('code'), receiptRules: [{ name: 'New', recipients: ['n@example.com'] }] }),
    );
    await until(() => lines.filter((line) => line.includes('✓ live after'))[1]);
    // oxlint-disable-next-line no-control-regex -- a colour begins with it
    expect(lines.join('\n')).not.toMatch(/\u001b/);
    child.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
    expect(lines.at(-1)).toMatch(/^Stopped\./);
  });

  test('bundles a handler in TypeScript, and again when what it imports is saved', { timeout: 60_000 }, async () => {
    const words = (says: string): string => `export const words: string = 'it says ${says}';`;
    const path = folder({
      'pipeline.json': manifestText(codeAt('code')),
      'package.json': '{ "private": true }',
      'code/index.ts': `import { words } from './words.ts';\nexport const handler = async (): Promise<void> => console.log(words);`,
      'code/words.ts': words('one'),
    });
    symlinkSync(fileURLToPath(new URL('../../node_modules', import.meta.url)), join(path, 'node_modules'));
    const { nth, sent, saidOf } = await jsonSession(path);
    await nth('live', 1);
    expect(await saidOf(await sent('send', '--to', 'a@example.com'))).toMatch(/it says one$/);

    writeFileSync(join(path, 'code/words.ts'), words('two'));
    await nth('live', 2);
    expect(await saidOf(await sent('send', '--to', 'a@example.com'))).toMatch(/it says two$/);

    writeFileSync(join(path, 'code/words.ts'), 'export const words = (;');
    expect(await nth('problem', 1)).toMatchObject({
      message: expect.stringMatching(/^words\.ts:1:\d+ cannot be bundled/),
    });
  });

  test('begins with what is broken, and goes on once it is mended', { timeout: 60_000 }, async () => {
    const path = folder({ 'pipeline.json': manifestText(codeAt('code')) });
    const { nth } = await jsonSession(path);
    expect(await nth('problem', 1)).toMatchObject({ message: expect.stringContaining('code') });
    const other = folder({ 'index.mjs': handler('at last') });
    writeFileSync(join(path, 'pipeline.json'), manifestText(codeAt(other)));
    expect(await nth('live', 1)).toMatchObject({ pipeline: 'mail/app' });
  });
});

describe('what cannot be', () => {
  test('a folder that is none is refused', async () => {
    expect(await cli(['dev', '-f', '/no/such/folder'])).toMatchObject({
      code: 1,
      err: 'Error: -f /no/such/folder: is not a folder; name the one that holds the manifests',
    });
  });

  test('a port that is taken ends it with the reason', async () => {
    const busy = await jsonSession(folder({ 'pipeline.json': manifestText() }));
    const path = folder({ 'pipeline.json': manifestText() });
    const args = [BIN, 'dev', '-f', path, '--port', new URL(busy.url).port, '--smtp-port', '0'];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    const said: string[] = [];
    child.stderr.on('data', (chunk: Buffer) => said.push(String(chunk)));
    expect(await once(child, 'close')).toEqual([1, null]);
    expect(said.join('')).toMatch(/^Error: Port \d+ on 127\.0\.0\.1 is already in use/);
  });

  test.each([
    [
      ['send', 'no/such/file', '--to', 'a@example.com'],
      'Error: The message cannot be read: no/such/file does not exist',
    ],
    [['replay', 'none'], 'Error: No mail has the id none'],
    [['send'], "Error: required option '--to <address>' not specified"],
  ])('%s says why', async (args, expected) => {
    const { dev } = await jsonSession(folder({ 'pipeline.json': manifestText() }));
    const { code, err } = await dev(...args);
    expect(code).toBe(1);
    expect(err).toContain(expected);
  });
});
