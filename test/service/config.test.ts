import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LOG_LEVEL_VARIABLE, DISCOVERY_VARIABLE } from '../../src/core/discovery.ts';
import { configOptions } from '../../src/service/config-options.ts';
import { ConfigError, loadConfig } from '../../src/service/config.ts';
import { parseDurationMs } from '../../src/core/duration.ts';
import { isLabelSelector } from '../../src/service/label-selector.ts';
import { parseListenAddress, showListenAddress } from '../../src/service/listen-address.ts';
import { isNoSetting } from '../../src/service/read-settings.ts';

type Env = Readonly<Record<string, string>>;
const load = (args: readonly string[] = [], env: Env = {}) => loadConfig({ args, env });

function problemsOf(args: readonly string[], env: Env = {}): readonly string[] {
  try {
    load(args, env);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  throw new Error('the settings were expected to be refused');
}

function outcomeOf(args: readonly string[]): string {
  try {
    return `config ${load(args).installation}`;
  } catch (error) {
    return error instanceof ConfigError ? `ConfigError with ${error.problems.length}` : String(error);
  }
}

describe('loadConfig', () => {
  it('has a default for whatever is not set', () => {
    expect(load()).toEqual({
      source: {
        kind: 'kubernetes',
        namespaces: [],
        labelSelector: undefined,
        lease: {
          namespace: undefined,
          name: 'ses-lambda-pipeline',
          durationMs: 15_000,
          renewDeadlineMs: 10_000,
          retryPeriodMs: 2_000,
        },
      },
      installation: 'slp',
      tenantsFile: undefined,
      awsEndpointUrl: undefined,
      sesCallsPerSecond: 1,
      dnsServers: undefined,
      ociRegistries: [],
      concurrency: 4,
      driftIntervalMs: 600_000,
      driftJitter: 0.1,
      minRetryDelayMs: 1_000,
      maxRetryDelayMs: 300_000,
      reconcileTimeoutMs: 120_000,
      metricsAddress: { host: undefined, port: 8080 },
      healthAddress: { host: undefined, port: 8081 },
      pipelinesPage: false,
      logLevel: 'info',
      logFormat: 'json',
      shutdownGraceMs: 25_000,
      notices: [],
    });
  });

  it('takes every setting from its flag and from its variable alike', () => {
    const values: Readonly<Record<string, string>> = {
      manifests: 'pipelines',
      namespaces: 'mail,other',
      'label-selector': 'shard in (a, b),!paused',
      installation: 'blue',
      tenants: 'tenants.yaml',
      'aws-endpoint-url': 'http://127.0.0.1:4566',
      'ses-calls-per-second': '0.5',
      'dns-servers': '127.0.0.1:5353,::1',
      'oci-registries': 'ghcr.io,pkg-containers.githubusercontent.com,127.0.0.1:5000',
      concurrency: '8',
      'drift-interval': '30s',
      'drift-jitter-percent': '50',
      'min-retry-delay': '500ms',
      'max-retry-delay': '1h',
      'reconcile-timeout': '1m30s',
      'leader-elect': 'false',
      'lease-namespace': 'system',
      'lease-name': 'shard-a.example',
      'lease-duration': '20s',
      'renew-deadline': '12s',
      'retry-period': '3s',
      'metrics-address': 'off',
      'health-address': '[::1]:9000',
      'pipelines-page': 'true',
      'log-level': 'debug',
      'log-format': 'text',
      'shutdown-grace': '0s',
    };
    expect(Object.keys(values)).toEqual(configOptions().map(({ name }) => name));
    for (const { name, variable, kubernetesOnly } of configOptions()) {
      const value = values[name] ?? '';
      // Neighbours that keep the invariants.
      const around = name === 'lease-duration' || !kubernetesOnly ? [] : ['--lease-duration=60s'];
      const byFlag = load([...around, `--${name}`, value]);

      expect(load(around, { [variable]: value })).toEqual(byFlag);
      expect({ name, config: byFlag }).not.toEqual({ name, config: load(around) });
    }
  });

  it('lets a flag win over a variable', () => {
    expect(load(['--concurrency', '7'], { SES_LAMBDA_PIPELINE_CONCURRENCY: '9' }).concurrency).toBe(7);
  });

  it('takes the last of a flag that is given twice, and all of a list', () => {
    expect(load(['--concurrency', '7', '--concurrency=8']).concurrency).toBe(8);
    expect(load(['--namespaces', 'a, b', '--namespaces=b,c']).source).toMatchObject({ namespaces: ['a', 'b', 'c'] });
  });

  it.each([
    [['--leader-elect'], true],
    [['--leader-elect=true'], true],
    [['--leader-elect', 'true'], true],
    [['--leader-elect', 'false'], false],
    [['--leader-elect=FALSE'], false],
  ])('reads the switch %j as %s', (args, expected) => {
    const { source } = load(args);
    expect(source.kind === 'kubernetes' && source.lease !== undefined).toBe(expected);
  });

  it('takes an empty variable for one that is not set', () => {
    expect(load([], { SES_LAMBDA_PIPELINE_MANIFESTS: '', SES_LAMBDA_PIPELINE_CONCURRENCY: '' })).toEqual(load());
  });

  it('takes pipelines from a folder, without a Lease', () => {
    expect(load(['--manifests', 'pipelines', '--leader-elect=false']).source).toEqual({
      kind: 'files',
      folder: 'pipelines',
    });
  });

  it('names every bad setting at once, by the name under which it was written, with what is allowed', () => {
    expect(
      problemsOf(['--drift-interval', '10', '--no-such', 'x', 'stray', '--leader-elect=maybe', '--metrics-address'], {
        SES_LAMBDA_PIPELINE_CONCURRENCY: '0',
        SES_LAMBDA_PIPELINE_CONCURENCY: '3',
      }),
    ).toEqual([
      '--no-such is not a flag of the controller; --help lists them.',
      '"stray" is not expected: every setting is a flag with a value.',
      '--metrics-address must be host:port, :port for every address of the machine, or off: it has no value.',
      '"SES_LAMBDA_PIPELINE_CONCURENCY" is not a variable of the controller; --help lists them.',
      'SES_LAMBDA_PIPELINE_CONCURRENCY must be a whole number from 1 to 64, not "0".',
      '--drift-interval must be a duration from 5s to 24h, such as 30s, 10m or 1h30m, not "10".',
      '--leader-elect must be true or false, not "maybe".',
    ]);
  });

  it('does not take a flag for the value of the flag before it', () => {
    expect(problemsOf(['--manifests', '--concurrency=3'])).toEqual([
      '--manifests must be the path of a folder: it has no value.',
    ]);
  });

  it('never repeats a URL that it refuses: there may be a password in it', () => {
    const problems = problemsOf(['--aws-endpoint-url', 'http://user:canary@aws.example']);

    expect(problems).toEqual(['--aws-endpoint-url must be an http or https URL without user name and password.']);
  });

  it.each([
    [['--min-retry-delay', '10m'], '--min-retry-delay must not be above --max-retry-delay.'],
    [
      ['--lease-duration', '10s'],
      '--lease-duration must be above --renew-deadline: otherwise two replicas could lead at once.',
    ],
    [
      ['--retry-period', '9s'],
      '--renew-deadline must be above 1.2 times --retry-period: otherwise one missed renewal loses the Lease.',
    ],
    [['--pipelines-page', '--health-address=off'], '--pipelines-page needs a health address: it is served there.'],
    [
      ['--manifests=x', '--lease-name=y'],
      '--lease-name cannot be used with --manifests: without Kubernetes it would do nothing.',
    ],
    [
      ['--manifests=x', '--leader-elect'],
      '--leader-elect cannot be used with --manifests: without Kubernetes it would do nothing.',
    ],
  ])('refuses %j', (args, problem) => {
    expect(problemsOf(args)).toEqual([problem]);
  });

  it.each([
    ['--drift-interval', '4s'],
    ['--drift-interval', '25h'],
    ['--drift-interval', '-1m'],
    ['--drift-interval', '1e3s'],
    ['--concurrency', '65'],
    ['--concurrency', '1.5'],
    ['--concurrency', '0x4'],
    ['--ses-calls-per-second', '0'],
    ['--ses-calls-per-second', 'Infinity'],
    ['--installation', 'Blue'],
    ['--installation', 'too-long-1'],
    ['--installation', '-a'],
    ['--namespaces', 'a,,b'],
    ['--namespaces', 'a.b'],
    ['--label-selector', 'a b'],
    ['--metrics-address', '8080'],
    ['--metrics-address', ':65536'],
    ['--aws-endpoint-url', 'ftp://aws'],
    ['--log-level', 'trace'],
    ['--lease-name', 'a..b'],
    ['--manifests', ''],
  ])('refuses %s=%s', (flag, value) => {
    expect(problemsOf([`${flag}=${value}`])).toHaveLength(1);
  });

  it('says so when the log level of the functions is set, and goes on', () => {
    const { notices, logLevel } = load([], { [LOG_LEVEL_VARIABLE]: 'debug', [DISCOVERY_VARIABLE]: 'e30=' });

    expect(logLevel).toBe('info');
    expect(notices).toEqual([
      "SES_LAMBDA_PIPELINE_LOG_LEVEL sets nothing here: it is a variable of the functions. The controller's is SES_LAMBDA_PIPELINE_CONTROLLER_LOG_LEVEL.",
    ]);
  });

  it.each([
    'SES_LAMBDA_PIPELINE_SERVICE_HOST',
    'SES_LAMBDA_PIPELINE_SERVICE_PORT_METRICS',
    'SES_LAMBDA_PIPELINE_PORT',
    'SES_LAMBDA_PIPELINE_METRICS_PORT_8080_TCP_ADDR',
    'SES_LAMBDA_PIPELINE_METRICS_PORT_8080_TCP',
  ])('takes %s for what Kubernetes says about a Service', (variable) => {
    expect(load([], { [variable]: 'tcp://10.0.0.1:8080' })).toEqual(load());
  });

  it('has no variable that something else uses', () => {
    const variables = configOptions().map(({ variable }) => variable);

    expect(variables.filter(isNoSetting)).toEqual([]);
    expect(new Set(variables).size).toBe(variables.length);
  });

  it('answers any command line with a configuration or a ConfigError', () => {
    const names = configOptions().map(({ name }) => `--${name}`);
    const word = fc.oneof(
      fc.constantFrom(...names, '--', '-', '-x', '--__proto__', '--no-concurrency', 'true'),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 6 }), (args) => {
        expect(outcomeOf(args)).toMatch(/^(config|ConfigError with [1-9])/);
      }),
      { numRuns: 300 },
    );
  });
});

