import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';

/**
 * How fast the sandbox starts, and how many simple calls it answers in a second: `npm run bench:sandbox`.
 * Beside each number stands a yardstick of the same machine at the same time: `node -e 0`, and a bare HTTP server.
 */
const MAIN = fileURLToPath(new URL('../../bin/ses-lambda-pipeline.js', import.meta.url));
const ROUNDS = 5;
const CALLS = 5000;
const AT_ONCE = 16;
const SIGNATURE = 'SignedHeaders=host, Signature=0';
const signedFor = (service: string): string =>
  `AWS4-HMAC-SHA256 Credential=any/20260101/us-west-2/${service}/aws4_request, ${SIGNATURE}`;

const FORM = 'application/x-www-form-urlencoded';
const SIMPLE_CALLS: Readonly<
  Record<string, { method: string; path: string; headers: Record<string, string>; body: string }>
> = {
  's3:ListBuckets': { method: 'GET', path: '/', headers: { authorization: signedFor('s3') }, body: '' },
  'iam:ListRoles': {
    method: 'POST',
    path: '/',
    headers: { authorization: signedFor('iam'), 'content-type': FORM },
    body: 'Action=ListRoles',
  },
  'ses:DescribeActiveReceiptRuleSet': {
    method: 'POST',
    path: '/',
    headers: { authorization: signedFor('ses'), 'content-type': FORM },
    body: 'Action=DescribeActiveReceiptRuleSet',
  },
  'lambda:ListFunctions': {
    method: 'GET',
    path: '/2015-03-31/functions',
    headers: { authorization: signedFor('lambda') },
    body: '',
  },
};

const BARE_SERVER = `
  const server = require('node:http').createServer((_request, response) => response.end('ok'));
  server.listen(0, '127.0.0.1', () => console.log('http://127.0.0.1:' + server.address().port));`;

type Started = { readonly url: string; readonly startMs: number; readonly stop: () => Promise<void> };

/** Runs a server that prints its address; its start is over with that line. */
async function start(args: readonly string[]): Promise<Started> {
  const begunAt = performance.now();
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let printed = '';
  for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
    printed += chunk.toString();
    const url = /http:\/\/127\.0\.0\.1:\d+/.exec(printed)?.[0];
    if (url === undefined) continue;
    const startMs = performance.now() - begunAt;
    return { url, startMs, stop: () => ended(child) };
  }
  throw new Error('The server ended before it said where it listens.');
}

async function ended(child: ReturnType<typeof spawn>): Promise<void> {
  child.kill('SIGKILL');
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}

async function callsASecond(url: string, call: (typeof SIMPLE_CALLS)[string]): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
  const { method, path, headers, body } = call;
  const send = async (): Promise<void> => {
    const sent = request(`${url}${path}`, { method, headers, agent });
    sent.end(body);
    const [response] = await once(sent, 'response');
    if (response.statusCode !== 200) throw new Error(`${path} was answered with ${response.statusCode}`);
    response.resume();
    await once(response, 'end');
  };
  let left = CALLS;
  const worker = async (): Promise<void> => {
    while (left-- > 0) await send();
  };
  const begunAt = performance.now();
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  agent.destroy();
  return CALLS / ((performance.now() - begunAt) / 1000);
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

async function medianStartMs(args: readonly string[]): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const server = await start(args);
    times.push(server.startMs);
    await server.stop();
  }
  return median(times);
}

function medianNodeMs(): number {
  return median(
    Array.from({ length: ROUNDS }, () => {
      const begunAt = performance.now();
      spawnSync(process.execPath, ['-e', '0']);
      return performance.now() - begunAt;
    }),
  );
}

const SANDBOX = [MAIN, 'sandbox', '--port', '0', '--smtp-port', '0'];
const row = (what: string, value: string): void => console.log(`${what.padEnd(36)} ${value.padStart(12)}`);

row('node -e 0', `${medianNodeMs().toFixed(0)} ms`);
row('the sandbox, until it answers', `${(await medianStartMs(SANDBOX)).toFixed(0)} ms`);

const bare = await start(['-e', BARE_SERVER]);
const simplest = { method: 'GET', path: '/', headers: {}, body: '' };
await callsASecond(bare.url, simplest); // warms both ends up
row('a bare HTTP server', `${(await callsASecond(bare.url, simplest)).toFixed(0)} calls/s`);
await bare.stop();

const sandbox = await start(SANDBOX);
for (const [operation, call] of Object.entries(SIMPLE_CALLS)) {
  await callsASecond(sandbox.url, call);
  row(operation, `${(await callsASecond(sandbox.url, call)).toFixed(0)} calls/s`);
}
await sandbox.stop();
