import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Agent, request as httpsRequest, type RequestOptions } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { json, text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { KubeConfig } from '@kubernetes/client-node';
import { apiCallOf, type ApiCall } from './api-call.ts';
import { createApiFaults, statusObject, type ApiFault, type ApiFaults } from './api-faults.ts';

/** An answered request. */
export type RecordedCall = ApiCall & { readonly status: number };

/** Stands between a client and the API server: writes down what is asked for, and makes trouble on demand. */
export type ApiProxy = {
  /** Plain http on loopback. Whoever comes here is signed in as the user of the kubeconfig. */
  readonly url: string;
  /** Every request that was answered, by us or by the API server. */
  readonly calls: () => readonly RecordedCall[];
  /** Objects as the API server had them after each write of a status. */
  readonly statusWrites: () => readonly unknown[];
  readonly fail: ApiFaults['order'];
  /** Resets the connection of each open watch of a resource. @returns how many there were */
  readonly resetWatches: (resource: string) => number;
  /** From now on no byte passes over the connections that are open now, and none of them is closed. New ones work. */
  readonly fallSilent: () => void;
  readonly stop: () => Promise<void>;
};

/** @param kubeconfig path of one with a client certificate */
export async function startApiProxy(kubeconfig: string): Promise<ApiProxy> {
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  const server = config.getCurrentCluster()?.server ?? '';
  const tls: RequestOptions = {};
  await config.applyToHTTPSOptions(tls);
  const { ca, cert, key } = tls;
  const agent = new Agent({ keepAlive: true, ca, cert, key });

  const faults = createApiFaults();
  const calls: RecordedCall[] = [];
  const statusWrites: unknown[] = [];
  const sockets = new Set<Socket>();
  const silent = new WeakSet<Socket>();
  const watches = new Map<ServerResponse, ApiCall>();

  /** What the API server says; undefined when it cannot be reached. */
  const askServer = async (request: IncomingMessage, body: string, signal: AbortSignal) => {
    const { host: _, connection: __, ...headers } = request.headers;
    const { promise, resolve } = Promise.withResolvers<IncomingMessage | undefined>();
    const { url = '/', method = 'GET' } = request;
    httpsRequest(new URL(url, server), { method, headers, agent, signal })
      .once('response', resolve)
      .on('error', () => resolve(undefined))
      .end(body);
    return promise;
  };

  const passOn = async (
    request: IncomingMessage,
    response: ServerResponse,
    body: string,
    call: ApiCall | undefined,
  ) => {
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    const answer = await askServer(request, body, gone.signal);
    if (answer === undefined) return reset(request.socket);
    const status = answer.statusCode ?? 0;
    if (call !== undefined) calls.push({ ...call, status });
    if (call?.verb === 'watch') watches.set(response, call);
    response.once('close', () => watches.delete(response));
    if (call?.verb === 'patch' && call.resource === 'seslambdapipelines/status' && status === 200) {
      const written = await text(answer);
      statusWrites.push(JSON.parse(written));
      if (!silent.has(request.socket)) response.writeHead(status, withoutLength(answer)).end(written);
      return;
    }
    if (silent.has(request.socket)) return;
    response.writeHead(status, withoutLength(answer)).flushHeaders();
    answer.on('data', (chunk: Buffer) => silent.has(request.socket) || response.write(chunk));
    answer.once('end', () => silent.has(request.socket) || response.end());
    answer.once('error', () => silent.has(request.socket) || reset(request.socket));
  };

  const strike = async (
    fault: ApiFault,
    call: ApiCall,
    request: IncomingMessage,
    response: ServerResponse,
    body: string,
  ): Promise<void> => {
    switch (fault.kind) {
      case 'refuse': {
        const { status, reason, retryAfterSeconds } = fault;
        calls.push({ ...call, status });
        const wait = retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) };
        response.writeHead(status, { 'content-type': 'application/json', ...wait });
        response.end(JSON.stringify(statusObject(status, reason, retryAfterSeconds)));
        return;
      }
      case 'expired-event':
        calls.push({ ...call, status: 200 });
        response.writeHead(200, { 'content-type': 'application/json' });
        response.end(`${JSON.stringify({ type: 'ERROR', object: statusObject(410, 'Expired') })}\n`);
        return;
      case 'reset':
        if (fault.when === 'after') {
          const answer = await askServer(request, body, AbortSignal.timeout(10_000));
          if (answer !== undefined) {
            await json(answer);
            calls.push({ ...call, status: answer.statusCode ?? 0 });
          }
        }
        reset(request.socket);
        return;
      case 'slow':
        await delay(fault.delayMs);
        await passOn(request, response, body, call);
    }
  };

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (silent.has(request.socket)) return;
    const call = apiCallOf(request.method ?? 'GET', request.url ?? '/');
    const body = await text(request);
    const fault = call === undefined ? undefined : faults.strike(call);
    if (fault === undefined || call === undefined) await passOn(request, response, body, call);
    else await strike(fault, call, request, response, body);
  };

  const front = createServer((request, response) => {
    serve(request, response).catch(() => reset(request.socket));
  });
  front.keepAliveTimeout = 0; // the API server keeps an idle connection, and a silent one must not be closed
  front.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  front.listen(0, '127.0.0.1');
  await once(front, 'listening');

  return {
    url: `http://127.0.0.1:${(front.address() as AddressInfo).port}`,
    calls: () => [...calls],
    statusWrites: () => [...statusWrites],
    fail: faults.order,
    resetWatches: (resource) => {
      const open = [...watches].flatMap(([response, call]) => (call.resource === resource ? [response] : []));
      for (const response of open) if (response.socket !== null) reset(response.socket);
      return open.length;
    },
    fallSilent: () => {
      for (const socket of sockets) silent.add(socket);
    },
    stop: async () => {
      const closed = once(front, 'close');
      front.close();
      front.closeAllConnections();
      agent.destroy();
      await closed;
    },
  };
}

const reset = (socket: Socket): void => void socket.resetAndDestroy();

/** A body may be cut short on its way, so its length is not promised. */
function withoutLength({ headers }: IncomingMessage): IncomingMessage['headers'] {
  const { 'content-length': _, 'transfer-encoding': __, connection: ___, ...rest } = headers;
  return rest;
}
