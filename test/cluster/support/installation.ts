import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DescribeActiveReceiptRuleSetCommand } from '@aws-sdk/client-ses';
import { startSandbox, type Sandbox, type SandboxOptions } from '../../../src/sandbox/sandbox.ts';
import type { Ended } from '../../control-plane/run.ts';
import { foreignClients, type Foreign } from '../../support/aws-clients.ts';
import { logLine } from '../../support/log-line.ts';
import { recordStatus } from '../../support/recorded-statuses.ts';
import { startApiProxy, type ApiProxy } from './api-proxy.ts';
import type { Cluster } from './cluster.ts';
import { startControllerProcess, type ControllerProcess } from './controller-process.ts';
import { isReady, liveEvents, livePipelines, type Live, type LiveEvent } from './live.ts';
import { boundTo, shippedRoles, type Role } from './shipped-rights.ts';
import { statusFaults } from './status-faults.ts';
import { until } from './until.ts';

/** A namespace with a controller for it alone, which has the rights that we ship, and with an AWS of its own. */
export type Installation = {
  readonly namespace: string;
  readonly sandbox: Sandbox;
  /** Between the controllers and the API server, unless one is started with a way of its own. */
  readonly proxy: ApiProxy;
  /** A stranger's clients in the same account. */
  readonly foreign: (region: string) => Foreign;
  /** Names of the rules of the active set of a region, in order. */
  readonly ruleNames: (region?: string) => Promise<readonly string[]>;
  /** Another way to the API server; ends with the installation. */
  readonly openProxy: () => Promise<ApiProxy>;
  readonly start: (options?: StartOptions, ...flags: readonly string[]) => ControllerProcess;
  readonly kubectl: (...args: readonly string[]) => Promise<Ended>;
  /** By `kubectl apply`; documents without a namespace come into that of the installation. */
  readonly apply: (...documents: readonly object[]) => Promise<void>;
  readonly list: () => Promise<readonly Live[]>;
  readonly get: (name: string) => Promise<Live>;
  readonly events: (name: string) => Promise<readonly LiveEvent[]>;
  /** Waits until every pipeline of the namespace is Ready at its generation. */
  readonly allReady: (count: number, timeoutMs?: number) => Promise<readonly Live[]>;
  readonly ready: (name: string, timeoutMs?: number) => Promise<Live>;
};

export type StartOptions = {
  readonly proxy?: ApiProxy;
  readonly awsUrl?: string;
  readonly wholeCluster?: boolean;
  readonly env?: Readonly<Record<string, string>>;
};

export type InstallationOptions = {
  readonly finally: Finally;
  readonly roles?: readonly Role[];
  readonly sandbox?: SandboxOptions;
};

/** Takes what is to be done at the end of the test, or of the file. */
export type Finally = (cleanUp: () => Promise<void>) => void;

let installations = 0;

const recordLive = ({ metadata, spec, status }: Live): void =>
  recordStatus({
    deleting: metadata.deletionTimestamp !== undefined,
    suspended: spec['suspend'] === true,
    generation: metadata.generation,
    observedGeneration: status?.observedGeneration,
    conditions: status?.conditions ?? [],
  });

/**
 * At the end it stops what it has started, and fails the test for what must never happen, whatever a test is about: a
 * status that breaks a rule of kstatus or goes back, a controller that ended by itself or not in order, an error that
 * nobody caught, an address in the log.
 */
