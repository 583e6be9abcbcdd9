import { expect, test } from 'vitest';
import { fakeAws, type FakeAws } from '../core/support/fake-aws.ts';
import { cli, folder, manifestText, type Ran, NO_PROBES } from './support.ts';

const on =
  (aws: FakeAws) =>
  (...args: readonly string[]): Promise<Ran> =>
    cli(args, { connect: () => ({ ...aws.ports, probes: NO_PROBES, close: () => undefined }), clock: aws.ports.clock });

const path = () => folder({ 'app.yaml': manifestText() });
const sesSecondsIn = ({ out }: Ran): unknown => (JSON.parse(out) as { readonly sesSeconds?: unknown }).sesSeconds;

test('plan and get say how long SES takes at its pace, as long as there is something to do there', async () => {
  const aws = fakeAws();
  const run = on(aws);
  const file = path();

  // The set, two rules, a look where they landed; a look and a call that makes the set active.
  expect((await run('plan', '-f', file)).out).toMatch(/\n6 calls to SES: about 6 s at the pace of 1 call a second\.$/);
  expect((await run('apply', '-f', file, '--dry-run')).out).toContain('6 calls to SES: about 6 s');
  expect((await run('get', '-f', file)).out).toContain('6 calls to SES: about 6 s');
  expect((await run('plan', '-f', file, '--ses-calls-per-second', '0.5')).out).toContain(
    '6 calls to SES: about 12 s at the pace of 0.5 calls a second.',
  );

  await run('apply', '-f', file);
  for (const verb of ['plan', 'get']) expect((await run(verb, '-f', file)).out).not.toContain('SES:');
});

test('both give it as a number in JSON, and the status itself stays free of it', async () => {
  const aws = fakeAws();
  const run = on(aws);
  const file = path();

  expect(sesSecondsIn(await run('plan', '-f', file, '-o', 'json'))).toBe(6);
  const { out } = await run('get', '-f', file, '-o', 'json');
  expect(JSON.parse(out)).toMatchObject({ kind: 'SesLambdaPipeline', sesSeconds: 6 });
  expect(JSON.stringify((JSON.parse(out) as { readonly status: unknown }).status)).not.toContain('econds');

  await run('apply', '-f', file);
  for (const verb of ['plan', 'get']) expect(sesSecondsIn(await run(verb, '-f', file, '-o', 'json'))).toBe(0);
});
