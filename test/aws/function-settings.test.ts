import { createHash } from 'node:crypto';
import { strToU8, zipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { converge, lookAhead } from '../../src/core/converge.ts';
import type { Pipeline } from '../../src/core/pipeline.ts';
import { functionConfiguration as functionDefaults } from '../core/support/function-configuration.ts';
import type { ObservedFunction, ObservedPipeline } from '../../src/core/observed.ts';
import { statementsOf } from '../../src/core/policy-document.ts';
import type { Ports } from '../../src/core/ports.ts';
import { isWrite } from '../../src/core/step.ts';
import { startSandbox, type Sandbox } from '../../src/sandbox/sandbox.ts';
import { IDENTITY, manifest } from '../core/support/pipeline.ts';
import { portsAt } from './support/ports.ts';

const bytes = zipSync({ 'index.mjs': strToU8('export const handler = () => {};') });
const CODE = { kind: 'zip', bytes, sha256: createHash('sha256').update(bytes).digest('base64') } as const;

const IMAGE = {
  kind: 'image',
  uri: `123456789012.dkr.ecr.us-west-2.amazonaws.com/handler@sha256:${'a'.repeat(64)}`,
} as const;

const QUEUE = 'arn:aws:sqs:us-west-2:123456789012:failures';
const TOPIC = 'arn:aws:sns:us-west-2:123456789012:failures';
const BUS = 'arn:aws:events:us-west-2:123456789012:event-bus/mail';
const KEY = 'arn:aws:kms:us-west-2:123456789012:key/1';
const layer = (version: number): string => `arn:aws:lambda:us-west-2:123456789012:layer:tools:${version}`;

type Held = ObservedPipeline & { readonly function: ObservedFunction };

/** One field: what it is set and then changed to, and what AWS shows then, and once it is taken out. */
type Setting = {
  readonly field: string;
  /** Of an image; else of a zip. */
  readonly ofImage?: true;
  readonly first: object;
  readonly next: object;
  readonly shows: (held: Held) => unknown;
  readonly expected: readonly [first: unknown, then: unknown, without: unknown];
  /** What somebody does by hand; undefined: puts the configuration back to Lambda's defaults. */
  readonly drift?: (held: Held, ports: Ports) => Promise<void>;
  /** The same value as AWS may spell it: no difference. */
  readonly spelled?: (held: Held, ports: Ports) => Promise<void>;
  /** Sids of the role's statements beside its log, while the field is as at first. */
  readonly rights?: readonly string[];
};

const send = (held: Held, ports: Ports, over: Partial<ObservedFunction>): Promise<void> => {
  const { runtime = '', handler = '', ...rest } = { ...held.function, ...over };
  return ports.functions.updateConfiguration(held.function.name, { ...rest, runtime, handler });
};
const vpc = (subnetIds: readonly string[], ipv6 = false) => ({ subnetIds, securityGroupIds: ['sg-1', 'sg-2'], ipv6 });
const asyncDefaults = { maximumRetryAttempts: 2, maximumEventAgeSeconds: 21_600 };
const group = (name: string): string => `/aws/lambda/${name}`;
const ownTags = ({ tags }: { readonly tags: Readonly<Record<string, string>> } = { tags: {} }): object =>
  Object.fromEntries(Object.entries(tags).filter(([key]) => !key.startsWith('ses-lambda-pipeline.dev/')));

const SETTINGS: readonly Setting[] = [
  {
    field: 'runtime',
    first: { runtime: 'python3.13' },
    next: { runtime: 'provided.al2023' },
    shows: (held) => held.function.runtime,
    expected: ['python3.13', 'provided.al2023', 'nodejs24.x'],
  },
  {
    field: 'memorySize',
    first: { memorySize: 256 },
    next: { memorySize: 512 },
    shows: (held) => held.function.memorySize,
    expected: [256, 512, 128],
  },
  {
    field: 'layers',
    first: { layers: [layer(1), layer(2)] },
    next: { layers: [layer(2), layer(1)] },
    shows: (held) => held.function.layers,
    expected: [[layer(1), layer(2)], [layer(2), layer(1)], []],
  },
  {
    field: 'vpc',
    first: { vpc: vpc(['subnet-1', 'subnet-2']) },
    next: { vpc: vpc(['subnet-3'], true) },
    shows: (held) => held.function.vpc,
    expected: [vpc(['subnet-1', 'subnet-2']), vpc(['subnet-3'], true), undefined],
    spelled: (held, ports) => send(held, ports, { vpc: vpc(['subnet-2', 'subnet-1']) }),
    rights: ['UseNetworkInterfaces', 'SeeNetworks'],
  },
  {
    field: 'deadLetterArn',
    first: { deadLetterArn: QUEUE },
    next: { deadLetterArn: TOPIC },
    shows: (held) => held.function.deadLetterArn,
    expected: [QUEUE, TOPIC, undefined],
    rights: ['SendDeadLetters'],
  },
  {
    field: 'tracing',
    first: { tracing: 'Active' },
    next: { tracing: 'PassThrough' },
    shows: (held) => held.function.tracing,
    expected: ['Active', 'PassThrough', 'PassThrough'],
    rights: ['WriteTraces'],
  },
  {
    field: 'ephemeralStorage',
    first: { ephemeralStorage: 1024 },
    next: { ephemeralStorage: 2048 },
    shows: (held) => held.function.ephemeralStorage,
    expected: [1024, 2048, 512],
  },
  {
    field: 'imageConfig',
    ofImage: true,
    first: { imageConfig: { entryPoint: ['/start', 'with space'], command: ['app.main'] } },
    next: { imageConfig: { command: ['app.other'], workingDirectory: '/srv' } },
    shows: (held) => held.function.imageConfig,
    expected: [
      { entryPoint: ['/start', 'with space'], command: ['app.main'], workingDirectory: undefined },
      { entryPoint: [], command: ['app.other'], workingDirectory: '/srv' },
      undefined,
    ],
    drift: (held, ports) =>
      ports.functions.updateConfiguration(held.function.name, {
        ...held.function,
        runtime: undefined,
        handler: undefined,
        imageConfig: undefined,
      }),
  },
  {
    field: 'kmsKeyArn',
    first: { kmsKeyArn: KEY },
    next: { kmsKeyArn: `${KEY}2` },
    shows: (held) => held.function.kmsKeyArn,
    expected: [KEY, `${KEY}2`, undefined],
    rights: ['DecryptEnvironment'],
  },
  {
    field: 'logFormat',
    first: { logFormat: 'JSON' },
    next: { logFormat: 'JSON', logLevel: 'warn', systemLogLevel: 'debug' },
    shows: ({ function: { logging } }) => [logging.format, logging.applicationLevel, logging.systemLevel],
    expected: [
      ['JSON', 'INFO', 'INFO'],
      ['JSON', 'WARN', 'DEBUG'],
      ['Text', undefined, undefined],
    ],
  },
  {
    field: 'reservedConcurrency',
    first: { reservedConcurrency: 5 },
    next: { reservedConcurrency: 0 },
    shows: (held) => held.function.reservedConcurrency,
    expected: [5, 0, undefined],
    drift: (held, ports) => ports.functions.putConcurrency(held.function.name, 7),
  },
  {
    field: 'async',
    first: { async: { maximumRetryAttempts: 0, onFailureArn: QUEUE } },
    next: { async: { maximumEventAgeSeconds: 60, onSuccessArn: BUS } },
    shows: (held) => held.function.async,
    expected: [
      { ...asyncDefaults, maximumRetryAttempts: 0, onFailureArn: QUEUE, onSuccessArn: undefined },
      { ...asyncDefaults, maximumEventAgeSeconds: 60, onFailureArn: undefined, onSuccessArn: BUS },
      undefined,
    ],
    drift: (held, ports) => ports.functions.deleteAsync(held.function.name),
    rights: ['SendFailures'],
  },
  {
    field: 'tags',
    first: { tags: { team: 'post', cost: '1' } },
    next: { tags: { team: 'letters' } },
    shows: (held) => ownTags(held.function),
    expected: [{ team: 'post', cost: '1' }, { team: 'letters' }, {}],
    drift: (held, ports) => ports.functions.untag(held.function.arn, ['team']),
  },
  {
    field: 'logRetentionDays',
    first: { logRetentionDays: 7, tags: { team: 'post' } },
    next: { logRetentionDays: 30 },
    shows: ({ logGroup, function: fn }) => [
      logGroup?.retentionDays,
      ownTags(logGroup),
      fn.logging.group === group(fn.name),
    ],
    expected: [
      [7, { team: 'post' }, true],
      [30, {}, true],
      [undefined, {}, true],
    ],
    drift: (held, ports) => ports.logGroups.deleteRetention(group(held.function.name)),
  },
];

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startSandbox({ port: 0, smtpPort: 0, functionUpdateMs: 0 });
});
afterAll(() => sandbox.stop());

