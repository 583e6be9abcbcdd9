import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';
import { resourceOf, spansOf, type Sent } from './otlp.ts';

/**
 * Takes spans over HTTP, as a collector does, until the test ends. @param answers false: it takes them and says nothing
 * @see https://opentelemetry.io/docs/specs/otlp/#otlphttp
 */
export async function otlpReceiver({ answers = true } = {}) {
  const requests: { readonly path: string; readonly headers: NodeJS.Dict<string | string[]>; readonly sent: Sent }[] =
    [];
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      requests.push({ path: request.url ?? '', headers: request.headers, sent: JSON.parse(body) as Sent });
      if (answers) response.setHeader('content-type', 'application/json').end('{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const sent = () => requests.map((request) => request.sent);
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    spans: () => spansOf(sent()),
    /** Of the process that sent the spans. */
    resource: () => resourceOf(sent()),
  };
}
