import { describe, expect, test } from 'vitest';
import { lookAhead } from '../../src/core/converge.ts';
import type { Pipeline } from '../../src/core/pipeline.ts';
import type { Fault } from '../../src/core/fault.ts';
import { functionName } from '../../src/core/names.ts';
import { fakeAws, isWriteCall, type FakeAws } from './support/fake-aws.ts';
import { deadRules, sourcesOf } from './support/invocable.ts';
import { CODE, IDENTITY, pipeline } from './support/pipeline.ts';
import { applying, bringAbout, kindsOf, removing, settled } from './support/work.ts';

const IMAGE = `123456789012.dkr.ecr.us-west-2.amazonaws.com/handler@sha256:${'a'.repeat(64)}`;
const INLINE = { inline: { 'index.mjs': 'export const handler = () => {};' } };
const NEXT = { kind: 'zip', bytes: new Uint8Array([4]), sha256: 'bmV4dA==' } as const;

const zip = (fn: object = {}, over: Partial<Pipeline> = {}, spec: object = {}): Pipeline =>
  pipeline({ function: { code: INLINE, ...fn }, ...spec }, over);
const image = (fn: object = {}, spec: object = {}): Pipeline =>
  pipeline({ function: { code: { imageUri: IMAGE }, ...fn }, ...spec }, { code: { kind: 'image', uri: IMAGE } });
const blueGreen = { ruleSet: { activate: 'Always', rollout: 'BlueGreen' } };
const first = { ruleSet: { name: 'first', activate: 'Always' } };
const other = { ruleSet: { name: 'other', activate: 'Always' } };

const ZIP_NAME = functionName(IDENTITY, 'Zip');
const IMAGE_NAME = functionName(IDENTITY, 'Image');

/** What the function and its rules go through while mail comes in. */
const TRANSITIONS: readonly { readonly name: string; readonly from: Pipeline; readonly to: Pipeline }[] = [
  { name: 'a zip becomes an image', from: zip(), to: image() },
  { name: 'an image becomes a zip', from: image(), to: zip() },
  { name: 'a published zip becomes a published image', from: zip({ publish: true }), to: image({ publish: true }) },
  { name: 'a published zip becomes an image', from: zip({ publish: true }), to: image() },
  { name: 'a zip becomes a published image', from: zip(), to: image({ publish: true }) },
  { name: 'publishing is turned on', from: zip(), to: zip({ publish: true }) },
  { name: 'publishing is turned on, with other code', from: zip(), to: zip({ publish: true }, { code: NEXT }) },
  { name: 'publishing is turned off', from: zip({ publish: true }), to: zip() },
  { name: 'published code changes', from: zip({ publish: true }), to: zip({ publish: true }, { code: NEXT }) },
  {
    name: 'published configuration changes',
    from: zip({ publish: true }),
    to: zip({ publish: true, memorySize: 512 }),
  },
  { name: 'a zip becomes an image in another set', from: zip({}, {}, first), to: image({}, other) },
  { name: 'publishing is turned on in another set', from: zip({}, {}, first), to: zip({ publish: true }, {}, other) },
  { name: 'publishing is turned off in another set', from: zip({ publish: true }, {}, first), to: zip({}, {}, other) },
  { name: 'a zip becomes an image by a switch of sets', from: zip({}, {}, blueGreen), to: image({}, blueGreen) },
  {
    name: 'publishing is turned on by a switch of sets',
    from: zip({}, {}, blueGreen),
    to: zip({ publish: true }, {}, blueGreen),
  },
];

const FAILS: Fault = { class: 'denied', reason: 'AccessDenied', message: 'not allowed' };

async function madeOf(from: Pipeline): Promise<FakeAws> {
  const aws = fakeAws();
  await settled(applying(from), aws);
  expect(deadRules(aws)).toEqual([]);
  return aws;
}

/** Fails the nth write once, before it takes effect or after; tells what rules were ever left without a function. */
function breaking(aws: FakeAws, nth: number, when: 'before' | 'after'): ReadonlySet<string> {
  const dead = new Set<string>();
  let seen = 0;
  const fault = (call: string): Fault | undefined => (isWriteCall(call) && (seen += 1) === nth ? FAILS : undefined);
  aws.before = (call) => (when === 'before' ? fault(call) : undefined);
  aws.after = (call) => {
    for (const rule of deadRules(aws)) dead.add(`after ${call}: ${rule}`);
    return when === 'after' ? fault(call) : undefined;
  };
  return dead;
}

function heal(aws: FakeAws): void {
  aws.before = () => undefined;
  aws.after = () => undefined;
}

/** What the pipeline owns beside rules, and who may call it. */
const holdings = (aws: FakeAws) => ({
  functions: [...aws.functions.values()].map(({ name, tags, policy, packageType }) => ({
    name,
    tags,
    packageType,
    callers: sourcesOf(policy).sort(),
    aliases: [...(aws.published.get(name)?.aliases ?? [])].map(([alias, { policy: ofAlias }]) => [
      alias,
      sourcesOf(ofAlias).sort(),
    ]),
  })),
  roles: [...aws.roles.values()].map(({ inlinePolicies }) => inlinePolicies),
});

