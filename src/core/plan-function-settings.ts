import type { DesiredFunction } from './desired-function.ts';
import { ASYNC_DEFAULTS, type AsyncSettings, type FunctionConfiguration } from './function-configuration.ts';
import type { ObservedFunction } from './observed.ts';
import { ALIAS } from './publishing.ts';
import type { AddStep } from './step-list.ts';
import type { FieldChange } from './step.ts';

type Comparable = Omit<FunctionConfiguration, 'runtime' | 'handler'> & Pick<ObservedFunction, 'runtime' | 'handler'>;

const inAnyOrder = (ids: readonly string[] | undefined): string | undefined =>
  ids === undefined ? undefined : ids.toSorted().join(', ');

/** Words may hold spaces, so they are told apart by their quotes. */
const wordsOf = (words: readonly string[] = []): string | undefined =>
  words.length === 0 ? undefined : JSON.stringify(words);

/** Each setting as it is shown and compared, under the name that it has in the manifest. */
const SETTINGS: readonly (readonly [field: string, of: (settings: Comparable) => unknown])[] = [
  ['runtime', ({ runtime }) => runtime],
  ['handler', ({ handler }) => handler],
  ['memorySize', ({ memorySize }) => memorySize],
  ['timeout', ({ timeout }) => timeout],
  ['description', ({ description }) => description],
  ['roleArn', ({ roleArn }) => roleArn],
  ['kmsKeyArn', ({ kmsKeyArn }) => kmsKeyArn],
  ['layers', ({ layers }) => (layers.length === 0 ? undefined : layers.join(', '))],
  ['vpc.subnetIds', ({ vpc }) => inAnyOrder(vpc?.subnetIds)],
  ['vpc.securityGroupIds', ({ vpc }) => inAnyOrder(vpc?.securityGroupIds)],
  ['vpc.ipv6', ({ vpc }) => vpc?.ipv6],
  ['deadLetterArn', ({ deadLetterArn }) => deadLetterArn],
  ['tracing', ({ tracing }) => tracing],
  ['ephemeralStorage', ({ ephemeralStorage }) => ephemeralStorage],
  ['imageConfig.entryPoint', ({ imageConfig }) => wordsOf(imageConfig?.entryPoint)],
  ['imageConfig.command', ({ imageConfig }) => wordsOf(imageConfig?.command)],
  ['imageConfig.workingDirectory', ({ imageConfig }) => imageConfig?.workingDirectory],
  ['logFormat', ({ logging }) => logging.format],
  ['logLevel', ({ logging }) => logging.applicationLevel],
  ['systemLogLevel', ({ logging }) => logging.systemLevel],
];

/** What UpdateFunctionConfiguration would change. Values of the environment are not shown: they may be secrets. */
export function configurationChanges(wanted: FunctionConfiguration, live: ObservedFunction): FieldChange[] {
  const changes = SETTINGS.flatMap(([field, of]): FieldChange[] => {
    const [before, after] = [of(live), of(wanted)];
    return before === after ? [] : [{ field, before, after }];
  });
  const { group } = wanted.logging;
  if (group !== undefined && group !== live.logging.group)
    changes.push({ field: 'logGroup', before: live.logging.group, after: group });
  return [...changes, ...environmentChanges(wanted.environment, live.environment)];
}

/** Every function has them; a plan that creates one tells the settings that not every function has. */
const OF_EVERY_FUNCTION: readonly string[] = ['memorySize', 'timeout', 'description', 'roleArn'];
const DEFAULTS: readonly unknown[] = [undefined, 'PassThrough', 512, 'Text', false];

/** What is worth telling of a function that is about to be created. */
export const settingsToTell = (wanted: FunctionConfiguration): FieldChange[] =>
  SETTINGS.flatMap(([field, of]): FieldChange[] => {
    const after = of(wanted);
    return OF_EVERY_FUNCTION.includes(field) || DEFAULTS.includes(after) ? [] : [{ field, after }];
  });

function environmentChanges(
  wanted: FunctionConfiguration['environment'],
  live: FunctionConfiguration['environment'],
): FieldChange[] {
  const names = [...new Set([...Object.keys(wanted), ...Object.keys(live)])].sort();
  return names.flatMap((name): FieldChange[] => {
    const [before, after] = [live[name], wanted[name]];
    const field = `environment.${name}`;
    if (before === after) return [];
    if (before === undefined) return [{ field, after: '(set)' }];
    return [{ field, before: '(set)', ...(after === undefined ? {} : { after: '(changed)' }) }];
  });
}

/** What is sent: the group of a log that may be any is said all the same, so that an update does not change it. */
export function configurationToSend(wanted: FunctionConfiguration, live: ObservedFunction): FunctionConfiguration {
  return { ...wanted, logging: { ...wanted.logging, group: wanted.logging.group ?? live.logging.group } };
}

/** Whether Lambda tries out the role's rights before it takes the configuration. */
export const needsRights = ({ vpc, deadLetterArn, tracing, kmsKeyArn }: FunctionConfiguration): boolean =>
  vpc !== undefined || deadLetterArn !== undefined || tracing === 'Active' || kmsKeyArn !== undefined;

type Beside = {
  /** Undefined: it is about to be created. */
  readonly live: ObservedFunction | undefined;
  readonly lane: string;
  /** When the function can be changed. */
  readonly needs: readonly string[];
  /** When its role may do what it must. */
  readonly policies: readonly string[];
};

/**
 * What Lambda keeps beside the configuration: reserved concurrency, and what becomes of queued events.
 * @returns ids of the steps
 */
export function planBesideConfiguration(
  fn: DesiredFunction,
  { live, lane, needs, policies }: Beside,
  add: AddStep,
): string[] {
  const before = live?.reservedConcurrency;
  const after = fn.reservedConcurrency;
  const common = { part: 'function', lane } as const;
  const done: string[] = [];
  if (before !== after)
    done.push(
      add({
        ...common,
        needs,
        why: after === undefined ? 'none is asked for' : 'the manifest says how many',
        action:
          after === undefined
            ? { kind: 'deleteReservedConcurrency', fn: fn.name }
            : { kind: 'putReservedConcurrency', fn: fn.name, reserved: after },
        changes: [{ field: 'reservedConcurrency', before, after }],
      }),
    );
  // An alias has async settings of its own.
  const qualifier = fn.publishing === undefined ? undefined : ALIAS;
  const changes = asyncChanges(fn.async, (qualifier === undefined ? live : live?.alias)?.async);
  if (changes.length > 0)
    done.push(
      add({
        ...common,
        needs: [...needs, ...policies],
        why: fn.async === undefined ? "Lambda's defaults are asked for" : 'the manifest says what becomes of events',
        action:
          fn.async === undefined
            ? { kind: 'deleteAsyncSettings', fn: fn.name, ...(qualifier && { qualifier }) }
            : { kind: 'putAsyncSettings', fn: fn.name, settings: fn.async, ...(qualifier && { qualifier }) },
        changes,
      }),
    );
  return done;
}

const ASYNC_FIELDS = ['maximumRetryAttempts', 'maximumEventAgeSeconds', 'onFailureArn', 'onSuccessArn'] as const;

/** Defaults that somebody wrote out are the defaults. */
function asyncChanges(wanted: AsyncSettings = ASYNC_DEFAULTS, live: AsyncSettings = ASYNC_DEFAULTS): FieldChange[] {
  return ASYNC_FIELDS.flatMap((field) =>
    wanted[field] === live[field] ? [] : [{ field: `async.${field}`, before: live[field], after: wanted[field] }],
  );
}
