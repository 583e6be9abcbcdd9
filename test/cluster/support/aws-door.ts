import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** One replica's own way to AWS, so that its calls can be told from those of another. */
export type AwsDoor = {
  readonly url: string;
  /** When it last sent something, and when first; `performance.now`. Undefined: never. */
  readonly firstSentAtMs: () => number | undefined;
  readonly lastSentAtMs: () => number | undefined;
  readonly stop: () => Promise<void>;
};

export async function openAwsDoor(awsUrl: string): Promise<AwsDoor> {
  const port = Number(new URL(awsUrl).port);
  const sockets = new Set<Socket>();
  let firstSentAtMs: number | undefined;
  let lastSentAtMs: number | undefined;
  const server = createServer((inside) => {
    const outside = connect(port, '127.0.0.1');
    inside.on('data', () => {
      lastSentAtMs = performance.now();
      firstSentAtMs ??= lastSentAtMs;
    });
    for (const [socket, other] of [
      [inside, outside],
      [outside, inside],
    ] as const) {
      sockets.add(socket);
      socket.pipe(other);
      socket.on('error', () => other.destroy());
      socket.once('close', () => sockets.delete(socket));
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    firstSentAtMs: () => firstSentAtMs,
    lastSentAtMs: () => lastSentAtMs,
    stop: async () => {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
