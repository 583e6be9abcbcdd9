import { describe, expect, test } from 'vitest';
import { lookAhead } from '../../src/core/converge.ts';
import { functionName } from '../../src/core/names.ts';
import { fakeAws, type FakeAws } from './support/fake-aws.ts';
import { IDENTITY, pipeline } from './support/pipeline.ts';
import { applying, bringAbout, kindsOf, settled } from './support/work.ts';

const NAME = functionName(IDENTITY, 'Zip');
const code = (text: string) => ({ kind: 'zip', bytes: Buffer.from(text), sha256: text }) as const;
const publishing = (text: string, fn: object = {}) =>
  applying(
    pipeline({ function: { code: { inline: { 'index.mjs': '' } }, publish: true, ...fn } }, { code: code(text) }),
  );

const versionsOf = (aws: FakeAws) => aws.published.get(NAME)?.versions.map(({ version }) => version);
const aliasOf = (aws: FakeAws) => aws.published.get(NAME)?.aliases.get('live')?.version;
const codeThatRuns = (aws: FakeAws) =>
  aws.published.get(NAME)?.versions.find(({ version }) => version === aliasOf(aws))?.codeSha256;

async function publishedTimes(count: number): Promise<FakeAws> {
  const aws = fakeAws();
  for (let time = 1; time <= count; time += 1) await settled(publishing(`code ${time}`), aws);
  return aws;
}

describe('a published function', () => {
  test('is called by its alias, which leads to the first version', async () => {
    const aws = await publishedTimes(1);

    const rules = [...aws.sets.values()].flat();
    expect(rules.flatMap(({ actions }) => actions)).toContainEqual(
      expect.objectContaining({ kind: 'lambda', functionArn: `${aws.functions.get(NAME)?.arn}:live` }),
    );
    expect(versionsOf(aws)).toEqual(['1']);
    expect(aws.functions.get(NAME)?.policy).toBeUndefined();
  });

  test('gets a version for each change of code or configuration, and none for anything else', async () => {
    const aws = await publishedTimes(2);
    await settled(publishing('code 2', { memorySize: 512 }), aws);
    await settled(publishing('code 2', { memorySize: 512 }), aws);

    expect(versionsOf(aws)).toEqual(['1', '2', '3']);
    expect(aliasOf(aws)).toBe('3');
  });

  test('moves its alias back when somebody has moved it', async () => {
    const aws = await publishedTimes(3);
    await aws.ports.functions.updateAlias(NAME, 'live', '1');

    await settled(publishing('code 3'), aws);

    expect(aliasOf(aws)).toBe('3');
    expect(versionsOf(aws)).toEqual(['1', '2', '3']);
  });

  test('keeps the newest ten versions, and those that an alias leads to', async () => {
    const aws = await publishedTimes(4);
    await aws.ports.functions.createAlias(NAME, 'audited', '2');

    for (let time = 5; time <= 15; time += 1) await settled(publishing(`code ${time}`), aws);

    expect(versionsOf(aws)).toEqual(['2', '6', '7', '8', '9', '10', '11', '12', '13', '14', '15']);
  });
});

describe('function.version', () => {
  test('holds the alias at an older version, and publishes nothing meanwhile', async () => {
    const aws = await publishedTimes(3);

    await settled(publishing('code 3', { version: '2' }), aws);
    await settled(publishing('code 4', { version: '2' }), aws);

    expect(codeThatRuns(aws)).toBe('code 2');
    expect(versionsOf(aws)).toEqual(['1', '2', '3']);
    expect(aws.functions.get(NAME)?.codeSha256).toBe('code 4');
  });

  test('lets go of it when it is taken out', async () => {
    const aws = await publishedTimes(3);
    await settled(publishing('code 4', { version: '2' }), aws);

    await settled(publishing('code 4'), aws);

    expect(codeThatRuns(aws)).toBe('code 4');
    expect(versionsOf(aws)).toEqual(['1', '2', '3', '4']);
  });

  test.each([
    { there: 3, sentence: 'has no version 9; it has 1, 2, 3. Name one that is there, or leave version out' },
    { there: 0, sentence: 'has no version 9; it has none yet. Name one that is there, or leave version out' },
  ])(
    'is refused in one sentence when there are $there versions and it is none of them',
    async ({ there, sentence }) => {
      const aws = await publishedTimes(there);
      const before = codeThatRuns(aws);

      const { results } = await bringAbout(publishing(`code ${there}`, { version: '9' }), aws);

      const faults = results.flatMap((result) => (result.kind === 'failed' ? [result.fault] : []));
      expect(faults).toEqual([
        {
          class: 'dependency',
          reason: 'DependencyNotReady',
          message: `spec.function.version: function ${NAME} ${sentence}`,
        },
      ]);
      expect(codeThatRuns(aws)).toBe(before);
    },
  );
});

test('a plan to publish says so, and asks nobody', async () => {
  const aws = await publishedTimes(12);

  const outlook = await lookAhead(publishing('code 13'), aws.ports);

  expect(kindsOf(outlook)).toEqual(['updateFunctionCode', 'publishVersion', 'pointAlias', 'deleteOldVersions']);
});

test('what becomes of events is set on the alias, which is what is called', async () => {
  const asking = (fn: object) =>
    applying(
      pipeline(
        { function: { code: { inline: { 'index.mjs': '' } }, async: { maximumRetryAttempts: 0 }, ...fn } },
        { code: code('code 1') },
      ),
    );
  const aws = fakeAws();
  await settled(asking({ publish: true }), aws);

  expect(aws.published.get(NAME)?.aliases.get('live')?.async).toMatchObject({ maximumRetryAttempts: 0 });
  expect(aws.functions.get(NAME)?.async).toBeUndefined();

  await settled(asking({}), aws);
  expect(aws.functions.get(NAME)?.async).toMatchObject({ maximumRetryAttempts: 0 });
});