export async function install(cluster: Cluster, options: InstallationOptions): Promise<Installation> {
  installations += 1;
  const namespace = `mail-${installations}`;
  const user = `controller-${namespace}`;
  const folder = await mkdtemp(join(tmpdir(), 'ses-lambda-pipeline-installation-'));
  const sandbox = await startSandbox({ port: 0, smtpPort: 0, functionUpdateMs: 0, ...options.sandbox });
  const controllers: ControllerProcess[] = [];
  const proxies: ApiProxy[] = [];
  const clients = new Map<string, Foreign>();

  await cluster.apply(
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
    ...boundTo(user, namespace, options.roles ?? shippedRoles()),
  );
  const credentials = await cluster.kubeconfigFor(user, []);
  const openProxy = async (): Promise<ApiProxy> => {
    const proxy = await startApiProxy(credentials);
    proxies.push(proxy);
    return proxy;
  };
  const proxy = await openProxy();

  options.finally(async () => {
    const codes = await Promise.all(controllers.map((each) => endOf(each)));
    for (const each of clients.values()) each.destroy();
    await Promise.all([sandbox.stop(), ...proxies.map((each) => each.stop()), rm(folder, { recursive: true })]);
    for (const each of proxies) for (const write of each.statusWrites()) recordLive(write as Live);
    const faults = [
      ...proxies.flatMap((each) => statusFaults(each.statusWrites())),
      ...codes.flatMap((fault) => fault ?? []),
      ...controllers.flatMap((each) => logFaults(each.log())),
    ];
    if (faults.length > 0) throw new Error(`in ${namespace}:\n${faults.join('\n')}`);
  });

  const list = () => livePipelines(cluster.api, namespace);
  const get = async (name: string): Promise<Live> => {
    const found = (await list()).find(({ metadata }) => metadata.name === name);
    if (found === undefined) throw new Error(`there is no pipeline ${name}`);
    return found;
  };
  const foreign = (region: string): Foreign => {
    const known = clients.get(region) ?? foreignClients(sandbox.url, region);
    clients.set(region, known);
    return known;
  };
  return {
    namespace,
    sandbox,
    proxy,
    openProxy,
    foreign,
    ruleNames: async (region = 'us-west-2') => {
      const { Rules = [] } = await foreign(region).ses.send(new DescribeActiveReceiptRuleSetCommand({}));
      return Rules.map(({ Name }) => Name ?? '');
    },
    start: ({ proxy: through = proxy, awsUrl = sandbox.url, wholeCluster = false, env = {} } = {}, ...flags) => {
      const kubeconfig = join(folder, `${controllers.length}.kubeconfig`);
      writeFileSync(kubeconfig, kubeconfigOf(through.url));
      const scope = wholeCluster ? [] : ['--namespaces', namespace];
      const places = { kubeconfig, awsUrl, env };
      const controller = startControllerProcess(places, '--lease-namespace', namespace, ...scope, ...flags);
      controllers.push(controller);
      return controller;
    },
    kubectl: (...args) => cluster.kubectl('-n', namespace, ...args),
    apply: (...documents) => cluster.apply(...documents.map((each) => inNamespace(each, namespace))),
    list,
    get,
    events: async (name) =>
      (await liveEvents(cluster.api, namespace)).filter(({ regarding }) => regarding.name === name),
    allReady: (count, timeoutMs) =>
      until(
        `${count} pipelines are Ready`,
        list,
        (pipelines) => pipelines.length === count && pipelines.every(isReady),
        timeoutMs,
      ),
    ready: (name, timeoutMs) => until(`pipeline ${name} is Ready`, () => get(name), isReady, timeoutMs),
  };
}

/** @returns what was wrong with it */
async function endOf(controller: ControllerProcess): Promise<string | undefined> {
  const { log, told, exitCode } = controller;
  if (told() && exitCode() !== undefined) return undefined;
  if (exitCode() !== undefined) return `a controller ended by itself with ${exitCode()}:\n${log().slice(-3000)}`;
  const started = log() !== '';
  const code = await controller.end('SIGTERM');
  return code === 0 || !started ? undefined : `a controller ended with ${code} after SIGTERM:\n${log().slice(-3000)}`;
}

const NEVER_IN_A_LOG = [/nobody caught/, /failed unexpectedly/, /[\w.+-]+@[\w-]+\.\w+/];

const logFaults = (log: string): readonly string[] =>
  log.split('\n').filter((line) => NEVER_IN_A_LOG.some((pattern) => pattern.test(line)) || isUnreadable(line));

/** What a signal cut off is no fault of the line. */
function isUnreadable(line: string): boolean {
  if (!/^\{.*\}$/.test(line)) return false;
  try {
    logLine(line);
    return false;
  } catch {
    return true;
  }
}

/** JSON is YAML. */
const kubeconfigOf = (server: string): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster: { server } }],
    users: [{ name: 'test', user: {} }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
    'current-context': 'test',
  });

function inNamespace(document: object, namespace: string): object {
  const { metadata, ...rest } = document as { readonly metadata: object };
  return { ...rest, metadata: { ...metadata, namespace } };
}
