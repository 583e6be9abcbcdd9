import type { ManifestInput } from './manifest.ts';
import type { ObservedFunction } from './observed.ts';

/** What a manifest is made of that takes a function over. */
export type LiveFunction = Omit<
  ObservedFunction,
  'name' | 'arn' | 'state' | 'stateReason' | 'lastUpdateStatus' | 'lastUpdateReason' | 'codeSha256' | 'policy'
>;

type Settings = Omit<ManifestInput['spec']['function'], 'code'>;

/** The settings of a function as a manifest says them, Lambda's defaults left out. Tags are left to who put them there. */
export function importSettings(fn: LiveFunction): Settings {
  const { vpc, async } = fn;
  return {
    ...(fn.layers.length === 0 ? {} : { layers: [...fn.layers] }),
    ...(vpc === undefined
      ? {}
      : {
          vpc: {
            subnetIds: [...vpc.subnetIds],
            securityGroupIds: [...vpc.securityGroupIds],
            ...(vpc.ipv6 ? { ipv6: true } : {}),
          },
        }),
    ...(fn.deadLetterArn === undefined ? {} : { deadLetterArn: fn.deadLetterArn }),
    ...(async === undefined ? {} : { async: withoutUndefined(async) }),
    ...(fn.reservedConcurrency === undefined ? {} : { reservedConcurrency: fn.reservedConcurrency }),
    ...(fn.ephemeralStorage === 512 ? {} : { ephemeralStorage: fn.ephemeralStorage }),
    ...(fn.tracing === 'Active' ? { tracing: 'Active' as const } : {}),
    ...(fn.kmsKeyArn === undefined ? {} : { kmsKeyArn: fn.kmsKeyArn }),
    ...importLogging(fn),
  };
}

const withoutUndefined = (async: NonNullable<LiveFunction['async']>): NonNullable<Settings['async']> =>
  Object.fromEntries(Object.entries(async).filter(([, value]) => value !== undefined));

const LEVELS = ['debug', 'info', 'warn', 'error'] as const;
/** A manifest has neither trace nor fatal: the nearest that loses nothing. */
const NEAREST: Readonly<Record<string, (typeof LEVELS)[number]>> = { TRACE: 'debug', FATAL: 'error' };

function importLogging({ logging }: LiveFunction): Settings {
  if (logging.format !== 'JSON') return {};
  const level = logging.applicationLevel ?? 'INFO';
  const logLevel = NEAREST[level] ?? LEVELS.find((known) => known === level.toLowerCase()) ?? 'info';
  const systemLogLevel = (['debug', 'warn'] as const).find((known) => known === logging.systemLevel?.toLowerCase());
  return {
    logFormat: 'JSON',
    ...(logLevel === 'info' ? {} : { logLevel }),
    ...(systemLogLevel === undefined ? {} : { systemLogLevel }),
  };
}

/** What apply would change of the settings all the same. */
export function settingsRemarks({ logging }: LiveFunction): readonly string[] {
  const nearest = NEAREST[logging.applicationLevel ?? ''];
  return logging.format === 'JSON' && nearest !== undefined
    ? [
        `The function logs from ${logging.applicationLevel} on; a manifest has no such level, and it becomes ${nearest}.`,
      ]
    : [];
}
