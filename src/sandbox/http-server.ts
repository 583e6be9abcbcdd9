import { once } from 'node:events';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { notImplemented, shapeOf } from './aws-error.ts';
import { createServer } from './node-http.ts';
import { portRefusal } from './port-holder.ts';
import type { AwsErrorShape, Call, Clock, FaultOutcome, Faults, Ids, Principal, Reply, Service } from './service.ts';
import { decodeAwsChunked, isAwsChunked } from './wire/aws-chunked.ts';
import { refuseUnrouted, serviceOf, unroutedOperation } from './unrouted.ts';
import { jsonReply } from './wire/rest-json.ts';
import { isSignedInTheOldWay, readSignature } from './wire/signature.ts';

/** A running front door: one loopback port for all services. `stop` ends every connection. */
export type HttpServer = { readonly url: string; readonly port: number; readonly stop: () => Promise<void> };

export type HttpServerOptions = {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly services: readonly Service[];
  /** The sandbox's own pages, by path prefix. They need no signature; the longest prefix wins. */
  readonly routes: Readonly<Record<string, (call: Call) => Reply | Promise<Reply>>>;
  /** Undefined refuses the key: a session's id with a wrong or missing token. */
  readonly principalOf: (accessKeyId: string, sessionToken: string | undefined) => Principal | undefined;
  /** A refusal of the whole operation, before the service sees it; the service words it. */
  readonly authorize?: (operation: string, call: Call) => AwsErrorShape | undefined;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly faults: Faults;
};

const MAX_BODY_BYTES = 60 * 1024 * 1024;
/** Up to here a body that is too large is read and thrown away: many clients listen only when they have sent all. */
const MAX_DISCARDED_BYTES = 256 * 1024 * 1024;

/**
 * Starts to listen. Every request gets an answer (or is dropped by a fault); none ends the process. Signatures are read
 * for the service, the region and the key id, and not verified.
 *
 * @throws when the port cannot be had; the sentence names it, `cause` is the system's error
 */
