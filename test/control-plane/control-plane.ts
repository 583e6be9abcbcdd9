import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { get } from 'node:https';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { findBinaries } from './binaries.ts';
import { createAuthority } from './client-certificates.ts';
import { writeKubeconfig } from './kubeconfig.ts';
import { startReaper } from './reaper.ts';
import type { Ended } from './run.ts';
import { run } from './run.ts';
import { startServer } from './server-process.ts';
import type { ServerProcess } from './server-process.ts';
import { freePort } from '../support/free-port.ts';
import { jsonDocuments } from '../support/json-documents.ts';

/** A Kubernetes API server with a database of its own, on localhost. */
export type ControlPlane = {
  readonly url: string;
  /** The certificate that the API server is to be trusted by. */
  readonly caFile: string;
  /** Signs in as a member of system:masters. */
  readonly adminToken: string;
  /** Path of a kubeconfig that signs in with the admin's token. */
  readonly adminKubeconfig: string;
  /** Path of a new kubeconfig that signs in as this user by a client certificate; RBAC decides what he may do. */
  kubeconfigFor(user: string, groups: readonly string[]): Promise<string>;
  /** Runs kubectl as the admin. A kubectl that fails is a result, not an error. */
  kubectl(...args: readonly string[]): Promise<Ended>;
  /** The same with this on its standard input. */
  kubectlWith(input: string, ...args: readonly string[]): Promise<Ended>;
  /**
   * Applies documents as the admin, in their order.
   * @throws {Error} with the words of kubectl
   */
  apply(...documents: readonly unknown[]): Promise<void>;
  /** Stops the API server if it runs, starts it on the same port and database, and resolves when it is ready. */
  restartApiServer(): Promise<void>;
  /** SIGKILL cuts every connection, as a lost machine does; SIGTERM lets requests end first. */
  stopApiServer(signal?: 'SIGKILL' | 'SIGTERM'): Promise<void>;
  /** Ends every process and removes every file. */
  stop(): Promise<void>;
};

export type ControlPlaneOptions = {
  /**
   * Run the controllers that delete namespaces and dependents, and that fill the roles view, edit and admin: without
   * them no namespace and no dependent ever goes, and these roles allow nothing.
   */
  readonly controllers?: boolean;
};

/**
 * Starts etcd and kube-apiserver and resolves when the API server is ready, in some seconds.
 *
 * Nothing outlives the process that called this, whether or not it comes to `stop`.
 * @throws {Error} with the end of its log when a server does not come up
 */
export async function startControlPlane(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  const binaries = await findBinaries();
  const reaper = await startReaper();
  const inFolder = (name: string): string => join(reaper.folder, name);
  const adminToken = randomUUID();
  const authority = createAuthority();
  const caFile = inFolder('apiserver.crt');
  const adminKubeconfig = inFolder('admin.kubeconfig');
  const port = await freePort();
  const url = `https://127.0.0.1:${port}`;
  const apiServerArgs = await prepareApiServer({ inFolder, port, adminToken, clientAuthority: authority.certificate });
  await writeKubeconfig(adminKubeconfig, url, caFile, { kind: 'token', token: adminToken });

  let apiServer: ServerProcess | undefined;
  const stopApiServer = async (signal: NodeJS.Signals): Promise<void> => {
    await apiServer?.stop(signal);
    apiServer = undefined;
  };
  const restartApiServer = async (): Promise<void> => {
    await stopApiServer('SIGKILL');
    apiServer = await startServer(reaper, binaries['kube-apiserver'], apiServerArgs);
    const waiting = new AbortController();
    await Promise.race([untilReady(url, caFile, waiting.signal), apiServer.failed]).finally(() => waiting.abort());
  };

  try {
    const etcd = await startServer(reaper, binaries.etcd, etcdArgs(inFolder));
    await Promise.race([restartApiServer(), etcd.failed]);
    if (options.controllers === true)
      await startServer(reaper, binaries['kube-controller-manager'], controllerArgs(adminKubeconfig));
  } catch (error) {
    await reaper.reap();
    throw error;
  }

  const kubectl = (args: readonly string[], input = ''): Promise<Ended> =>
    run(binaries.kubectl, [`--cache-dir=${inFolder('kubectl-cache')}`, ...args], {
      env: { ...process.env, KUBECONFIG: adminKubeconfig },
      input,
    });
  let kubeconfigs = 0;
  return {
    url,
    caFile,
    adminToken,
    adminKubeconfig,
    kubeconfigFor: async (user, groups) => {
      kubeconfigs += 1;
      const file = inFolder(`user-${kubeconfigs}.kubeconfig`);
      await writeKubeconfig(file, url, caFile, { kind: 'certificate', ...authority.issue(user, groups) });
      return file;
    },
    kubectl: (...args) => kubectl(args),
    kubectlWith: (input, ...args) => kubectl(args, input),
    apply: async (...documents) => {
      const applied = await kubectl(['apply', '-f', '-'], jsonDocuments(documents));
      if (applied.code !== 0) throw new Error(`kubectl apply failed: ${applied.err}`);
    },
    restartApiServer,
    stopApiServer: (signal = 'SIGKILL') => stopApiServer(signal),
    stop: () => reaper.reap(),
  };
}

