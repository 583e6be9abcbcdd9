import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { CliIo } from '../../src/cli/io.ts';
import {
  activateRules,
  BUCKET,
  createFunction,
  createMailBucket,
  createRole,
  startFixture,
} from '../sandbox/mail-fixture.ts';
import { cli, folder, silentServer } from './support.ts';

/** A sandbox that has stored a mail, called a function with it, and turned another away. */
async function usedSandbox() {
  const world = await startFixture();
  onTestFinished(() => world[Symbol.asyncDispose]());
  await createRole(world);
  await createMailBucket(world);
  const arn = await createFunction(
    world,
    'talk',
    `export const handler = async () => { console.log('hello\\nworld') }`,
  );
  await activateRules(world, [
    {
      Name: 'all',
      Recipients: ['y.test'],
      Actions: [{ S3Action: { BucketName: BUCKET } }, { LambdaAction: { FunctionArn: arn } }],
    },
    { Name: 'other', Recipients: ['z.test'], Actions: [{ StopAction: { Scope: 'RuleSet' } }] },
  ]);
  await world.send({ from: 'a@x.test', to: ['b@y.test'], raw: 'Subject: \u001b[31mred\r\n\r\n' });
  await world.send({ to: ['c@nowhere.test'] }).catch(() => undefined);
  await world.sandbox.idle();
  const [mail] = world.sandbox.ses.journal.mails();
  const look = (...args: string[]) => cli(['sandbox', ...args, '--endpoint-url', world.sandbox.url]);
  return { world, look, id: mail?.id ?? '' };
}

describe('looking into a running sandbox', () => {
  test('ends at once on Ctrl-C, also where nobody answers', async () => {
    await using server = await silentServer();
    const interrupted = new AbortController();
    const looking = cli(['sandbox', 'mails', '--endpoint-url', server.url], { signal: interrupted.signal });
    await server.asked;
    interrupted.abort();
    expect(await looking).toMatchObject({ code: 130, err: '' });
  });

  test('lists mails and who was turned away, and lets nothing steer the terminal', async () => {
    const { look, id } = await usedSandbox();
    const { code, out } = await look('mails');
    const [head, ...rows] = out.split('\n').map((line) => line.split(/ {3,}/));
    expect(code).toBe(0);
    expect(head).toEqual(['RECEIVED', 'ID', 'ACCOUNT', 'REGION', 'FROM', 'TO', 'SUBJECT', 'STATE']);
    expect(rows.map((row) => row.slice(1))).toEqual([
      [id, '123456789012', 'us-west-2', 'a@x.test', 'b@y.test', '[31mred', 'done'],
      ['-', '-', '-', 'sender@elsewhere.test', 'c@nowhere.test', expect.stringMatching(/^refused: no enabled rule/)],
    ]);
  });

  test('shows a mail with each rule, action and log, by the beginning of its id', async () => {
    const { look, id } = await usedSandbox();
    const { code, out } = await look('show', id.slice(0, 6));
    expect(code).toBe(0);
    expect(out).toMatch(new RegExp(`^Mail ${id}\n`));
    expect(out).toContain('\n✓ rule all: it captures b@y.test by y.test\n');
    expect(out).toMatch(new RegExp(`\n {4}✓ S3Action s3://${BUCKET}/\n {8}\\S+ stored \\d+ bytes as ${id}\n`));
    expect(out).toMatch(/\n {4}✓ LambdaAction arn:\S+:talk\n {8}\S+ queued\n {8}\| START RequestId/);
    expect(out).toMatch(/\tINFO\thello\n {8}\| world\n/);
    expect(out).toContain('\n- rule other: no recipient matches z.test');
  });

  test('prints for programs', async () => {
    const { look, id } = await usedSandbox();
    expect(JSON.parse((await look('mails', '-o', 'json')).out)).toMatchObject({
      mails: [{ id }],
      refusals: [{ recipient: 'c@nowhere.test' }],
    });
    const shown = JSON.parse((await look('show', id, '-o', 'json')).out);
    expect(shown).toMatchObject({ mail: { id }, invocations: [{ lines: [{ functionName: 'talk' }, {}, {}, {}] }] });
    expect(JSON.parse((await look('logs', 'talk', '-o', 'json')).out)).toEqual({ lines: shown.invocations[0].lines });
  });

  test('prints what functions wrote, of one or all', async () => {
    const { look } = await usedSandbox();
    const all = await look('logs');
    expect(all.out).toMatch(/^\S+ talk {2}START RequestId/);
    expect((await look('logs', 'talk')).out).toBe(all.out);
    expect((await look('logs', 'other')).out).toBe('No function other has run yet; these have: talk.');
  });

  test('follows the logs until Ctrl-C', async () => {
    const { world } = await usedSandbox();
    const interrupted = new AbortController();
    const lines: string[] = [];
    const over: Partial<CliIo> = {
      signal: interrupted.signal,
      out: (line) => {
        lines.push(line);
        const ends = lines.filter((each) => each.includes('END RequestId')).length;
        if (ends === 1 && line.includes('REPORT')) void world.send({ to: ['b@y.test'] });
        if (ends === 2) interrupted.abort();
      },
    };
    const { code } = await cli(['sandbox', 'logs', '--follow', '--endpoint-url', world.sandbox.url], over);
    expect(code).toBe(130);
    expect(lines.filter((line) => line.includes('START RequestId'))).toHaveLength(2);
  });

  test.each([
    [['show', 'none'], 'Error: No mail has the id none: ses-lambda-pipeline sandbox mails lists those that are kept.'],
    [['logs', '--follow', '--output', 'xml'], /^Error: .*Allowed choices are text, json, yaml/],
  ])('says what is wrong with %s', async (args, expected) => {
    const { look } = await usedSandbox();
    const { code, err } = await look(...args);
    expect(code).toBe(1);
    expect(err).toMatch(expected);
  });

  test('says that nobody is there', async () => {
    const { code, err } = await cli(['sandbox', 'mails', '--endpoint-url', 'http://127.0.0.1:1']);
    expect({ code, err }).toEqual({
      code: 1,
      err: 'Error: Cannot reach a sandbox at http://127.0.0.1:1: start it, or name another --endpoint-url.',
    });
  });
});

