import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { cpuMsOf, cpuMsSince } from './process-cost.ts';

type HttpCall = {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};

const CALLS = 5000;
const AT_ONCE = 16;

const signedFor = (service: string): Record<string, string> => ({
  authorization: `AWS4-HMAC-SHA256 Credential=any/20260101/us-west-2/${service}/aws4_request, SignedHeaders=host, Signature=0`,
});
const get = (service: string, path: string): HttpCall => ({
  method: 'GET',
  path,
  headers: signedFor(service),
  body: '',
});
const form = (service: string, body: string): HttpCall => ({
  method: 'POST',
  path: '/',
  headers: { ...signedFor(service), 'content-type': 'application/x-www-form-urlencoded' },
  body,
});

/** One read of each service, that every one answers without having anything. */
export const SIMPLE_CALLS: Readonly<Record<string, HttpCall>> = {
  's3:ListBuckets': get('s3', '/'),
  'iam:ListRoles': form('iam', 'Action=ListRoles'),
  'sts:GetCallerIdentity': form('sts', 'Action=GetCallerIdentity'),
  'lambda:ListFunctions': get('lambda', '/2015-03-31/functions'),
  'logs:DescribeLogGroups': {
    ...form('logs', '{}'),
    headers: {
      ...signedFor('logs'),
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': 'Logs_20140328.DescribeLogGroups',
    },
  },
  'ses:DescribeActiveReceiptRuleSet': form('ses', 'Action=DescribeActiveReceiptRuleSet'),
};

export const PLAIN_GET: HttpCall = { method: 'GET', path: '/', headers: {}, body: '' };

const BARE_SERVER = `
  const server = require('node:http').createServer((_request, response) => response.end('ok'));
  server.listen(0, '127.0.0.1', () => console.log('http://127.0.0.1:' + server.address().port));`;

/** A server that does nothing but answer, in a process of its own: what HTTP itself costs. */
export async function bareServer(): Promise<Served> {
  const child = spawn(process.execPath, ['-e', BARE_SERVER], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return { url: String(line).trim(), child };
}

/** A server to call, in a process of its own. */
type Served = { readonly url: string; readonly child: ChildProcess };

/** Once to warm both ends up, and once to measure; `cpuMicroseconds` is the server's processor time for one call. */
export async function callsASecond(
  { url, child }: Served,
  call: HttpCall,
): Promise<{ readonly perSecond: number; readonly cpuMicroseconds: number }> {
  await sendMany(url, call);
  const cpuBefore = cpuMsOf(child);
  const before = performance.now();
  await sendMany(url, call);
  const perSecond = CALLS / ((performance.now() - before) / 1000);
  return { perSecond, cpuMicroseconds: (cpuMsSince(cpuBefore, child) * 1000) / CALLS };
}

async function sendMany(url: string, call: HttpCall): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
  let left = CALLS;
  const worker = async (): Promise<void> => {
    while (left-- > 0) await send(url, call, agent);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  agent.destroy();
}

async function send(url: string, { method, path, headers, body }: HttpCall, agent: Agent): Promise<void> {
  const sent = request(`${url}${path}`, { method, headers, agent });
  sent.end(body);
  const [response] = await once(sent, 'response');
  if (response.statusCode !== 200) throw new Error(`${method} ${path} was answered with ${response.statusCode}.`);
  response.resume();
  await once(response, 'end');
}
