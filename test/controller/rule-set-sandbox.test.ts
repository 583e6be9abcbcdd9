import * as fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { awsPorts } from '../../src/aws/ports.ts';
import { systemClock } from '../../src/aws/system-clock.ts';
import { packCode } from '../../src/code/pack-code.ts';
import type { Ports } from '../../src/core/ports.ts';
import type { ReceiptRule } from '../../src/core/receipt-rule.ts';
import { readFaultSettings } from '../../src/sandbox/fault-settings.ts';
import { fakeAws } from '../core/support/fake-aws.ts';
import { runningSandbox } from '../sandbox/support/running-sandbox.ts';
import { fakeSource } from './support/fake-source.ts';
import { pipelineSpecs } from './support/random-pipelines.ts';
import { controllerOver } from './support/reconciling.ts';
import { resource } from './support/resource.ts';

const NAMES = ['alpha', 'beta', 'gamma'] as const;
const SETS = ['main', 'other'] as const;
const MOST_RUNS = 8;
const CODE = packCode(new Map([['index.mjs', new TextEncoder().encode('export const handler = () => {};')]]), {
  runtime: 'nodejs24.x',
});

type Specs = Readonly<Record<string, object | undefined>>;
type Result = {
  readonly active: string | undefined;
  readonly sets: readonly (readonly ReceiptRule[] | undefined)[];
  /** Some pipeline may write nothing, so its rules stay as they are. */
  readonly isHeld: boolean;
};

const specs: fc.Arbitrary<Specs> = fc.record(
  Object.fromEntries(NAMES.map((name) => [name, pipelineSpecs(name, true)])),
  { requiredKeys: [] },
);

/** One state of the manifests after the other is brought about; gives what the sets hold in the end. */
async function broughtAbout(session: readonly Specs[], ports: Ports): Promise<Result> {
  const source = fakeSource();
  source.inputsOf = () => ({ code: CODE, environment: {} });
  const controller = controllerOver({ ports }, source);
  for (const [generation, wanted] of session.entries()) {
    for (const name of NAMES) {
      const key = `mail/${name}`;
      const known = source.resources.get(key);
      const spec = wanted[name];
      if (spec !== undefined)
        source.resources.set(key, {
          ...resource(spec, { key, generation: generation + 1 }),
          status: known?.status,
        });
      else if (known !== undefined) source.resources.set(key, { ...known, deleting: true });
    }
    for (let run = 0; run < MOST_RUNS; run += 1) {
      const outcomes = await controller.run([...source.resources.keys()]);
      for (const outcome of outcomes.values()) if (outcome.kind === 'threw') throw outcome.error;
      if ([...outcomes.values()].every(({ kind }) => kind === 'settled' || kind === 'forget')) break;
    }
  }
  const { receiptRules } = ports;
  const sets = await Promise.all(SETS.map((name) => receiptRules.describe(name)));
  return {
    active: (await receiptRules.describeActive())?.name,
    sets: sets.map((set) => set?.rules),
    isHeld: [...source.resources.values()].some(
      ({ status }) => status?.conditions?.some(({ type, status }) => type === 'Stalled' && status === 'True') === true,
    ),
  };
}

/** Recipients are a set, and what is absent is no member. */
const comparable = ({ active, sets }: Result): unknown => ({
  active,
  sets: sets.map((rules) => rules?.map((rule) => ({ ...rule, recipients: rule.recipients.toSorted() }))),
});

describe.each([
  { place: 'as SES says', createsAppend: false },
  { place: 'at the end', createsAppend: true },
])('random sessions against the sandbox, where creates land $place', ({ createsAppend }) => {
  it('come over HTTP to the same rules as in memory', { timeout: 120_000 }, async () => {
    const clock = systemClock();
    await fc.assert(
      fc.asyncProperty(fc.array(specs, { minLength: 2, maxLength: 3 }), async (session) => {
        const sandbox = await runningSandbox({
          functionUpdateMs: 0,
          faultSettings: readFaultSettings({ createsAppend }),
        });
        const ports = awsPorts({
          region: 'us-west-2',
          endpointUrl: sandbox.url,
          clock,
          credentials: { accessKeyId: 'AKIATEST', secretAccessKey: 'secret' },
          sesCallsPerSecond: 1000,
        });
        onTestFinished(() => ports.close());

        const overHttp = await broughtAbout(session, ports);
        const inMemory = await broughtAbout(session, fakeAws().ports);
        // Who is held keeps what it has, and what that is depends on the way there.
        const [over, within] = overHttp.isHeld || inMemory.isHeld ? [] : [overHttp, inMemory].map(comparable);
        expect(over).toEqual(within);
      }),
      { numRuns: Number(process.env['RUNS'] ?? 6) },
    );
  });
});
