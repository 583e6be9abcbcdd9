import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { PipelineError } from '../../src/core/fault.ts';
import { fakeAws, type FakeAws } from '../core/support/fake-aws.ts';
import { runningSandbox } from '../sandbox/support/running-sandbox.ts';
import { cli, folder, manifestText, type Ran, NO_PROBES } from './support.ts';

const files = (spec: object = {}, metadata: object = {}): string =>
  folder({ 'app.yaml': manifestText(spec, metadata) });

/** The commands on an AWS in memory, which tells every call. */
const on =
  (aws: FakeAws, over: Parameters<typeof cli>[1] = {}) =>
  (args: readonly string[]): Promise<Ran> =>
    cli(args, {
      connect: () => ({ ...aws.ports, probes: NO_PROBES, close: () => undefined }),
      clock: aws.ports.clock,
      ...over,
    });

async function standing(spec: object = {}): Promise<FakeAws> {
  const aws = fakeAws();
  const { code, err } = await on(aws)(['apply', '-f', files(spec)]);
  if (code !== 0) throw new Error(err);
  aws.calls.splice(0);
  return aws;
}

test('a life on the sandbox: plan, apply, nothing to do, get, explain, delete', async () => {
  const sandbox = await runningSandbox({ functionUpdateMs: 1 });
  const path = files();
  const run = (...args: string[]) => cli([...args, '--endpoint-url', sandbox.url]);

  expect(await run('plan', '-f', path)).toMatchObject({ code: 2, err: '', out: expect.stringContaining('to create') });
  expect(await run('apply', '-f', path)).toMatchObject({ code: 0, out: 'Done: 11 changes.' });
  expect(await run('plan', '-f', path)).toMatchObject({ code: 0, out: 'Nothing to do: AWS is as the manifests say.' });
  expect(await run('apply', '-f', path)).toMatchObject({
    code: 0,
    err: '',
    out: 'Nothing to do: AWS is as the manifests say.',
  });
  expect((await run('get', '-f', path)).out).toMatch(/app\s+.*True/);
  expect((await run('explain', '--to', 'a@example.com', '-f', path)).out).toContain(
    '2 of 2 rules run for a@example.com',
  );
  expect((await run('explain', '--to', 'b@example.com', '--region', 'us-west-2')).out).toContain(
    'SES refuses mail for it',
  );
  expect(await run('delete', '-f', path, '--yes')).toMatchObject({ code: 0 });
  expect(await run('plan', '-f', path)).toMatchObject({ code: 2 });
});

describe('exit codes', () => {
  test('of plan are 2 with changes, 0 without, 1 with a problem', async () => {
    const aws = fakeAws();
    const run = on(aws);
    expect((await run(['plan', '-f', files()])).code).toBe(2);

    await run(['apply', '-f', files()]);
    expect((await run(['plan', '-f', files()])).code).toBe(0);

    aws.roles.forEach((role, key) => aws.roles.set(key, { ...role, tags: {} }));
    expect(await run(['plan', '-f', files()])).toMatchObject({
      code: 1,
      err: expect.stringMatching(/^Error: mail\/app: OwnershipConflict: Role \S+ was not made by/),
    });
  });

  test('of apply is 1 when a step failed, and the rest that can be done is done', async () => {
    const aws = fakeAws();
    aws.before = (call) =>
      call.startsWith('functions.create')
        ? { class: 'denied', reason: 'AccessDenied', message: 'Add lambda:CreateFunction to the policy.' }
        : undefined;

    const { code, out, err } = await on(aws)(['apply', '-f', files()]);

    expect(code).toBe(1);
    expect(err).toContain('✗ create function slp-mail-app-');
    expect(err).toContain('Add lambda:CreateFunction to the policy.');
    expect(out).toMatch(/^\d of 11 changes done\. Run the same command again to continue/);
    expect([...aws.roles.keys(), ...aws.buckets.keys()]).toHaveLength(2);
  });
});

