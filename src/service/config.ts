import { LOG_LEVEL_VARIABLE } from '../core/discovery.ts';
import type { DnsServers } from '../core/dns-servers.ts';
import type { ListenAddress } from './listen-address.ts';
import { quoted, readSettings, type ReadSettings } from './read-settings.ts';
import { configOptions } from './config-options.ts';
import { settingsSchema, type Settings } from './settings.ts';

/** Everything that can be set about the controller. */
export type Config = {
  readonly source: PipelinesFrom;
  readonly installation: string;
  /** Undefined: namespaces are not kept apart on AWS. */
  readonly tenantsFile: string | undefined;
  readonly awsEndpointUrl: string | undefined;
  readonly sesCallsPerSecond: number;
  /** Undefined: those of this machine, where AWS is the real one. */
  readonly dnsServers: DnsServers | undefined;
  /** Empty: nothing is pulled. */
  readonly ociRegistries: readonly string[];
  readonly concurrency: number;
  readonly driftIntervalMs: number;
  /** Share of the interval, 0 to 0.5. */
  readonly driftJitter: number;
  readonly minRetryDelayMs: number;
  readonly maxRetryDelayMs: number;
  readonly reconcileTimeoutMs: number;
  /** Undefined: switched off. */
  readonly metricsAddress: ListenAddress | undefined;
  readonly healthAddress: ListenAddress | undefined;
  readonly pipelinesPage: boolean;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
  readonly logFormat: 'json' | 'text';
  readonly shutdownGraceMs: number;
  /** What is not wrong and yet may not be what was meant; for the log. */
  readonly notices: readonly string[];
};

/** Where pipelines come from, with what only makes sense there. */
export type PipelinesFrom =
  | { readonly kind: 'files'; readonly folder: string }
  | {
      readonly kind: 'kubernetes';
      /** Empty: all namespaces. */
      readonly namespaces: readonly string[];
      readonly labelSelector: string | undefined;
      /** Undefined: this process is alone and always leads. */
      readonly lease: LeaseConfig | undefined;
    };

export type LeaseConfig = {
  /** Undefined: the namespace of the pod. */
  readonly namespace: string | undefined;
  readonly name: string;
  readonly durationMs: number;
  readonly renewDeadlineMs: number;
  readonly retryPeriodMs: number;
};

/** Settings that cannot be used; the message names every one of them, a line each, with what is allowed. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`The controller cannot start with these settings:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
    this.problems = problems;
  }
}

/**
 * Reads every setting; nothing else looks at the environment.
 *
 * @param input.args what follows the verb on the command line
 * @throws {ConfigError} naming all bad settings at once
 */
export function loadConfig(input: {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
}): Config {
  const read = readSettings(input.args, input.env);
  const parsed = settingsSchema.safeParse(
    Object.fromEntries([...read.written].map(([name, { text }]) => [name, text])),
  );
  const wrong = parsed.success
    ? contradictions(parsed.data, read)
    : parsed.error.issues.map((issue) => describe(issue, read));
  const problems = [...read.problems, ...wrong];
  if (!parsed.success || problems.length > 0) throw new ConfigError(problems);
  return configOf(parsed.data, noticesOf(input.env));
}

function describe(
  issue: { readonly path: readonly PropertyKey[]; readonly message: string },
  { written }: ReadSettings,
): string {
  const found = written.get(String(issue.path[0]));
  if (found === undefined) return issue.message;
  // A URL may be refused for the password in it.
  const isSecret = issue.path[0] === 'aws-endpoint-url';
  return `${found.from} ${issue.message}${isSecret ? '' : `, not ${quoted(found.text)}`}.`;
}

/** client-go's: renewals are spread over up to 1.2 retry periods. */
const LEASE_JITTER = 1.2;

/** What each setting allows by itself and all of them together do not. */
function contradictions(settings: Settings, { written }: ReadSettings): string[] {
  const called = (name: string): string => written.get(name)?.from ?? `--${name}`;
  const problems: string[] = [];
  if (settings['min-retry-delay'] > settings['max-retry-delay'])
    problems.push(`${called('min-retry-delay')} must not be above ${called('max-retry-delay')}.`);
  if (settings['lease-duration'] <= settings['renew-deadline'])
    problems.push(
      `${called('lease-duration')} must be above ${called('renew-deadline')}: otherwise two replicas could lead at once.`,
    );
  if (settings['renew-deadline'] <= settings['retry-period'] * LEASE_JITTER)
    problems.push(
      `${called('renew-deadline')} must be above 1.2 times ${called('retry-period')}: otherwise one missed renewal loses the Lease.`,
    );
  if (settings['pipelines-page'] && settings['health-address'].listen === undefined)
    problems.push(`${called('pipelines-page')} needs a health address: it is served there.`);
  if (settings.manifests === undefined) return problems;
  for (const { name } of configOptions().filter((option) => option.kubernetesOnly && written.has(option.name))) {
    if (name === 'leader-elect' && !settings[name]) continue;
    problems.push(
      `${called(name)} cannot be used with ${called('manifests')}: without Kubernetes it would do nothing.`,
    );
  }
  return problems;
}

function noticesOf(env: Readonly<Record<string, string | undefined>>): string[] {
  if (env[LOG_LEVEL_VARIABLE] === undefined) return [];
  const own = configOptions().find(({ name }) => name === 'log-level')?.variable;
  return [`${LOG_LEVEL_VARIABLE} sets nothing here: it is a variable of the functions. The controller's is ${own}.`];
}

function configOf(settings: Settings, notices: readonly string[]): Config {
  return {
    source: sourceOf(settings),
    installation: settings.installation,
    tenantsFile: settings.tenants,
    awsEndpointUrl: settings['aws-endpoint-url'],
    sesCallsPerSecond: settings['ses-calls-per-second'],
    dnsServers: settings['dns-servers'],
    ociRegistries: settings['oci-registries'] ?? [],
    concurrency: settings.concurrency,
    driftIntervalMs: settings['drift-interval'],
    driftJitter: settings['drift-jitter-percent'] / 100,
    minRetryDelayMs: settings['min-retry-delay'],
    maxRetryDelayMs: settings['max-retry-delay'],
    reconcileTimeoutMs: settings['reconcile-timeout'],
    metricsAddress: settings['metrics-address'].listen,
    healthAddress: settings['health-address'].listen,
    pipelinesPage: settings['pipelines-page'],
    logLevel: settings['log-level'],
    logFormat: settings['log-format'],
    shutdownGraceMs: settings['shutdown-grace'],
    notices,
  };
}

function sourceOf(settings: Settings): PipelinesFrom {
  if (settings.manifests !== undefined) return { kind: 'files', folder: settings.manifests };
  return {
    kind: 'kubernetes',
    namespaces: settings.namespaces ?? [],
    labelSelector: settings['label-selector'],
    lease: settings['leader-elect'] ? leaseOf(settings) : undefined,
  };
}

function leaseOf(settings: Settings): LeaseConfig {
  return {
    namespace: settings['lease-namespace'],
    name: settings['lease-name'],
    durationMs: settings['lease-duration'],
    renewDeadlineMs: settings['renew-deadline'],
    retryPeriodMs: settings['retry-period'],
  };
}
