import { invalidSpec } from '../core/fault.ts';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { showListenAddress, type ListenAddress } from './listen-address.ts';

export type PageReply = { readonly status: number; readonly contentType: string; readonly body: string };

/** A page that is read: no parameters, no body. */
export type Page = {
  readonly path: string;
  readonly render: () => PageReply | Promise<PageReply>;
  /** Answers only callers on this machine. */
  readonly loopbackOnly?: boolean;
};

export type RunningServer = {
  readonly address: ListenAddress;
  /** Takes no more requests, answers what is under way, and closes. */
  readonly stop: () => Promise<void>;
};

export type HttpServerOptions = {
  readonly address: ListenAddress;
  readonly pages: readonly Page[];
  /** A page that is not there by then is given up. */
  readonly renderTimeoutMs?: number;
  /** What is under way may take so long once `stop` was called. */
  readonly stopTimeoutMs?: number;
  readonly onError?: (path: string, error: unknown) => void;
};

const MAX_CONNECTIONS = 64;

/**
 * Serves a few small pages to a scraper, a kubelet and the odd person. Requests are bounded in number, size and time; a
 * page that fails is a 500 and never ends the process.
 *
 * @throws when the address cannot be had; the message says what to do
 */
export async function startHttpServer(options: HttpServerOptions): Promise<RunningServer> {
  const server = createServer(
    {
      headersTimeout: 5_000,
      requestTimeout: 10_000,
      keepAliveTimeout: 5_000,
      maxHeaderSize: 8_192,
      connectionsCheckingInterval: 2_000,
    },
    (request, response) => void serve(options, request, response),
  );
  server.maxConnections = MAX_CONNECTIONS;
  server.on('clientError', (_error, socket) => {
    if (socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
    else socket.destroy();
  });
  await listen(server, options.address);
  const { port } = server.address() as AddressInfo;
  return {
    address: { host: options.address.host, port },
    stop: () => close(server, options.stopTimeoutMs ?? 2_000),
  };
}

function listen(server: Server, address: ListenAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const why =
        error.code === 'EADDRINUSE' ? 'is already in use' : `cannot be opened (${error.code ?? error.message})`;
      const message = `The address ${showListenAddress(address)} ${why}: stop what listens there, or choose another.`;
      reject(invalidSpec(message, { cause: error }));
    });
    server.listen({ port: address.port, ...(address.host !== undefined && { host: address.host }) }, resolve);
  });
}

function close(server: Server, timeoutMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.closeAllConnections(), timeoutMs);
    server.close(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}

async function serve(options: HttpServerOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  // A body is of no use to any page; what has been sent of one is dropped with the connection.
  const hasBody =
    request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0;
  const reply = hasBody ? text(413, 'No page takes a request body.') : await replyTo(options, request);
  response.writeHead(reply.status, {
    'content-type': reply.contentType,
    'content-length': Buffer.byteLength(reply.body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...(reply.status === 405 && { allow: 'GET, HEAD' }),
    ...(hasBody && { connection: 'close' }),
  });
  response.end(request.method === 'HEAD' ? undefined : reply.body);
}

async function replyTo(
  { pages, renderTimeoutMs = 5_000, onError }: HttpServerOptions,
  request: IncomingMessage,
): Promise<PageReply> {
  const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
  const page = pages.find((candidate) => candidate.path === path);
  if (page === undefined) return text(path === '/' ? 200 : 404, `Pages: ${pages.map((each) => each.path).join(' ')}`);
  if (request.method !== 'GET' && request.method !== 'HEAD') return text(405, 'Pages can only be read: GET or HEAD.');
  if (page.loopbackOnly === true && !isFromThisMachine(request))
    return text(
      403,
      `${path} answers only on this machine: use kubectl port-forward, and open it as http://localhost.`,
    );
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`it was not ready after ${renderTimeoutMs} ms`)), renderTimeoutMs);
  try {
    return await Promise.race([page.render(), late]);
  } catch (error) {
    onError?.(path, error);
    return text(500, `${path} could not be made; the log says why.`);
  } finally {
    clearTimeout(timer);
  }
}

// Exactly these: a service mesh hands on what comes from outside from another address of 127.0.0.0/8.
const LOOPBACK: readonly string[] = ['127.0.0.1', '::1', '::ffff:127.0.0.1'];
const LOCAL_NAME = /^(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?$/i;

/** The name rules out a web page that has its own name point here; a forwarding header, that a proxy asks for somebody. */
function isFromThisMachine({ socket, headers }: IncomingMessage): boolean {
  const isForwarded = headers['x-forwarded-for'] !== undefined || headers.forwarded !== undefined;
  return LOOPBACK.includes(socket.remoteAddress ?? '') && LOCAL_NAME.test(headers.host ?? '') && !isForwarded;
}

export const text = (status: number, body: string): PageReply => ({
  status,
  contentType: 'text/plain; charset=utf-8',
  body: `${body}\n`,
});