describe('nothing is written', () => {
  test.each<[string, string[], object, 0 | 1 | 2]>([
    ['by plan', ['plan'], { receiptRules: [] }, 2],
    ['by apply --dry-run', ['apply', '--dry-run', '--yes'], { receiptRules: [] }, 0],
    ['by delete --dry-run', ['delete', '--dry-run', '--yes'], {}, 0],
    ['by get', ['get'], { receiptRules: [] }, 0],
    ['by apply without --yes where something goes', ['apply'], { receiptRules: [] }, 1],
    ['by delete without --yes', ['delete'], {}, 1],
    [
      'with an unknown token',
      ['apply', '--yes'],
      { role: { privileges: [{ actions: ['s3:GetObject'], resource: '${bucket}' }] } },
      1,
    ],
    [
      'with too many variables',
      ['apply', '--yes'],
      { function: { code: { inline: { 'index.mjs': '' } }, environment: { AA: 'x'.repeat(4000) } } },
      1,
    ],
    ['with another logical name', ['apply', '--yes'], { messageBodyStorage: { logicalName: 'Other' } }, 1],
  ])('%s', async (_, args, spec, code) => {
    const aws = await standing();

    const ran = await on(aws)([...args, '-f', files(spec)]);

    expect(ran.code).toBe(code);
    expect(aws.writes()).toEqual([]);
  });

  test('by anything when a file is bad: AWS is not even asked', async () => {
    const aws = fakeAws();

    for (const command of ['plan', 'apply', 'delete', 'get']) await on(aws)([command, '-f', files({ region: 1 })]);

    expect(aws.calls).toEqual([]);
  });

  test('for a good pipeline either when one beside it cannot be', async () => {
    const aws = fakeAws();
    const path = folder({ 'a.yaml': manifestText(), 'b.yaml': manifestText({}, { name: 'bad' }) });

    const { code, err } = await on(aws)(['apply', '-f', path]);

    expect(code).toBe(1);
    expect(err).toMatch(
      /^Error: mail\/bad: RecipientClaimed: [^\n]+\nNothing was changed\.\nTo apply only what nothing is wrong with: ses-lambda-pipeline apply mail\/app, with the same -f\.$/,
    );
    expect(aws.writes()).toEqual([]);
  });

  test('but for one that is named, beside one that still cannot be', async () => {
    const aws = fakeAws();
    const path = folder({ 'a.yaml': manifestText(), 'b.yaml': manifestText({}, { name: 'bad' }) });

    expect(await on(aws)(['plan', 'mail/app', '-f', path])).toMatchObject({ code: 2, err: '' });
    expect((await on(aws)(['apply', 'mail/app', '-f', path, '--yes'])).code).toBe(0);
    const written = aws.writes();
    expect(written.length).toBeGreaterThan(0);
    expect(await on(aws)(['apply', 'bad', '-f', path, '--yes'])).toMatchObject({
      code: 1,
      err: expect.stringMatching(/^Error: mail\/bad: RecipientClaimed: [^\n]+\nNothing was changed\.$/),
    });
    expect(aws.writes()).toEqual(written);
    expect((await on(aws)(['apply', 'appp', '-f', path])).err).toContain('did you mean mail/app?');
    expect((await on(aws)(['apply', 'app', '-f', path, '--prune'])).err).toBe(
      'Error: --prune is about all that no file names: leave out either it or the names of pipelines',
    );
  });
});