describe('starting a sandbox', () => {
  const start = (...args: string[]) => cli(['sandbox', '--port', '0', '--smtp-port', '0', ...args]);

  test('listens to this machine alone unless told otherwise in so many words', async () => {
    const refused = await start('--listen-address', '0.0.0.0');
    expect(refused).toMatchObject({
      code: 1,
      err: expect.stringMatching(/lets other machines in.*--allow-network-access/),
    });
    const allowed = await start('--listen-address', '0.0.0.0', '--allow-network-access');
    expect(allowed).toMatchObject({ code: 0, out: expect.stringContaining('SMTP  0.0.0.0:') });
  });

  test('is for the account that is named', async () => {
    expect((await start('--account', '111122223333')).out).toMatch(/^Sandbox of account 111122223333 is ready/);
    expect((await start('--account', '1')).err).toContain('must be an account id of 12 digits');
  });

  test('has trouble from the start, written into the command line or a file', async () => {
    const settings = '{"sesCallsPerSecond":1,"propagationMs":{"role":8000}}';
    const shown: unknown[] = [];
    for (const given of [settings, join(folder({ 'faults.json': settings }), 'faults.json')]) {
      const runSandbox: CliIo['runSandbox'] = (options) => Promise.resolve(void shown.push(options.faults));
      const { code } = await cli(['sandbox', '--faults', given], { runSandbox });
      expect(code).toBe(0);
    }
    expect(shown).toEqual([JSON.parse(settings), JSON.parse(settings)]);
    expect((await start('--faults', settings)).out).toContain('is ready');
  });

  test.each([
    ['{"sesCalls":1}', 'Error: Fault settings: the document has no sesCalls'],
    ['{"seed":}', 'Error: --faults: what stands there is not JSON: '],
    ['no/such/file', 'Error: --faults takes a file or JSON that begins with {: no/such/file does not exist'],
  ])('does not start with the faults %s', async (given, expected) => {
    const { code, out, err } = await start('--faults', given);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toContain(expected);
  });

  test('does not take one port for AWS and for mail', async () => {
    const { code, err } = await start('--port', '14566', '--smtp-port', '14566');
    expect({ code, err }).toEqual({ code: 1, err: 'Error: --port and --smtp-port are both 14566: choose two ports.' });
  });

  test('says that an address is none of this machine', async () => {
    const { err } = await start('--listen-address', '192.0.2.1', '--allow-network-access');
    expect(err).toMatch(/\(EADDRNOTAVAIL\): this machine has no such address; leave --listen-address out/);
  });

  test('does not keep its data in a file', async () => {
    const file = join(folder({ 'data.txt': '' }), 'data.txt');
    const { err } = await start('--data-dir', file);
    expect(err).toBe(`Error: The data folder ${file} is a file: name a folder that is yours.`);
  });
});
