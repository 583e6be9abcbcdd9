import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { runningSandbox } from '../sandbox/support/running-sandbox.ts';
import { cli, folder, manifestText } from './support.ts';

const numbered = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index));
const rules = (...list: object[]) => ({ receiptRules: list });

describe('a file that', () => {
  test.each<[string, string, string]>([
    ['is broken YAML', 'a: [b\n', 'document 1: is not valid YAML: line 2, column 1: deficient indentation'],
    [
      'has a misspelt field',
      manifestText({ regoin: 'x' }),
      'document 1: spec.regoin: unknown field "regoin"; did you mean "region"?',
    ],
    ['has an unknown field', manifestText({ zzz: 'x' }), 'document 1: spec.zzz: unknown field "zzz"'],
    ['has a wrong type', manifestText({ region: 5 }), 'document 1: spec.region: must be of type string, not number'],
    [
      'has a region with a typo',
      manifestText({ region: 'us_west_2' }),
      'document 1: spec.region: must be the name of an AWS region such as us-west-2',
    ],
    [
      'has a rule name twice',
      manifestText(rules({ name: 'A', recipients: [] }, { name: 'A', recipients: [] })),
      'document 1: spec.receiptRules[1].name: rule 1 of the list is called "A" too; the name of each rule must be unique',
    ],
    [
      'has a long rule name',
      manifestText(rules({ name: 'a'.repeat(32), recipients: [] })),
      'document 1: spec.receiptRules[0].name: its length must be at most 31',
    ],
    [
      'has a long name',
      manifestText({}, { name: 'a'.repeat(64) }),
      'document 1: metadata.name: must be a DNS label: at most 63 of a-z, 0-9 and -, no dots',
    ],
    [
      'has 200 rules',
      manifestText(rules(...numbered(200, (index) => ({ name: `r${index}`, recipients: [] })))),
      'document 1: spec.receiptRules: the number of items must be at most 199',
    ],
    [
      'has 501 recipients',
      manifestText(rules({ name: 'A', recipients: numbered(501, (index) => `a${index}@example.com`) })),
      'document 1: spec.receiptRules[0].recipients: the number of items must be at most 500',
    ],
    [
      'has a recipient of no domain',
      manifestText(rules({ name: 'A', recipients: ['user@.example.com'] })),
      'document 1: spec.receiptRules[0].recipients[0]: must be an address (user@example.com), a domain (example.com) or all subdomains of one (.example.com); write an international domain in its xn-- form',
    ],
    [
      'names a ConfigMap that is not there',
      manifestText({ function: { code: { configMapRef: { name: 'code' } } } }),
      'document 1: spec.function.code.configMapRef: ConfigMap mail/code is not among the given files; give its file with -f too',
    ],
    [
      'names a folder that is not there',
      manifestText({ function: { code: { path: 'nowhere' } } }),
      'nowhere does not exist',
    ],
    [
      'has a pipeline twice',
      `${manifestText()}\n---\n${manifestText()}`,
      'document 2: metadata.name: SesLambdaPipeline mail/app is also in',
    ],
    ['has no pipeline', 'apiVersion: v1\nkind: Secret\n', 'holds no SesLambdaPipeline'],
  ])('%s is refused with place and reason, before AWS is asked', async (_, text, message) => {
    const path = join(folder({ 'app.yaml': text }), 'app.yaml');

    for (const command of ['plan', 'apply', 'delete', 'get']) {
      const { code, out, err } = await cli([command, '-f', path]);

      expect(code).toBe(1);
      expect(out).toBe('');
      expect(err).toMatch(/^Error: \S+app\.yaml[,:] [^\n]+$/);
      expect(err).toContain(message);
    }
  });

  test('has several mistakes is told all of them', async () => {
    const { err } = await cli([
      'plan',
      '-f',
      folder({ 'a.yaml': manifestText({ region: 1, regoin: 2 }), 'b.yaml': 'a: [' }),
    ]);

    expect(err.split('\n')).toHaveLength(3);
  });

  test('tries to steer the terminal cannot', async () => {
    const { err } = await cli([
      'plan',
      '-f',
      folder({ 'a.yaml': JSON.stringify(JSON.parse(manifestText({ '\u001b[2Jx': 1 }))) }),
    ]);

    expect(err).toContain('unknown field');
    expect(err).not.toContain('\u001b');
  });
});

test('Ctrl-C ends a read of standard input at once', async () => {
  const interrupted = new AbortController();
  const never = new Promise<string>(() => interrupted.abort());

  for (const args of [
    ['plan', '-f', '-'],
    ['dev', 'send', '-', '--to', 'a@example.com'],
  ])
    expect(await cli(args, { readStdin: () => never, signal: interrupted.signal })).toMatchObject({
      code: 130,
      out: '',
    });
});