describe.each(TRANSITIONS)('when $name', ({ from, to }) => {
  test('each rule can call its function after every single call', async () => {
    const aws = await madeOf(from);
    const dead = breaking(aws, 0, 'before');

    await settled(applying(to), aws);

    expect([...dead]).toEqual([]);
  });

  test.each(['before', 'after'] as const)(
    'a run that ends %s any call leaves no rule without a function, and the next run ends as if nothing had been',
    async (when) => {
      const straight = await madeOf(from);
      const made = straight.writes().length;
      await settled(applying(to), straight);
      const count = straight.writes().length - made;
      expect(count).toBeGreaterThan(1);
      for (let nth = 1; nth <= count; nth += 1) {
        const aws = await madeOf(from);
        const dead = breaking(aws, nth, when);
        await bringAbout(applying(to), aws);
        expect([...dead], `call ${nth}`).toEqual([]);

        await settled(applying(to), aws);

        expect([...dead], `call ${nth}, and the run after it`).toEqual([]);
        expect(holdings(aws), `call ${nth}`).toEqual(holdings(straight));
      }
    },
  );

  test('a change of mind after any call ends where it began', async () => {
    const straight = await madeOf(from);
    const made = straight.writes().length;
    await settled(applying(to), straight);
    for (let nth = 1; nth <= straight.writes().length - made; nth += 1) {
      const aws = await madeOf(from);
      const dead = breaking(aws, nth, 'before');
      await bringAbout(applying(to), aws);
      heal(aws);

      await settled(applying(from), aws);

      expect([...dead], `call ${nth}`).toEqual([]);
      expect(switches(from) || holdings(aws), `call ${nth}`).toEqual(switches(from) || holdings(await madeOf(from)));
    }
  });

  test('a deletion after any call leaves nothing', async () => {
    const straight = await madeOf(from);
    const made = straight.writes().length;
    await settled(applying(to), straight);
    for (let nth = 1; nth <= straight.writes().length - made; nth += 1) {
      const aws = await madeOf(from);
      breaking(aws, nth, 'before');
      await bringAbout(applying(to), aws);
      heal(aws);

      await settled(removing(to), aws);

      expect([...aws.functions.keys()], `call ${nth}`).toEqual([]);
      expect([...aws.roles.keys()]).toEqual([]);
    }
  });

  test('prune finds what a run that ended after any call has left', async () => {
    const straight = await madeOf(from);
    const made = straight.writes().length;
    await settled(applying(to), straight);
    const { namespace: _namespace, name: _name, ...scope } = IDENTITY;
    for (let nth = 1; nth <= straight.writes().length - made; nth += 1) {
      const aws = await madeOf(from);
      breaking(aws, nth, 'before');
      await bringAbout(applying(to), aws);
      heal(aws);

      await settled({ ...applying(), prune: scope }, aws);

      expect([...aws.functions.keys()], `call ${nth}`).toEqual([]);
    }
  });
});

/** What a switch leaves is kept for an interval, and what its rules call with it. */
const switches = ({ manifest }: Pipeline): boolean => manifest.spec.ruleSet.rollout === 'BlueGreen';

test('what a switch of sets keeps to go back to keeps its function, until the set goes', async () => {
  const aws = await madeOf(zip({}, {}, blueGreen));
  await settled(applying(image({}, blueGreen)), aws);
  expect([...aws.functions.keys()].sort()).toEqual([IMAGE_NAME, ZIP_NAME].sort());

  await aws.ports.clock.sleep(60 * 60_000);
  await settled(applying(image({}, blueGreen)), aws);

  expect([...aws.sets.keys()]).toHaveLength(1);
  expect([...aws.functions.keys()]).toEqual([IMAGE_NAME]);
});

test('the function that was replaced goes last, and the new one is granted before a rule names it', async () => {
  const aws = await madeOf(zip());
  const made = aws.writes().length;

  await settled(applying(image()), aws);

  expect(aws.writes().slice(made)).toEqual([
    expect.stringMatching(/^roles\.putInlinePolicy /),
    `functions.create ${IMAGE_NAME}`,
    expect.stringMatching(`^functions.addPermission ${IMAGE_NAME}`),
    expect.stringMatching(/^receiptRules\.update .*_Default/),
    `functions.delete ${ZIP_NAME}`,
    expect.stringMatching(/^roles\.putInlinePolicy /),
  ]);
});

test('both functions may write their logs while there are two', async () => {
  const aws = await madeOf(zip());
  aws.before = (call) => (call.startsWith('functions.delete') ? FAILS : undefined);

  await bringAbout(applying(image()), aws);

  const policies = JSON.stringify([...aws.roles.values()].map(({ inlinePolicies }) => inlinePolicies));
  expect(policies).toContain(`/aws/lambda/${ZIP_NAME}`);
  expect(policies).toContain(`/aws/lambda/${IMAGE_NAME}`);
});

test('a function of the other package type that bears nobody’s mark is left alone', async () => {
  const aws = await madeOf(zip());
  const fn = aws.functions.get(ZIP_NAME);
  if (fn !== undefined) aws.functions.set(IMAGE_NAME, { ...fn, name: IMAGE_NAME, tags: {} });

  expect(kindsOf(await lookAhead(applying(zip()), aws.ports))).toEqual([]);
});

test('a function under a name of its own keeps its package type', async () => {
  const aws = await madeOf(zip());
  const fn = aws.functions.get(ZIP_NAME);
  if (fn !== undefined) aws.functions.set('payroll', { ...fn, name: 'payroll', arn: `${fn.arn}-payroll` });

  const { problems } = await lookAhead(applying(image({ name: 'payroll' })), aws.ports);

  expect(problems).toMatchObject([
    { stops: true, fault: { reason: 'Immutable', message: expect.stringContaining('function payroll is a zip') } },
  ]);
});

test('code that comes from elsewhere for a while and then from the same object again is noticed', async () => {
  const s3 = { bucket: 'releases', key: 'app.zip' };
  const fromS3 = pipeline({ function: { code: { s3 } } }, { code: { kind: 's3', ...s3 } });
  const aws = await madeOf(fromS3);
  await settled(applying(zip({}, { code: CODE })), aws);

  expect(kindsOf(await lookAhead(applying(fromS3), aws.ports))).toContain('updateFunctionCode');
});
