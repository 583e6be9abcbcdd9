import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { KubeConfig } from '@kubernetes/client-node';
import { systemClock } from '../../../src/aws/system-clock.ts';
import { createKubernetesApi, type ApiOptions, type KubernetesApi } from '../../../src/kubernetes/api.ts';
import type { ApiObject } from '../../../src/kubernetes/api-object.ts';
import { kubeConfigTransport } from '../../../src/kubernetes/api-transport.ts';

export type SeenRequest = {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
};

export type ApiServer = AsyncDisposable & {
  readonly url: string;
  readonly requests: readonly SeenRequest[];
  readonly lists: () => readonly SeenRequest[];
  readonly watches: () => readonly SeenRequest[];
};

/** An API server on loopback that answers as the test says, over real sockets. */
export async function apiServer(reply: (request: SeenRequest, response: ServerResponse) => void): Promise<ApiServer> {
  const requests: SeenRequest[] = [];
  const server = createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const url = new URL(incoming.url ?? '/', 'http://server');
      const request: SeenRequest = {
        method: incoming.method ?? '',
        path: url.pathname,
        query: Object.fromEntries(url.searchParams),
        headers: incoming.headers,
        body: Buffer.concat(chunks).toString(),
      };
      requests.push(request);
      reply(request, response);
    });
  });
  const listening = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', listening.resolve);
  await listening.promise;
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    lists: () => requests.filter(({ method, query }) => method === 'GET' && query['watch'] === undefined),
    watches: () => requests.filter(({ query }) => query['watch'] !== undefined),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

export function kubeConfigFor(server: string, user: Readonly<Record<string, unknown>> = {}): KubeConfig {
  const config = new KubeConfig();
  config.loadFromClusterAndUser({ name: 'test', server, skipTLSVerify: false }, { name: 'me', ...user });
  return config;
}

export function apiOf(server: Pick<ApiServer, 'url'>, options: Partial<ApiOptions> = {}): KubernetesApi {
  const transport = kubeConfigTransport(kubeConfigFor(server.url, { token: 'secret' }));
  return createKubernetesApi({ transport, clock: systemClock(), ...options });
}

export function answer(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(typeof body === 'string' ? body : JSON.stringify(body));
}

export function answerList(
  response: ServerResponse,
  items: readonly ApiObject[],
  resourceVersion: string,
  continueToken?: string,
): void {
  answer(response, 200, { kind: 'List', metadata: { resourceVersion, continue: continueToken ?? '' }, items });
}

/** Accepts a watch and sends these events; it stays open. */
export function answerWatch(response: ServerResponse, ...events: readonly string[]): void {
  response.writeHead(200, { 'content-type': 'application/json', 'transfer-encoding': 'chunked' });
  response.flushHeaders();
  for (const event of events) response.write(event);
}

export function eventLine(type: string, object: unknown): string {
  return `${JSON.stringify({ type, object })}\n`;
}

export function bookmark(resourceVersion: string): string {
  return eventLine('BOOKMARK', { kind: 'ConfigMap', metadata: { resourceVersion } });
}

export function statusBody(code: number, reason: string, message = reason, details: object = {}): object {
  return { kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason, message, details };
}

export type TestObject = ApiObject & { readonly data?: Readonly<Record<string, string>> };

export function configMap(
  name: string,
  resourceVersion: string,
  rest: Partial<TestObject> & { uid?: string } = {},
): TestObject {
  const { uid = `uid-of-${name}`, ...other } = rest;
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'mail', uid, resourceVersion }, ...other };
}
