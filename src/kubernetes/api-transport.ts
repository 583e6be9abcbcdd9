import { Agent as HttpAgent, request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { KubeConfig, type Cluster } from '@kubernetes/client-node';

export type HttpCall = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH';
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal: AbortSignal;
};

export type HttpAnswer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Throws when the connection breaks before the end, or the call's signal is aborted. */
  readonly body: AsyncIterable<Uint8Array>;
};

/** Sends one request and resolves with the head of the answer. Decides nothing: any status is an answer. */
export type Transport = (call: HttpCall) => Promise<HttpAnswer>;

const LOOPBACK = /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/;

/**
 * The way to the current cluster of a kubeconfig: its address, TLS, proxy and credentials, asked for anew for each call,
 * since tokens and certificates are rotated. Connections are kept and shared. Plain http is for loopback only.
 */
export function kubeConfigTransport(kubeConfig: KubeConfig): Transport {
  const cluster = kubeConfig.getCurrentCluster();
  if (cluster === null) throw new Error('The kubeconfig has no current cluster. Choose a context, or set KUBECONFIG.');
  const config = allowLoopback(kubeConfig, cluster);
  const agentFor = keptAgents(cluster);

  return async (call) => {
    const options: RequestOptions & TlsOptions = { method: call.method, signal: call.signal };
    await config.applyToHTTPSOptions(options);
    const query = call.query.size === 0 ? '' : `?${call.query.toString()}`;
    const url = new URL(cluster.server.replace(/\/+$/, '') + call.path + query);
    const agent = agentFor(options);
    const prepared = {
      ...options,
      ...(agent !== undefined && { agent }),
      headers: { ...asHeaders(options.headers), ...call.headers },
    };
    return await send(url, prepared, call.body, true);
  };
}

/** client-node refuses http unless TLS is not verified; to loopback there is nothing to verify. */
function allowLoopback(kubeConfig: KubeConfig, cluster: Cluster): KubeConfig {
  const { protocol, hostname } = new URL(cluster.server);
  if (protocol !== 'http:' || !LOOPBACK.test(hostname)) return kubeConfig;
  const copy = new KubeConfig();
  copy.loadFromOptions({
    clusters: [{ ...cluster, skipTLSVerify: true }],
    users: kubeConfig.getUsers(),
    contexts: kubeConfig.getContexts(),
    currentContext: kubeConfig.getCurrentContext(),
  });
  return copy;
}

type TlsOptions = {
  ca?: unknown;
  cert?: unknown;
  key?: unknown;
  servername?: string;
  rejectUnauthorized?: boolean;
};

/**
 * client-node's own agent opens a connection for each request and never sees a rotated certificate. A proxy is left to it.
 * @returns undefined: keep the one that client-node chose
 */
function keptAgents(cluster: Cluster): (tls: TlsOptions) => HttpAgent | undefined {
  // 30 s as in client-go: below the idle limit of load balancers in front of an API server.
  const kept = { keepAlive: true, keepAliveMsecs: 30_000 };
  let made: { readonly tls: string; readonly agent: HttpAgent } | undefined;
  return ({ ca, cert, key, servername, rejectUnauthorized }) => {
    if (cluster.proxyUrl !== undefined) return undefined;
    const tls = JSON.stringify([ca, cert, key, servername, rejectUnauthorized].map(String));
    if (made?.tls !== tls) {
      const options = { ca, cert, key, servername, rejectUnauthorized } as object;
      made = {
        tls,
        agent: cluster.server.startsWith('http:')
          ? new HttpAgent(kept)
          : new HttpsAgent({ ...kept, ...defined(options) }),
      };
    }
    return made.agent;
  };
}

/**
 * A kept connection on which no answer came is most likely dead without knowing it, and those that lie idle beside it
 * are no better: trying them one after the other would cost a Lease.
 */
function dropIdle(agent: RequestOptions['agent']): void {
  if (typeof agent !== 'object') return;
  for (const socket of Object.values(agent.freeSockets).flatMap((sockets) => sockets ?? [])) socket.destroy();
}

function defined(options: object): object {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

function asHeaders(headers: RequestOptions['headers']): Record<string, string> {
  return (headers ?? {}) as Record<string, string>;
}

function send(url: URL, options: RequestOptions, body: string | undefined, firstTry: boolean): Promise<HttpAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<HttpAnswer>();
  const request = (url.protocol === 'http:' ? httpRequest : httpsRequest)(url, options);
  let answered = false;
  request.on('response', (response: IncomingMessage) => {
    answered = true;
    response.on('error', () => {}); // told to whoever reads the body; nobody does once a call was given up
    resolve({ status: response.statusCode ?? 0, headers: response.headers as HttpAnswer['headers'], body: response });
  });
  request.on('error', (error: NodeJS.ErrnoException) => {
    // The server closed a kept connection while it was idle: a read is simply sent over a new one.
    // A stream that breaks comes here as well, and whoever reads it is told: sent again, nobody would read it.
    if (!answered && request.reusedSocket && options.signal?.aborted === true) dropIdle(options.agent);
    const idle = !answered && request.reusedSocket && error.code === 'ECONNRESET' && options.method === 'GET';
    if (idle && firstTry) resolve(send(url, options, body, false));
    else reject(error);
  });
  request.end(body);
  return promise;
}
