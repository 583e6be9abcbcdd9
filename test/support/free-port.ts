import { once } from 'node:events';
import { createServer } from 'node:net';

/** A port of 127.0.0.1 at which nothing listened a moment ago. For programs that cannot take port 0. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no free port on 127.0.0.1');
  server.close();
  await once(server, 'close');
  return address.port;
}
