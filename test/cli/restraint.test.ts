import { describe, expect, test } from 'vitest';
import { fakeAws, type FakeAws } from '../core/support/fake-aws.ts';
import { cli, folder, manifestText, type Ran, NO_PROBES } from './support.ts';

const ABANDON = { annotations: { 'ses-lambda-pipeline.dev/abandon': 'true' } };
const OBSERVE = { managementPolicy: 'Observe' };

const files = (...documents: readonly string[]): string =>
  folder(Object.fromEntries(documents.map((text, index) => [`${index}.yaml`, text])));

const run = (aws: FakeAws, ...args: readonly string[]): Promise<Ran> =>
  cli(args, { connect: () => ({ ...aws.ports, probes: NO_PROBES, close: () => undefined }), clock: aws.ports.clock });

async function standing(): Promise<FakeAws> {
  const aws = fakeAws();
  const { code, err } = await run(aws, 'apply', '-f', files(manifestText()));
  if (code !== 0) throw new Error(err);
  aws.calls.splice(0);
  return aws;
}

async function drifted(): Promise<FakeAws> {
  const aws = await standing();
  aws.functions.forEach((fn, name) => aws.functions.set(name, { ...fn, memorySize: 512 }));
  return aws;
}

const SECTION = 'Observe: reported only, nothing is written';

describe('a difference under Observe', () => {
  test('is shown apart by plan, which ends with 2', async () => {
    const aws = await drifted();

    const { code, out } = await run(aws, 'plan', '-f', files(manifestText(OBSERVE)));

    expect(code).toBe(2);
    expect(out.split('\n')).toEqual([
      SECTION,
      '',
      'mail/app (us-west-2)',
      expect.stringMatching(/^ {2}~ update configuration of function \S+ \(the configuration differs\)$/),
      '      memorySize: 512 → 128',
      '',
      'Nothing to do. Reported only: 1 difference.',
    ]);
  });

  test('is no step in JSON', async () => {
    const aws = await drifted();

    const { out } = await run(aws, 'plan', '-f', files(manifestText(OBSERVE)), '-o', 'json');

    expect(JSON.parse(out)).toMatchObject({
      summary: { create: 0, change: 0, delete: 0 },
      steps: [],
      withheld: [{ pipeline: 'mail/app', verb: 'update', writes: true }, { verb: 'wait' }],
    });
  });

  test('is told by apply, which writes nothing and succeeds', async () => {
    const aws = await drifted();

    const { code, out, err } = await run(aws, 'apply', '-f', files(manifestText(OBSERVE)));

    expect({ code, out }).toEqual({ code: 0, out: 'Nothing to do. Reported only: 1 difference.' });
    expect(err).toContain(SECTION);
    expect(err).toContain('memorySize: 512 → 128');
    expect(aws.writes()).toEqual([]);
  });

  test('is a condition of get', async () => {
    const aws = await drifted();

    const { err, out } = await run(aws, 'get', '-f', files(manifestText(OBSERVE)));

    expect(out).toMatch(/app\s+False\s+OutOfSync/);
    expect(err).toBe('Note: mail/app: differences are reported only, since spec.managementPolicy is Observe');
  });
});

describe('a conflict under Observe', () => {
  const conflicting = async () => {
    const aws = await standing();
    aws.roles.forEach((role, name) => aws.roles.set(name, { ...role, tags: {} }));
    return aws;
  };
  const other = manifestText({ receiptRules: [{ name: 'Default', recipients: ['b@example.com'] }] }, { name: 'other' });

  test('fails plan', async () => {
    const { code, err } = await run(await conflicting(), 'plan', '-f', files(manifestText(OBSERVE)));

    expect({ code, err }).toEqual({ code: 1, err: expect.stringMatching(/^Error: mail\/app: OwnershipConflict: /) });
  });

  test('does not keep apply from the others', async () => {
    const aws = await conflicting();

    const { code, err } = await run(aws, 'apply', '-f', files(manifestText(OBSERVE), other));

    expect(code).toBe(0);
    expect(err).toMatch(/^Warning: mail\/app: OwnershipConflict: /m);
    expect([...aws.functions.keys()].some((name) => name.startsWith('slp-mail-other-'))).toBe(true);
  });
});

