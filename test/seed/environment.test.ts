import { describe, expect, it } from 'vitest';
import { pipeline, rule } from '../support/manifests.ts';
import { startWorld } from '../support/world.ts';

const LITERAL = 'literal-canary-0a1b';
const SETTING = 'config-map-canary-2c3d';
const SECRET = 'secret-canary-4e5f';
const ROTATED = 'rotated-canary-6a7b';
const CANARIES = [LITERAL, SETTING, SECRET, ROTATED];

const object = (kind: string, name: string, rest: object) => ({
  apiVersion: 'v1',
  kind,
  metadata: { name, namespace: 'mail' },
  ...rest,
});
const settings = (queue = SETTING) => object('ConfigMap', 'settings', { data: { queue } });
const login = (rest: object = { stringData: { password: SECRET } }) => object('Secret', 'login', rest);
const base64 = (text: string) => Buffer.from(text).toString('base64');

const app = (environmentFrom: NonNullable<ReturnType<typeof pipeline>['spec']['function']['environmentFrom']> = FROM) =>
  pipeline({ function: { environment: { STAGE: LITERAL }, environmentFrom } });
const FROM = {
  QUEUE: { configMapKeyRef: { name: 'settings', key: 'queue' } },
  PASSWORD: { secretKeyRef: { name: 'login', key: 'password' } },
};

describe('an environment from ConfigMaps and Secrets', () => {
  it('reaches the function beside what stands in the manifest, and stays as it is', async () => {
    const world = await startWorld();
    await world.mustApply(app(), settings(), login());

    expect((await world.fn()).environment).toMatchObject({ STAGE: LITERAL, QUEUE: SETTING, PASSWORD: SECRET });
    expect((await world.plan([app(), settings(), login()])).steps).toEqual([]);
  });

  it.each([
    { name: 'data in base64', rest: { data: { password: base64(SECRET) } } },
    { name: 'stringData, which wins', rest: { data: { password: base64('x') }, stringData: { password: SECRET } } },
  ])('takes a Secret with $name', async ({ rest }) => {
    const world = await startWorld();
    await world.mustApply(app(), settings(), login(rest));

    expect((await world.fn()).environment['PASSWORD']).toBe(SECRET);
  });

  it('follows a value that has changed, which is shown as changed and not as what it is', async () => {
    const world = await startWorld();
    await world.mustApply(app(), settings(), login());
    const rotated = [app(), settings(), login({ stringData: { password: ROTATED } })];

    const { steps } = await world.plan(rotated);
    await world.mustApply(...rotated);

    expect(steps.flatMap(({ changes }) => changes)).toEqual([
      { field: 'environment.PASSWORD', before: '(set)', after: '(changed)' },
    ]);
    expect((await world.fn()).environment['PASSWORD']).toBe(ROTATED);
  });

  it.each([
    {
      name: 'a Secret that is not given',
      objects: [settings()],
      says: 'Secret mail/login is not among the given files',
    },
    {
      name: 'a key that is missing',
      objects: [settings(), login({ data: {} })],
      says: 'Secret mail/login has no key password',
    },
    {
      name: 'a Secret of another namespace',
      objects: [settings(), { ...login(), metadata: { name: 'login', namespace: 'other' } }],
      says: 'Secret mail/login is not among the given files',
    },
    {
      name: 'a Secret that is still encrypted',
      objects: [settings(), login({ data: { password: `ENC[AES256_GCM,data:${SECRET}]` } })],
      says: 'Secret mail/login is not valid; correct it first: data.password must be text in base64',
    },
    {
      name: 'a Secret that is there twice',
      objects: [settings(), login(), login()],
      says: 'Secret mail/login is not valid; correct it first: metadata.name is also in',
    },
  ])('names the field for $name, and changes nothing', async ({ objects, says }) => {
    const world = await startWorld();

    const { code, err } = await world.apply([app(), ...objects]);

    expect(code).toBe(1);
    expect(err).toContain('spec.function.environmentFrom.PASSWORD.secretKeyRef');
    expect(err).toContain(says);
    expect(err).not.toContain(SECRET);
    expect(world.writes()).toEqual([]);
  });

  it('leaves a Secret alone that no pipeline names', async () => {
    const world = await startWorld();
    const others = [login({ data: { password: 'ENC[...]' } }), login(), object('Secret', '', {})];

    const { code, err } = await world.apply([pipeline({ rules: [rule('A', 'a@example.com')] }), ...others]);

    expect(err).not.toContain('Secret');
    expect(code).toBe(0);
  });

  it('tells every missing value at once', async () => {
    const world = await startWorld();

    const { err } = await world.apply([app()]);

    expect(err).toContain('environmentFrom.PASSWORD');
    expect(err).toContain('environmentFrom.QUEUE');
  });

  it('is refused when all together is too large, before AWS is asked to write', async () => {
    const world = await startWorld();
    const { err } = await world.apply([app(), settings('x'.repeat(4000)), login()]);

    expect(err).toContain('all variables together take');
    expect(world.writes()).toEqual([]);
  });

  it('comes up in no output of any command, not even where Lambda quotes it in a refusal', async () => {
    const world = await startWorld();
    // Small values that are within 4 KB by themselves, but not as Lambda measures them.
    const many = Object.fromEntries(
      Array.from({ length: 99 }, (_, each) => [`V${each}`, 'c-0a1b2c3d4e5f6a7b8c9d0e1f2']),
    );
    const documents = [app(), settings(), login()];
    const crowded = pipeline({ name: 'crowded', function: { environment: { ...many, SECRET } }, rules: [] });
    const outputs = [];
    for (const command of [['plan'], ['apply', '--yes'], ['plan'], ['get']])
      for (const format of [[], ['-o', 'json'], ['-o', 'yaml']])
        outputs.push(await world.run([...command, ...format], documents));
    outputs.push(await world.run(['explain', 'first@example.com', '--region', 'us-west-2']));
    const refused = await world.apply([crowded]);

    expect(refused.err).toContain('String measured');
    for (const { out, err } of [...outputs, refused])
      for (const canary of [...CANARIES, ...Object.values(many), ...CANARIES.map(base64)])
        expect(out + err).not.toContain(canary);
  });
});