test('a problem that pipelines share is told once', async () => {
  const pipelines = numbered(5, (index) =>
    manifestText(
      rules(...numbered(60, (rule) => ({ name: `r${rule}`, recipients: [`a${index}-${rule}@example.com`] }))),
      { name: `p${index}` },
    ),
  );
  const sandbox = await runningSandbox();

  const { err } = await cli([
    'plan',
    '-f',
    folder({ 'all.yaml': pipelines.join('\n---\n') }),
    '--endpoint-url',
    sandbox.url,
    '--ses-calls-per-second',
    '1000',
  ]);

  expect(err).toMatch(/^Error: mail\/p0, mail\/p1, mail\/p2 and 2 more: QuotaExceeded: [^\n]+$/);
});

test('standard input is named as such', async () => {
  const { err } = await cli(['plan', '-f', '-'], { readStdin: () => Promise.resolve(manifestText({ region: 'x' })) });

  expect(err).toBe(
    'Error: standard input, document 1: spec.region: must be the name of an AWS region such as us-west-2',
  );
});

describe('a command line with', () => {
  test.each<[string, string[], RegExp]>([
    ['an unknown command', ['pln'], /^Error: unknown command 'pln'\n\(Did you mean plan\?\)/],
    [
      'an unknown flag',
      ['plan', '--filenam', 'x'],
      /^Error: unknown option '--filenam'\n\(Did you mean --filename\?\)/,
    ],
    [
      'an unknown command of a command',
      ['dev', 'sendd', '--to', 'a@example.com'],
      /^Error: unknown command 'sendd' of dev: did you mean send\?/,
    ],
    ['help of what is none', ['help', 'nosuch'], /^Error: unknown command 'nosuch': there are plan, apply, delete,/],
    ['too many arguments', ['crd', 'a'], /^Error: too many arguments/],
    [
      'several files behind one -f',
      ['apply', '-f', 'a.yaml', 'b.yaml'],
      /^Error: b\.yaml is no name of a pipeline; if it is a file, give it an -f of its own, or name the folder$/,
    ],
    ['no files', ['plan'], /^Error: say which files to read: -f <file or folder>/],
    ['a file that is not there', ['plan', '-f', '/nowhere.yaml'], /^Error: \/nowhere\.yaml: does not exist$/],
    [
      'another output',
      ['plan', '-f', 'x', '-o', 'jsn'],
      /^Error: option '-o, --output <format>' argument 'jsn' is invalid\. Allowed choices are text, json, yaml\./,
    ],
    [
      'a namespace in capitals',
      ['plan', '-f', 'x', '-n', 'Bad.NS'],
      /^Error: --namespace Bad\.NS: must be a DNS label/,
    ],
    [
      'an installation in capitals',
      ['plan', '-f', 'x', '--installation', 'A_B'],
      /^Error: --installation A_B: must be 1 to 8 of a-z/,
    ],
    [
      'no URL',
      ['plan', '-f', 'x', '--endpoint-url', 'localhost:4566'],
      /--endpoint-url <url>' argument 'localhost:4566' is invalid\. must be a URL such as/,
    ],
    [
      'a region with a typo',
      ['plan', '-f', 'x', '--region', 'us_west_2'],
      /--region <name>' argument 'us_west_2' is invalid\. must be the name of an AWS region such as/,
    ],
    ['no pace', ['plan', '-f', 'x', '--ses-calls-per-second', '0'], /must be a number above 0/],
    ['no port', ['sandbox', '--port', '70000'], /must be a port from 0 to 65535/],
    [
      'no address',
      ['explain', '--to', 'nobody'],
      /^Error: --to nobody: must be one address such as user@example\.com$/,
    ],
    ['nobody to explain', ['explain'], /^Error: say which address to explain/],
    [
      'no region',
      ['explain', '--to', 'a@example.com'],
      /^Error: No cluster to ask: there is no \/nowhere\/.*Say --kubeconfig, or -f/,
    ],
  ])('%s says what to do', async (_, args, message) => {
    const { code, out, err } = await cli(args);

    expect(code).toBe(1);
    expect(out).toBe('');
    expect(err).toMatch(message);
  });

  test('a region that no pipeline has says which there are', async () => {
    const { code, err } = await cli(['plan', '-f', folder({ 'a.yaml': manifestText() }), '--region', 'eu-west-1']);

    expect({ code, err }).toEqual({
      code: 1,
      err: 'Error: --region eu-west-1: no pipeline in the given files has this spec.region; they have us-west-2',
    });
  });

  test('an empty folder says what is looked for', async () => {
    expect((await cli(['plan', '-f', folder()])).err).toMatch(
      /is a folder without a \.yaml, \.yml or \.json file \(folders in it are not searched\)$/,
    );
  });
});

describe('help', () => {
  test.each(['plan', 'apply', 'delete', 'get', 'explain', 'sandbox', 'crd'])(
    'of %s has an example',
    async (command) => {
      const { code, out } = await cli([command, '--help']);

      expect(code).toBe(0);
      expect(out).toMatch(new RegExp(`Examples:\\n {2}\\$ ses-lambda-pipeline ${command}`));
    },
  );

  test('comes when no command is given, with exit code 1', async () => {
    const { code, err } = await cli([]);

    expect(code).toBe(1);
    expect(err).toContain('Usage: ses-lambda-pipeline');
  });

  test('and version are printed to standard output', async () => {
    expect(await cli(['--version'])).toEqual({ code: 0, out: '1.2.3', err: '' });
    expect(await cli(['--help'])).toMatchObject({ code: 0, out: expect.stringContaining('Commands:') });
  });
});

