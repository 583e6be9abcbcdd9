import { describe, expect, it } from 'vitest';
import type { CallFault } from '../support/call-faults.ts';
import type { Holdings } from '../support/holdings.ts';
import { pipeline, rule, type Document } from '../support/manifests.ts';
import { isOurWrite, openWorld, startWorld, type World } from '../support/world.ts';

/** One thing that a person does: a world as it was, and a command. */
type Deed = {
  readonly name: string;
  readonly prepare?: Document;
  readonly verb: 'apply' | 'delete';
  readonly document: Document;
};

/** Every kind of setting is in it, so that every kind of call is made. */
const FULL = pipeline({
  storage: {
    expireAfterDays: 30,
    versioned: true,
    encryption: { kmsKeyArn: 'arn:aws:kms:us-west-2:123456789012:key/mail' },
  },
  role: {
    privileges: [{ actions: ['s3:GetObject'], resource: '${bucket.arnAllKeys}' }],
    managedPolicyArns: ['arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess'],
    permissionsBoundaryArn: 'arn:aws:iam::aws:policy/AdministratorAccess',
  },
});

const CHANGED = pipeline({
  storage: { objectKeyPrefix: 'in' },
  role: { managedPolicyArns: ['arn:aws:iam::aws:policy/AmazonS3FullAccess'] },
  function: {
    timeout: 20,
    environment: { COLOUR: 'blue' },
    code: { inline: { 'index.mjs': 'export const handler = async () => {};' } },
  },
  ruleSet: { name: 'elsewhere', activate: 'Always' },
  rules: [
    rule('Second', 'second@example.com'),
    rule('Renamed', 'first@example.com'),
    rule('Third', 'third@example.com'),
  ],
});

const DEEDS: readonly Deed[] = [
  { name: 'creating a pipeline', verb: 'apply', document: FULL },
  { name: 'changing all of a pipeline', prepare: FULL, verb: 'apply', document: CHANGED },
  {
    name: 'deleting a pipeline',
    prepare: pipeline({ storage: { deletionPolicy: 'DeleteWithContents' } }),
    verb: 'delete',
    document: pipeline({ storage: { deletionPolicy: 'DeleteWithContents' } }),
  },
];

const perform = (world: World, { verb, document }: Deed) =>
  verb === 'apply' ? world.apply([document]) : world.remove([document]);

async function prepared({ prepare }: Deed): Promise<World> {
  const world = await startWorld();
  if (prepare !== undefined) await world.mustApply(prepare);
  world.faults.clearCalls();
  return world;
}

type NumberedCall = {
  readonly operation: string;
  readonly occurrence: number;
  readonly write: boolean;
  readonly call: string;
};

/** What an undisturbed run calls, and what it leaves behind. */
async function undisturbed(
  deed: Deed,
): Promise<{ readonly calls: readonly NumberedCall[]; readonly holdings: Holdings }> {
  const world = await openWorld();
  try {
    if (deed.prepare !== undefined) await world.mustApply(deed.prepare);
    world.faults.clearCalls();
    const { code, err } = await perform(world, deed);
    if (code !== 0) throw new Error(`${deed.name} fails even undisturbed:\n${err}`);
    const seen = new Map<string, number>();
    const calls = world.faults.calls().map((call): NumberedCall => {
      const { operation } = call;
      const occurrence = (seen.get(operation) ?? 0) + 1;
      seen.set(operation, occurrence);
      return { operation, occurrence, write: isOurWrite(call), call: `${operation} ${occurrence}` };
    });
    return { calls, holdings: await world.holdings() };
  } finally {
    await world.close();
  }
}

const runs = await Promise.all(DEEDS.map(async (deed) => ({ deed, ...(await undisturbed(deed)) })));

describe.each(runs)('B14 $deed.name', ({ deed, calls, holdings }) => {
  const writes = calls.filter(({ write }) => write);
  const firstRead = calls.filter(
    ({ operation, occurrence, write }) => !write && occurrence === 1 && operation !== 's3:HeadBucket',
  );
  async function disturbed(
    fault: Omit<CallFault, 'operation' | 'occurrence'>,
    { operation, occurrence }: NumberedCall,
  ) {
    const world = await prepared(deed);
    world.faults.strike({ operation, occurrence, ...fault });
    const outcome = await perform(world, deed);
    expect(world.faults.struck()).toBe(true);
    world.faults.heal();
    return { world, outcome };
  }

  // What a refusal leaves behind differs from a sudden end only where steps run side by side, and a create has most of these.
  it.each(deed.prepare === undefined ? writes : [])(
    'ends the same when $call was refused and it is run again',
    async (call) => {
      const { world, outcome } = await disturbed({ when: 'before', how: 'denied', lasting: 'for good' }, call);
      expect(outcome.code).toBe(1);
      expect(outcome.err).toContain('The credentials in use may not ');

      expect((await perform(world, deed)).code).toBe(0);
      expect(await world.holdings()).toEqual(holdings);
    },
  );

  it.each(writes)('ends the same when it died right after $call and is run again', async (call) => {
    const { world, outcome } = await disturbed({ when: 'after', how: 'denied', lasting: 'for good' }, call);
    expect(outcome.code).toBe(1);

    expect((await perform(world, deed)).code).toBe(0);
    expect(await world.holdings()).toEqual(holdings);
  });

  it.each(deed.prepare === undefined ? firstRead : [])(
    'gets over a connection lost before $call in the same run',
    async (call) => {
      const { world, outcome } = await disturbed({ when: 'before', how: 'drop', lasting: 'once' }, call);
      expect(outcome.code).toBe(0);
      expect(await world.holdings()).toEqual(holdings);
    },
  );

  it.each(writes)('gets over a lost answer of $call in the same run', async (call) => {
    const { world, outcome } = await disturbed({ when: 'after', how: 'drop', lasting: 'once' }, call);
    expect(outcome.code).toBe(0);
    expect(await world.holdings()).toEqual(holdings);
  });

  it('ends the same when it was interrupted after its first half and is run again', async () => {
    const world = await prepared(deed);
    const interrupt = new AbortController();
    let left = Math.floor(writes.length / 2);
    const end = world.faults.onCall((call) => {
      if (isOurWrite(call) && (left -= 1) === 0) interrupt.abort(new Error('interrupted'));
    });
    const { code } = await (deed.verb === 'apply'
      ? world.apply([deed.document], { signal: interrupt.signal })
      : world.remove([deed.document], { signal: interrupt.signal }));
    end();
    expect(code).toBe(130);
    expect(await world.holdings()).not.toEqual(holdings);

    expect((await perform(world, deed)).code).toBe(0);
    expect(await world.holdings()).toEqual(holdings);
  });
});

describe('B10 a settled pipeline', async () => {
  const settled = { name: 'applying once more', prepare: FULL, verb: 'apply', document: FULL } as const;
  const { calls } = await undisturbed(settled);

  it.each(calls)('is left alone when $call is refused', async ({ operation, occurrence }) => {
    const world = await prepared(settled);
    const before = await world.holdings();
    world.faults.clearCalls();
    world.faults.strike({ operation, occurrence, when: 'before', how: 'denied', lasting: 'for good' });
    const { code, err } = await perform(world, settled);
    world.faults.heal();

    expect(code).toBe(1);
    expect(err).toMatch(/The credentials in use may not |^Error: mail\/app: AccessDenied: Bucket /);
    expect(world.writes()).toEqual([]);
    expect(await world.holdings()).toEqual(before);
  });
});