describe('configOptions', () => {
  it('describes every setting well enough for help', () => {
    for (const option of configOptions()) {
      expect(option.description).toMatch(/^[A-Z].*\.$|^json for machines/s);
      expect(option.allowed).not.toBe('');
      expect(option.flags).toMatch(/^--[a-z-]+ (<[a-z|]+>|\[boolean\])$/);
    }
    expect(configOptions().find(({ name }) => name === 'drift-interval')).toMatchObject({
      flags: '--drift-interval <duration>',
      variable: 'SES_LAMBDA_PIPELINE_DRIFT_INTERVAL',
      default: '10m',
    });
  });
});

describe('parseDurationMs', () => {
  it.each([
    ['500ms', 500],
    ['30s', 30_000],
    ['10m', 600_000],
    ['1h30m', 5_400_000],
    ['0s', 0],
  ])('reads %s', (text, ms) => {
    expect(parseDurationMs(text)).toBe(ms);
  });
  it.each(['', '10', 's', '1d', '-1s', '1.5h', '1s ', '1s'.repeat(50)])('refuses %j', (text) => {
    expect(parseDurationMs(text)).toBeUndefined();
  });
});

describe('isLabelSelector', () => {
  it.each(['a=b', 'a==b', 'a!=b', 'a', '!a', 'example.com/shard in (a,b), tier notin ( x )', 'a='])(
    'takes %j',
    (text) => {
      expect(isLabelSelector(text)).toBe(true);
    },
  );
  it.each(['', 'a b', 'a=b,', 'a in b', 'a in (', '-a=b', 'a>1', 'a=b=c', `${'a'.repeat(64)}=b`])(
    'refuses %j',
    (text) => {
      expect(isLabelSelector(text)).toBe(false);
    },
  );
  it('is quick with what is long and wrong', () => {
    const startedAt = performance.now();
    expect(isLabelSelector(`a in (${'a,'.repeat(2_000)}`)).toBe(false);
    expect(performance.now() - startedAt).toBeLessThan(200);
  });
});

describe('parseListenAddress', () => {
  it.each([':8080', '127.0.0.1:0', 'localhost:80', '[::1]:9090'])('reads %s and shows it as it was', (text) => {
    const address = parseListenAddress(text);
    expect(address && showListenAddress(address)).toBe(text);
  });
  it.each(['', ':', '8080', '::1:80', 'a b:80', ':99999'])('refuses %j', (text) => {
    expect(parseListenAddress(text)).toBeUndefined();
  });
});