describe('JSON is printed, whatever is wrong', () => {
  test.each(['plan', 'apply', 'delete', 'get'])('with a file, by %s', async (command) => {
    const { code, out } = await cli([command, '-f', folder({ 'a.yaml': manifestText({ region: 5 }) }), '-o', 'json']);

    expect(code).toBe(1);
    expect(JSON.parse(out)).toEqual({
      format: 'ses-lambda-pipeline.dev/failure/v1',
      problems: [
        {
          file: expect.stringContaining('a.yaml'),
          document: 1,
          path: 'spec.region',
          message: 'must be of type string, not number',
        },
      ],
    });
  });

  test.each([
    [['plan', '--region', 'us', '-o', 'json'], /must be the name of an AWS region/],
    [['pln', '--output=json'], /^unknown command 'pln'/],
  ])('with the command line %j', async (args, message) => {
    const { code, out } = await cli(args);

    expect(code).toBe(1);
    expect(JSON.parse(out)).toEqual({
      format: 'ses-lambda-pipeline.dev/failure/v1',
      problems: [{ message: expect.stringMatching(message) }],
    });
  });

  test('with the address, by explain', async () => {
    expect(JSON.parse((await cli(['explain', '--to', 'x', '-o', 'json'])).out)).toMatchObject({
      problems: [{ message: expect.stringContaining('--to x') }],
    });
  });

  test('with the endpoint', async () => {
    const { code, out, err } = await cli([
      'plan',
      '-f',
      folder({ 'a.yaml': manifestText() }),
      '-o',
      'json',
      '--endpoint-url',
      'http://127.0.0.1:1',
    ]);

    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({ problems: [{ reason: 'AwsUnavailable' }] });
    expect(err).toMatch(
      /^Error: Cannot reach http:\/\/127\.0\.0\.1:1 \(connection refused\): is the sandbox running\? /,
    );
  });
});

test('a sandbox whose port is taken says so', async () => {
  const sandbox = await runningSandbox();

  const { code, err } = await cli(['sandbox', '--port', String(sandbox.port), '--smtp-port', '0']);

  // Who has the port is told where the system tells: `by node (process 4711)`.
  expect({ code, err }).toEqual({
    code: 1,
    err: expect.stringMatching(
      new RegExp(
        `^Error: Port ${sandbox.port} on 127\\.0\\.0\\.1 is already in use(?: by .+ \\(process ${process.pid}\\))?: ` +
          'stop what listens there, or choose another port\\.$',
      ),
    ),
  });
});

describe('the program', () => {
  const BIN = join(import.meta.dirname, '../../bin/ses-lambda-pipeline.js');
  const run = promisify(execFile);
  const failing = (node: string, args: string[], env: Record<string, string>) =>
    run(node, [BIN, ...args], { env }).then(
      () => ({ code: 0, stdout: '', stderr: '' }),
      (error: { code: number; stdout: string; stderr: string }) => ({
        code: error.code,
        stdout: error.stdout,
        stderr: error.stderr,
      }),
    );

  test('says that there are no credentials, and where they may come from', async () => {
    const env = { PATH: process.env['PATH'] ?? '', HOME: '/nonexistent', AWS_EC2_METADATA_DISABLED: 'true' };

    const { code, stdout, stderr } = await failing(
      process.execPath,
      ['plan', '-f', folder({ 'a.yaml': manifestText() })],
      env,
    );

    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(
      /^Error: No AWS credentials found: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY/,
    );
  });

  /** Where a machine's own Node.js is, beside the one that runs the tests. */
  const older = ['/usr/bin/node', '/usr/local/bin/node'].find((path) => existsSync(path) && path !== process.execPath);

  test('says which Node.js it needs, in one sentence', async () => {
    const pretend = join(
      folder({ 'old.mjs': "Object.defineProperty(process.versions, 'node', { value: '22.1.0' });" }),
      'old.mjs',
    );

    const { code, stderr } = await failing(process.execPath, [], { NODE_OPTIONS: `--import=${pretend}` });

    expect(code).toBe(1);
    expect(stderr).toMatch(/^ses-lambda-pipeline needs Node\.js 24 or newer; this is v\S+\.\n$/);
  });

  test.runIf(older !== undefined)(`is read by the Node.js of this machine (${older})`, async () => {
    const { stdout: version } = await run(older ?? '', ['--version']);
    const { stderr } = await failing(older ?? '', ['--help'], {});

    const tooOld = Number(version.slice(1).split('.')[0]) < 24;
    expect(stderr).toBe(tooOld ? `ses-lambda-pipeline needs Node.js 24 or newer; this is ${version.trim()}.\n` : '');
  });
});