/** A pipeline of its own on the sandbox, through the SDK. */
function start(field: string, ofImage = false) {
  const ports = portsAt(sandbox.url);
  const name = field.toLowerCase();
  const pipeline = (settings: object): Pipeline => {
    const code = { code: ofImage ? { imageUri: IMAGE.uri } : { inline: { 'index.mjs': '' } } };
    const identity = { ...IDENTITY, name };
    return {
      manifest: manifest({ function: { ...code, ...settings } }, { name }),
      identity,
      code: ofImage ? IMAGE : CODE,
      environment: {},
    };
  };
  const look = (settings: object) => {
    const work = { region: 'us-west-2', apply: [pipeline(settings)], remove: [] };
    return { work, outlook: lookAhead(work, ports) };
  };
  const writes = async (settings: object): Promise<string[]> =>
    (await look(settings).outlook).steps.flatMap(({ action }) => (isWrite(action) ? [action.kind] : []));
  const held = async (settings: object): Promise<Held> => {
    const { observation } = await look(settings).outlook;
    const observed = observation?.input.pipelines[0]?.observed;
    if (observed?.function === undefined) throw new Error('there is no function');
    return { ...observed, function: observed.function };
  };
  return {
    ports,
    held,
    writes,
    /** Applies it; what could not be done fails the test. */
    apply: async (settings: object): Promise<Held> => {
      const { work, outlook } = look(settings);
      const { results, problems } = await converge(work, await outlook, ports, {});
      expect(problems).toEqual([]);
      expect(results.filter(({ kind }) => kind !== 'done')).toEqual([]);
      expect(await writes(settings), 'a second run').toEqual([]);
      return held(settings);
    },
  };
}