export async function startHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const server = createServer((request, response) => {
    serve(options, request, response).catch(() => giveUp(response));
  });
  // A client that asks before it sends a body is told at once when it is too large.
  server.on('checkContinue', (request, response) => {
    if (!declares(request, MAX_BODY_BYTES)) response.writeContinue();
    serve(options, request, response).catch(() => giveUp(response));
  });
  server.on('clientError', (_error, socket) => {
    if (socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
    else socket.destroy();
  });
  // A client that says nothing for a minute is gone; one that sends slowly is waited for.
  server.headersTimeout = 60_000;
  server.requestTimeout = 300_000;
  // Longer than SDK clients keep an idle connection, so they never write into a socket that just closed.
  server.keepAliveTimeout = 65_000;

  await listen(server, options.host, options.port);
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${reachable(options.host)}:${port}`,
    port,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Who listens everywhere is found on loopback too. */
function reachable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}

async function listen(server: Server, host: string, port: number): Promise<void> {
  const listening = once(server, 'listening');
  server.listen(port, host);
  await listening.catch(async (error: Error) => {
    throw await portRefusal('Port', host, port, error);
  });
}

async function serve(options: HttpServerOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const requestId = uuid(options.ids.hex(32));
  const body = isFarTooLarge(request) ? undefined : await readBody(request);
  const answer = await answerTo(options, request, body, requestId);
  if (answer.kind === 'drop') {
    request.socket.destroy();
    return;
  }
  const { status, headers, body: content } = answer.reply;
  // What was not read must not be taken for the next request.
  if (!request.complete) response.shouldKeepAlive = false;
  response.writeHead(status, { 'x-amzn-requestid': requestId, ...lengthOf(request, headers, content), ...headers });
  response.end(request.method === 'HEAD' || status === 204 ? undefined : content);
}

/** The client went away, or the answer cannot be written (a header with a line break in it). */
function giveUp(response: ServerResponse): void {
  if (response.headersSent) response.destroy();
  else response.writeHead(400, { 'content-length': 0 }).end();
}

/** A HEAD answer keeps the length the service states: it is that of the object, not of the (empty) body. */
function lengthOf(request: IncomingMessage, headers: Reply['headers'], content: Reply['body']): Record<string, number> {
  if (request.method === 'HEAD' || 'content-length' in headers) return {};
  return { 'content-length': Buffer.byteLength(content) };
}

type Answer = { readonly kind: 'reply'; readonly reply: Reply } | { readonly kind: 'drop' };

async function answerTo(
  options: HttpServerOptions,
  request: IncomingMessage,
  body: Buffer | undefined,
  requestId: string,
): Promise<Answer> {
  const read = readCall(options, request, body ?? Buffer.alloc(0), requestId);
  const { call } = read;
  const service = options.services.find(({ signingName }) => signingName === read.service);
  const refuse = (error: AwsErrorShape): Answer =>
    reply(service === undefined ? refuseUnrouted(call, error) : service.refuse(call, error));

  if (body === undefined) {
    const code = read.service === 's3' ? 'EntityTooLarge' : 'RequestEntityTooLargeException';
    const message = `The request body is larger than ${MAX_BODY_BYTES / 1024 / 1024} MiB, the most the sandbox takes.`;
    return refuse({ status: 413, code, message });
  }
  // A browser sends a page's simple requests to this machine without asking, and a presigned query needs no header.
  if (request.headers.origin !== undefined) {
    const message = 'The sandbox does not answer a web page (the request has an Origin header).';
    return refuse({ status: 403, code: 'AccessDeniedException', message });
  }
  const page = pageFor(options, call.path);
  if (page !== undefined && !isLoopbackName(request.headers.host)) {
    // A name that somebody else's DNS points here makes a page of theirs same-origin: no Origin header tells.
    const message = 'The sandbox shows its pages under 127.0.0.1 and localhost only.';
    return refuse({ status: 403, code: 'AccessDeniedException', message });
  }
  if (page !== undefined) return reply(await settle(() => page(call)));
  if (read.kind === 'refused') return refuse(read.error);
  if (service === undefined) return refuse(notImplemented(unroutedOperation(read.service, call)).shape);
  return run(options, service, call);
}

const isLoopbackName = (host: string | undefined): boolean =>
  /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/.test(host ?? '');

/** The one place where faults strike and calls are written down. */
async function run(options: HttpServerOptions, service: Service, call: Call): Promise<Answer> {
  const operation = service.operationOf(call);
  const at = options.clock.now();
  const answer = await execute(options, service, operation, call);
  const status = answer.kind === 'drop' ? undefined : answer.reply.status;
  options.faults.record({ operation, region: call.region, principal: call.principal, at, status });
  return answer;
}

async function execute(options: HttpServerOptions, service: Service, operation: string, call: Call): Promise<Answer> {
  const fault = (outcome: FaultOutcome): Answer =>
    outcome.kind === 'error' ? reply(service.refuse(call, outcome)) : outcome;

  const before = await options.faults.before(operation, call);
  if (before !== undefined) return fault(before);
  const refusal = options.authorize?.(operation, call);
  if (refusal !== undefined) return reply(service.refuse(call, refusal));
  const answered = await service.handle(call).catch((error: unknown) => service.refuse(call, shapeOf(error)));
  const after = await options.faults.after(operation, call, answered);
  return after === undefined ? reply(answered) : fault(after);
}

function reply(value: Reply): Answer {
  return { kind: 'reply', reply: value };
}

async function settle(page: () => Reply | Promise<Reply>): Promise<Reply> {
  try {
    return await page();
  } catch (error) {
    return jsonReply(shapeOf(error).status, { message: shapeOf(error).message });
  }
}

function pageFor(options: HttpServerOptions, path: string): ((call: Call) => Reply | Promise<Reply>) | undefined {
  const prefix = Object.keys(options.routes)
    .filter((candidate) => path.startsWith(candidate))
    .sort((a, b) => b.length - a.length)[0];
  return prefix === undefined ? undefined : options.routes[prefix];
}

type ReadCall =
  | { readonly kind: 'signed'; readonly service: string; readonly call: Call }
  | {
      readonly kind: 'refused';
      readonly service: string | undefined;
      readonly error: AwsErrorShape;
      readonly call: Call;
    };

function readCall(options: HttpServerOptions, request: IncomingMessage, body: Buffer, requestId: string): ReadCall {
  const { path, query } = splitUrl(request.url ?? '/');
  const headers = plainHeaders(request);
  const signature = readSignature(headers, query);
  const anonymous: Principal = { kind: 'root', account: '' };
  const bare: Call = {
    method: request.method ?? 'GET',
    path,
    query,
    headers,
    body,
    region: signature?.region ?? 'us-east-1',
    principal: anonymous,
    requestId,
  };
  if (signature === undefined && isSignedInTheOldWay(headers, query)) {
    const message =
      'The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256 (for presigned ' +
      "addresses botocore and the AWS CLI 1 want signature_version = 's3v4').";
    return { kind: 'refused', service: 's3', call: bare, error: { status: 400, code: 'InvalidRequest', message } };
  }
  if (signature === undefined) {
    const message = 'The request is not signed (Signature Version 4). Configure any static access key in the client.';
    const error = { status: 403, code: 'MissingAuthenticationToken', message };
    return { kind: 'refused', service: undefined, call: bare, error };
  }
  const service = serviceOf(signature.service, path);
  const principal = options.principalOf(signature.accessKeyId, signature.sessionToken);
  if (principal === undefined) {
    const message =
      'The security token included in the request is invalid: its session ended or was never issued here.';
    return { kind: 'refused', service, call: bare, error: { status: 403, code: 'InvalidClientTokenId', message } };
  }
  const call = { ...bare, principal };
  if (!isAwsChunked(headers)) return { kind: 'signed', service, call };

  const decoded = decodeAwsChunked(body);
  if (decoded === undefined) {
    const message = 'The aws-chunked body is incomplete or malformed.';
    return { kind: 'refused', service, call, error: { status: 400, code: 'IncompleteBody', message } };
  }
  return {
    kind: 'signed',
    service,
    call: { ...call, body: decoded.body, headers: { ...headers, ...decoded.trailers } },
  };
}

function splitUrl(url: string): { path: string; query: URLSearchParams } {
  const relative = url.replace(/^https?:\/\/[^/?]*/i, '');
  const mark = relative.indexOf('?');
  const path = mark === -1 ? relative : relative.slice(0, mark);
  return { path: path === '' ? '/' : path, query: new URLSearchParams(mark === -1 ? '' : relative.slice(mark + 1)) };
}

function plainHeaders(request: IncomingMessage): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(',') : value;
  }
  return headers;
}

function declares({ headers }: IncomingMessage, bytes: number): boolean {
  return Number(headers['content-length'] ?? 0) > bytes;
}

/** A client that asked first has sent nothing yet, so it need not be read from. */
function isFarTooLarge(request: IncomingMessage): boolean {
  const asked = request.headers.expect?.toLowerCase() === '100-continue';
  return declares(request, asked ? MAX_BODY_BYTES : MAX_DISCARDED_BYTES);
}

/** The whole body; undefined when it is too large (the rest is read and thrown away, so the client sees the answer). */
async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes <= MAX_BODY_BYTES) chunks.push(chunk);
    else chunks.length = 0;
    if (bytes > MAX_DISCARDED_BYTES) return undefined;
  }
  return bytes > MAX_BODY_BYTES ? undefined : Buffer.concat(chunks);
}

function uuid(hex: string): string {
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-');
}
