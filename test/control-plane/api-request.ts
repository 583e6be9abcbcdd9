import { readFile } from 'node:fs/promises';
import { Agent, request } from 'node:https';
import { text } from 'node:stream/consumers';

/** What the API server answered; `body` is parsed, unless it is text such as `404 page not found`. */
export type ApiAnswer = { readonly status: number; readonly body: unknown };

/** A connection to an API server for tests that ask more often than a kubectl could be started. */
export type ApiClient = {
  request(method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body?: unknown): Promise<ApiAnswer>;
  close(): void;
};

/** Signs in with a bearer token. Connections are kept between requests, and closed with `close`. */
export async function apiClient(url: string, caFile: string, token: string): Promise<ApiClient> {
  const agent = new Agent({ keepAlive: true, ca: await readFile(caFile) });
  return {
    request: async (method, path, body) => {
      const headers = {
        authorization: `Bearer ${token}`,
        accept: 'application/json',
        'content-type': 'application/json',
      };
      const { promise, resolve, reject } = Promise.withResolvers<ApiAnswer>();
      const sent = request(new URL(path, url), { method, headers, agent });
      sent.once('error', reject);
      sent.once('response', (answer) => {
        text(answer).then((body) => resolve({ status: answer.statusCode ?? 0, body: parsed(body) }), reject);
      });
      sent.end(body === undefined ? undefined : JSON.stringify(body));
      return promise;
    },
    close: () => agent.destroy(),
  };
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return body;
  }
}