const rightsOf = ({ role }: Held): unknown[] =>
  statementsOf(role?.inlinePolicies['ses-lambda-pipeline'])
    .map(({ Sid }) => Sid)
    .filter((sid) => sid !== 'WriteOwnLog');

describe.each(SETTINGS)('$field', (setting) => {
  const { field, first, next, shows, spelled, rights = [] } = setting;

  it('is set at once, repaired, changed and cleared, and a second run writes nothing', async () => {
    const { ports, apply, writes, held } = start(field, setting.ofImage);

    const created = await apply(first);
    expect(shows(created)).toEqual(setting.expected[0]);
    expect(rightsOf(created)).toEqual(rights);

    await spelled?.(created, ports);
    expect(await writes(first), 'as AWS spells it').toEqual([]);

    await (setting.drift ?? ((now) => send(now, ports, functionDefaults({ roleArn: now.function.roleArn }))))(
      created,
      ports,
    );
    expect(shows(await held(first)), 'after somebody changed it').not.toEqual(setting.expected[0]);
    expect(shows(await apply(first)), 'repaired').toEqual(setting.expected[0]);

    expect(shows(await apply(next))).toEqual(setting.expected[1]);
    const cleared = await apply({});
    expect(shows(cleared)).toEqual(setting.expected[2]);
    expect(rightsOf(cleared)).toEqual([]);
  });

  it('is added to a function that was there without it', async () => {
    const { apply } = start(`${field}-later`, setting.ofImage);
    await apply({});

    expect(shows(await apply(first))).toEqual(setting.expected[0]);
  });
});