describe('a suspended pipeline', () => {
  const suspended = manifestText({ suspend: true });
  const note = 'Note: mail/app: it is suspended, so nothing is changed until spec.suspend is false';

  test('is skipped by apply with a line', async () => {
    const aws = await drifted();

    expect(await run(aws, 'apply', '-f', files(suspended))).toEqual({
      code: 0,
      err: note,
      out: 'Nothing to do: AWS is as the manifests say, suspended pipelines aside.',
    });
    expect(aws.writes()).toEqual([]);
  });

  test('is nothing to plan, and says why', async () => {
    const aws = await drifted();

    const { code, out } = await run(aws, 'plan', '-f', files(suspended));

    expect(code).toBe(0);
    expect(out.split('\n')).toContain(note);
  });

  test('is looked at by get and explain', async () => {
    const aws = await drifted();

    const got = await run(aws, 'get', '-f', files(suspended));
    const explained = await run(aws, 'explain', '--to', 'a@example.com', '-f', files(suspended));

    expect(got).toMatchObject({ code: 0, err: note, out: expect.stringMatching(/app\s+False\s+OutOfSync/) });
    expect(explained).toMatchObject({ code: 0, err: note, out: expect.stringContaining('2 of 2 rules run') });
  });

  test('is deleted all the same', async () => {
    const aws = await standing();

    const { code } = await run(aws, 'delete', '--yes', '-f', files(suspended));

    expect(code).toBe(0);
    expect([...aws.functions.keys(), ...aws.roles.keys()]).toEqual([]);
  });
});

describe('delete', () => {
  const STAYS = 'Note: mail/app: its rules, function, role and bucket stay on AWS, since';

  test.each<[string, string, string]>([
    ['under Observe', manifestText(OBSERVE), 'spec.managementPolicy is Observe'],
    ['under NoDelete', manifestText({ managementPolicy: 'NoDelete' }), 'spec.managementPolicy is NoDelete'],
    ['when abandoned', manifestText({}, ABANDON), 'the annotation ses-lambda-pipeline.dev/abandon is "true"'],
  ])('%s leaves everything, says why, and does not even ask AWS', async (_, text, because) => {
    const aws = await standing();

    expect(await run(aws, 'delete', '-f', files(text))).toEqual({
      code: 0,
      err: `${STAYS} ${because}`,
      out: 'Nothing to delete.',
    });
    expect(aws.calls).toEqual([]);
  });

  test('takes the others down', async () => {
    const aws = await standing();
    const other = manifestText({ managementPolicy: 'NoDelete' }, { name: 'other' });

    const { code, err } = await run(aws, 'delete', '--yes', '-o', 'json', '-f', files(manifestText(), other));

    expect(code).toBe(0);
    expect(err).toContain('Note: mail/other: its rules');
    expect([...aws.functions.keys()]).toEqual([]);
  });

  test('tells what stays in JSON too, and in a dry run', async () => {
    const aws = await standing();
    const path = files(manifestText({ managementPolicy: 'NoDelete' }));

    for (const args of [['delete'], ['delete', '--dry-run']]) {
      const { out } = await run(aws, ...args, '-o', 'json', '-f', path);
      expect(JSON.parse(out)).toMatchObject({ steps: [], warnings: [{ pipeline: 'mail/app' }] });
    }
  });
});

test('under NoDelete a pipeline is changed like any other', async () => {
  const aws = await drifted();

  const { code, out } = await run(aws, 'apply', '-f', files(manifestText({ managementPolicy: 'NoDelete' })));

  expect({ code, out }).toEqual({ code: 0, out: 'Done: 1 change.' });
});