type ApiServerParts = {
  readonly inFolder: (name: string) => string;
  readonly port: number;
  readonly adminToken: string;
  readonly clientAuthority: string;
};

async function prepareApiServer({ inFolder, port, adminToken, clientAuthority }: ApiServerParts): Promise<string[]> {
  const serviceAccountKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  const secret = { mode: 0o600 };
  await writeFile(inFolder('service-account.key'), serviceAccountKey.export({ type: 'sec1', format: 'pem' }), secret);
  await writeFile(inFolder('tokens.csv'), `${adminToken},admin,admin,system:masters\n`, secret);
  await writeFile(inFolder('client-authority.crt'), clientAuthority);
  return [
    `--etcd-servers=unix://${inFolder('etcd.sock')}`,
    '--bind-address=127.0.0.1',
    `--secure-port=${port}`,
    `--cert-dir=${inFolder('.')}`,
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${inFolder('service-account.key')}`,
    `--service-account-signing-key-file=${inFolder('service-account.key')}`,
    `--token-auth-file=${inFolder('tokens.csv')}`,
    `--client-ca-file=${inFolder('client-authority.crt')}`,
    '--authorization-mode=RBAC',
    '--service-cluster-ip-range=10.0.0.0/24',
    '--endpoint-reconciler-type=none',
    '--disable-admission-plugins=ServiceAccount', // it waits for default accounts, which only a controller makes
  ];
}

const etcdArgs = (inFolder: (name: string) => string): string[] => [
  `--data-dir=${inFolder('etcd')}`,
  `--listen-client-urls=unix://${inFolder('etcd.sock')}`,
  '--advertise-client-urls=http://127.0.0.1:2379', // for other members, which there are none of
  '--listen-peer-urls=http://127.0.0.1:0',
  '--unsafe-no-fsync', // the data need not outlive the machine
];

const controllerArgs = (kubeconfig: string): string[] => [
  `--kubeconfig=${kubeconfig}`,
  '--leader-elect=false',
  '--controllers=namespace-controller,garbage-collector-controller,clusterrole-aggregation-controller',
  '--bind-address=127.0.0.1',
  '--secure-port=0',
];

const READY_WITHIN_MS = 60_000;

/** Waits for what the API server itself calls ready. @see https://kubernetes.io/docs/reference/using-api/health-checks/ */
async function untilReady(url: string, caFile: string, signal: AbortSignal): Promise<void> {
  const deadlineMs = performance.now() + READY_WITHIN_MS;
  let answer = 'no answer yet';
  while (performance.now() < deadlineMs && !signal.aborted) {
    answer = await readiness(url, caFile).catch((error: unknown) => String(error));
    if (answer === 'ok') return;
    await delay(100);
  }
  throw new Error(`kube-apiserver is not ready after ${READY_WITHIN_MS / 1000} s: ${answer}`);
}

async function readiness(url: string, caFile: string): Promise<string> {
  const ca = await readFile(caFile); // the server writes it while it starts
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  get(`${url}/readyz`, { ca, agent: false }, (answer) => {
    text(answer).then(resolve, reject);
  }).once('error', reject);
  return promise;
}