describe('before something is deleted', () => {
  const fewer = { receiptRules: [] };

  test('it is listed, and without a terminal --yes is needed', async () => {
    const { out, err } = await on(await standing())(['apply', '-f', files(fewer)]);

    expect(out).toBe('');
    expect(err).toBe(
      [
        'This also deletes:',
        '  - rule slp_mail_app_Default in ses-lambda-pipeline',
        '  - rule slp_mail_app_MessageBodyStorage in ses-lambda-pipeline',
        'Nothing was changed. Say --yes to go on.',
      ].join('\n'),
    );
  });

  test.each([
    [true, 0, []],
    [false, 1, ['slp_mail_app_MessageBodyStorage', 'slp_mail_app_Default']],
  ] as const)('a person is asked, and answers %s', async (answer, code, left) => {
    const aws = await standing();
    const questions: string[] = [];
    const confirm = (question: string) => {
      questions.push(question);
      return Promise.resolve(answer);
    };

    const ran = await on(aws, { interactive: true, confirm })(['apply', '-f', files(fewer)]);

    expect(questions).toEqual(['Go on?']);
    expect(ran.code).toBe(code);
    expect(aws.sets.get('ses-lambda-pipeline')?.map(({ name }) => name)).toEqual(left);
  });

  test('nobody is asked when standard input was the manifest: no answer can come from there', async () => {
    const confirm = () => Promise.reject(new Error('asked all the same'));
    const readStdin = () => Promise.resolve(manifestText(fewer));

    const ran = await on(await standing(), { interactive: true, confirm, readStdin })(['apply', '-f', '-']);

    expect(ran).toMatchObject({ code: 1, err: expect.stringContaining('Nothing was changed. Say --yes to go on.') });
  });

  test('nobody is asked when nothing goes', async () => {
    expect((await on(await standing())(['apply', '-f', files({ ruleSet: { priority: 1 } })])).code).toBe(0);
  });
});

test('does not count as to be done what another run did meanwhile', async () => {
  const aws = fakeAws();
  const path = files();
  // Somebody else applies the same manifest between our look and our first calls.
  let other: Promise<Ran> | undefined;
  const tooLate = async (): Promise<void> => {
    await (other ??= on(aws)(['apply', '-f', path]));
    throw new PipelineError({ class: 'stale', reason: 'ChangedMeanwhile', message: 'somebody was faster' });
  };
  const ports = {
    ...aws.ports,
    buckets: { ...aws.ports.buckets, create: tooLate },
    roles: { ...aws.ports.roles, create: tooLate },
    receiptRules: { ...aws.ports.receiptRules, createSet: tooLate },
    probes: NO_PROBES,
    close: () => undefined,
  };

  const { code, out } = await on(aws, { connect: () => ports })(['apply', '-f', path]);

  expect({ code, out }).toEqual({ code: 0, out: 'Nothing to do: AWS is as the manifests say.' });
});

describe('Ctrl-C', () => {
  test('stops after the calls in flight, says what is done, and a second apply finishes', async () => {
    const aws = fakeAws();
    const interrupted = new AbortController();
    aws.before = (call) => {
      if (call.startsWith('functions.create')) interrupted.abort();
      return undefined;
    };
    const path = files();

    const { code, out } = await on(aws, { signal: interrupted.signal })(['apply', '-f', path]);

    expect(code).toBe(130);
    expect(out).toMatch(
      /^\d of 11 changes done\. Run the same command again to continue; what is done is not done twice\.$/,
    );
    expect(aws.functions.size).toBe(1);
    expect(aws.sets.get('ses-lambda-pipeline') ?? []).toEqual([]);

    aws.before = () => undefined;
    expect(await on(aws)(['apply', '-f', path])).toMatchObject({ code: 0 });
    expect(await on(aws)(['plan', '-f', path])).toMatchObject({ code: 0 });
  });

  test('reaches the program itself: it ends by itself, with 130', async () => {
    const sandbox = await runningSandbox({ functionUpdateMs: 1 });
    const args = ['apply', '-f', files(), '--endpoint-url', sandbox.url, '--ses-calls-per-second', '2'];
    const child = spawn(process.execPath, [join(import.meta.dirname, '../../bin/ses-lambda-pipeline.js'), ...args], {
      env: { PATH: process.env['PATH'] },
    });
    let told = '';
    let interrupted = false;
    child.stderr.on('data', (chunk: Buffer) => {
      told += chunk.toString();
      if (interrupted || !told.includes('create rule set')) return;
      interrupted = true;
      child.kill('SIGINT');
    });
    const printed = text(child.stdout);

    const [code] = (await once(child, 'close')) as [number];

    expect(code).toBe(130);
    expect(await printed).toMatch(/^\d+ of 11 changes done\. Run the same command again/);
    expect(await cli(['apply', '-f', files(), '--endpoint-url', sandbox.url])).toMatchObject({ code: 0 });
  });
});

