import { createSocket } from 'node:dgram';

/** What a name has: MX records as `[preference, exchange]`, or why there are none. */
export type ScriptedDnsAnswer = readonly (readonly [number, string])[] | 'no-such-domain' | 'fails' | 'hang';

export type DnsServer = AsyncDisposable & {
  /** `127.0.0.1:port` */
  readonly address: string;
  readonly questions: readonly string[];
  /** Questions that were waiting for an answer at the same time, at most. */
  readonly mostAtOnce: () => number;
};

/** A DNS server on loopback that answers as told, after `delayMs`. @see https://www.rfc-editor.org/rfc/rfc1035#section-4 */
export async function dnsServer(answer: (domain: string) => ScriptedDnsAnswer, delayMs = 0): Promise<DnsServer> {
  const questions: string[] = [];
  const timers = new Set<NodeJS.Timeout>();
  let waiting = 0;
  let most = 0;
  const socket = createSocket('udp4');
  socket.on('message', (query, { port, address }) => {
    const domain = nameIn(query);
    questions.push(domain);
    const told = answer(domain);
    most = Math.max(most, (waiting += 1));
    if (told === 'hang') return;
    const timer = setTimeout(() => {
      timers.delete(timer);
      waiting -= 1;
      socket.send(reply(query, told), port, address);
    }, delayMs);
    timers.add(timer);
  });
  await new Promise<void>((resolve) => {
    socket.bind(0, '127.0.0.1', resolve);
  });
  return {
    address: `127.0.0.1:${socket.address().port}`,
    questions,
    mostAtOnce: () => most,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        for (const timer of timers) clearTimeout(timer);
        socket.close(() => resolve());
      }),
  };
}

const HEADER_BYTES = 12;

function nameIn(query: Buffer): string {
  const labels: string[] = [];
  for (let at = HEADER_BYTES; (query[at] ?? 0) > 0; at += (query[at] ?? 0) + 1)
    labels.push(query.toString('ascii', at + 1, at + 1 + (query[at] ?? 0)));
  return labels.join('.');
}

const RCODES = { 'no-such-domain': 3, fails: 2 } as const;

function reply(query: Buffer, told: Exclude<ScriptedDnsAnswer, 'hang'>): Buffer {
  const questionBytes = nameIn(query).length + 2 + 4;
  const header = Buffer.from(query.subarray(0, HEADER_BYTES));
  const records = typeof told === 'string' ? [] : told;
  header.writeUInt16BE(0x8180 | (typeof told === 'string' ? RCODES[told] : 0), 2);
  header.writeUInt16BE(records.length, 6);
  header.writeUInt32BE(0, 8);
  const question = query.subarray(HEADER_BYTES, HEADER_BYTES + questionBytes);
  return Buffer.concat([header, question, ...records.map(mxRecord)]);
}

function mxRecord([preference, exchange]: readonly [number, string]): Buffer {
  const labels = exchange.split('.').filter((label) => label !== '');
  const name = Buffer.concat([
    ...labels.map((label) => Buffer.from([label.length, ...Buffer.from(label)])),
    Buffer.from([0]),
  ]);
  const fixed = Buffer.alloc(14);
  fixed.writeUInt16BE(0xc00c, 0); // the name that was asked for
  fixed.writeUInt16BE(15, 2); // MX
  fixed.writeUInt16BE(1, 4); // IN
  fixed.writeUInt32BE(60, 6);
  fixed.writeUInt16BE(name.length + 2, 10);
  fixed.writeUInt16BE(preference, 12);
  return Buffer.concat([fixed, name]);
}
