import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

export type ScriptedRequest = {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
};

/** `hang` never answers, `stall` sends the headers and no body, `drop` closes the connection. */
export type ScriptedReply =
  | { readonly status: number; readonly body?: string; readonly headers?: Readonly<Record<string, string>> }
  | 'hang'
  | 'stall'
  | 'drop';

export type ScriptedServer = AsyncDisposable & {
  readonly url: string;
  readonly requests: readonly ScriptedRequest[];
};

/** An HTTP server on loopback that answers as told and remembers what it was asked. */
export async function scriptedServer(reply: (request: ScriptedRequest) => ScriptedReply): Promise<ScriptedServer> {
  const requests: ScriptedRequest[] = [];
  const server = createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const request: ScriptedRequest = {
        method: incoming.method ?? '',
        url: incoming.url ?? '',
        headers: incoming.headers,
        body: Buffer.concat(chunks).toString(),
      };
      requests.push(request);
      const answer = reply(request);
      if (answer === 'hang') return;
      if (answer === 'drop') {
        incoming.socket.destroy();
        return;
      }
      if (answer === 'stall') {
        response.writeHead(200, { 'content-length': '100' });
        response.flushHeaders();
        return;
      }
      response.writeHead(answer.status, answer.headers ?? {});
      response.end(answer.body ?? '');
    });
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', resolve);
  await promise;
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

/** Error of a query service: SES, IAM, STS. */
export function queryError(status: number, code: string, message: string): ScriptedReply {
  return {
    status,
    headers: { 'content-type': 'text/xml', 'x-amzn-requestid': '11111111-2222-3333-4444-555555555555' },
    body:
      `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error>` +
      '<RequestId>11111111-2222-3333-4444-555555555555</RequestId></ErrorResponse>',
  };
}

/** Error of S3. */
export function s3Error(status: number, code: string, message: string): ScriptedReply {
  return {
    status,
    headers: { 'content-type': 'application/xml' },
    body: `<Error><Code>${code}</Code><Message>${message}</Message><RequestId>4442587FB7D0A2F9</RequestId></Error>`,
  };
}

/** Error of Lambda. */
export function lambdaError(status: number, code: string, message: string): ScriptedReply {
  return {
    status,
    headers: { 'content-type': 'application/json', 'x-amzn-errortype': code },
    body: JSON.stringify({ Type: 'User', message }),
  };
}

/** Answer to GetCallerIdentity, which every call to a bucket asks for once. */
export const CALLER_IDENTITY: ScriptedReply = {
  status: 200,
  body:
    '<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::123456789012:user/me</Arn><UserId>A</UserId>' +
    '<Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>',
};

/** Which query action a request is, undefined for other protocols. */
export function queryAction({ body }: ScriptedRequest): string | undefined {
  return new URLSearchParams(body).get('Action') ?? undefined;
}