describe('JSON', () => {
  const json = async (aws: FakeAws, ...args: string[]) => {
    const { code, out } = await on(aws)([...args, '-o', 'json']);
    return { code, value: JSON.parse(out) as Record<string, unknown> };
  };

  test('of a plan has its format, a summary and every step', async () => {
    const { value } = await json(fakeAws(), 'plan', '-f', files());

    expect(value).toMatchObject({
      format: 'ses-lambda-pipeline.dev/plan/v1',
      summary: { create: 7, change: 4, delete: 0 },
      problems: [],
      warnings: [],
    });
    expect((value['steps'] as unknown[])[0]).toEqual({
      id: expect.stringContaining('mail/app createBucket '),
      pipeline: 'mail/app',
      region: 'us-west-2',
      part: 'bucket',
      verb: 'create',
      target: expect.stringContaining('bucket app-sesmessagestorebucket'),
      writes: true,
      why: 'it does not exist',
      needs: [],
      changes: [{ field: 'logicalName', after: 'Special' }],
    });
  });

  test('of a plan with a problem is JSON all the same', async () => {
    const aws = await standing();
    aws.functions.forEach((fn, key) => aws.functions.set(key, { ...fn, tags: {} }));

    expect(await json(aws, 'plan', '-f', files())).toMatchObject({
      code: 1,
      value: {
        problems: [
          { pipeline: 'mail/app', part: 'function', class: 'conflict', reason: 'OwnershipConflict', stops: true },
        ],
      },
    });
  });

  test('of an apply tells the result of every step', async () => {
    const { code, value } = await json(fakeAws(), 'apply', '-f', files());

    expect(code).toBe(0);
    expect(value).toMatchObject({ format: 'ses-lambda-pipeline.dev/apply/v1', problems: [] });
    expect((value['steps'] as { result: string }[]).every(({ result }) => result === 'done')).toBe(true);
  });

  test('of an apply that failed tells which step, why, and what was left out because of it', async () => {
    const aws = fakeAws();
    aws.before = (call) =>
      call.startsWith('functions.create') ? { class: 'denied', reason: 'AccessDenied', message: 'no' } : undefined;

    const { code, value } = await json(aws, 'apply', '-f', files());
    const steps = value['steps'] as { id: string; result: string }[];
    const failed = steps.find(({ result }) => result === 'failed');

    expect(code).toBe(1);
    expect(failed).toMatchObject({ reason: 'AccessDenied', message: 'no' });
    expect(steps).toContainEqual(expect.objectContaining({ result: 'skipped', because: failed?.id }));
  });

  test('of a deletion that nobody confirmed says so', async () => {
    const { code, value } = await json(await standing(), 'delete', '-f', files());

    expect(code).toBe(1);
    expect((value['steps'] as object[]).length).toBeGreaterThan(3);
    expect(value['steps']).toEqual(
      (value['steps'] as object[]).map((step) => ({ ...step, result: 'skipped', because: 'not confirmed' })),
    );
  });

  test('of get is a resource, of two a list', async () => {
    const aws = await standing();
    const two = folder({ 'a.yaml': manifestText(), 'b.yaml': manifestText({ receiptRules: [] }, { name: 'two' }) });

    expect((await json(aws, 'get', '-f', files())).value).toMatchObject({
      kind: 'SesLambdaPipeline',
      status: {
        conditions: [{ type: 'Ready', status: 'True' }, {}, {}, {}, {}, {}, {}, { type: 'MailRouted', status: 'True' }],
      },
    });
    expect((await json(aws, 'get', '-f', two)).value).toMatchObject({ kind: 'List', items: [{}, {}] });
  });
});
