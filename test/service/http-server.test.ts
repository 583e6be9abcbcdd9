import { request } from 'node:http';
import { connect } from 'node:net';
import { Registry } from 'prom-client';
import { afterEach, describe, expect, it } from 'vitest';
import type { Check } from '../../src/service/health.ts';
import {
  startHttpServer,
  type HttpServerOptions,
  type Page,
  type RunningServer,
} from '../../src/service/http-server.ts';
import { createMetrics } from '../../src/service/metrics.ts';
import { healthPage, metricsPage, pipelinesPage, readyPage, startSites } from '../../src/service/pages.ts';
import { parseExposition } from './support/exposition.ts';
import { condition, resource, statusOf } from './support/resources.ts';

const LOCAL = { host: '127.0.0.1', port: 0 };
const running: { readonly stop: () => Promise<void> }[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.stop()));
});

async function start(pages: readonly Page[], over: Partial<HttpServerOptions> = {}): Promise<RunningServer> {
  const server = await startHttpServer({ address: LOCAL, pages, ...over });
  running.push(server);
  return server;
}

type Answer = {
  readonly status: number | undefined;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly body: string;
};

function ask(
  port: number,
  path: string,
  options: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const asked = request({ host: '127.0.0.1', port, path, agent: false, ...options }, (answer) => {
    let body = '';
    answer.setEncoding('utf8');
    answer.on('data', (chunk: string) => (body += chunk));
    answer.on('end', () => resolve({ status: answer.statusCode, headers: answer.headers, body }));
  });
  asked.on('error', reject);
  asked.end(options.body);
  return promise;
}

const hello: Page = { path: '/hello', render: () => ({ status: 200, contentType: 'text/plain', body: 'hello' }) };
const check = (name: string, why?: string): Check => ({
  name,
  judge: () => (why === undefined ? { ok: true } : { ok: false, why }),
});

describe('startHttpServer', () => {
  it('serves its pages, whatever the query', async () => {
    const { address } = await start([hello]);

    expect(await ask(address.port, '/hello?x=1')).toMatchObject({
      status: 200,
      body: 'hello',
      headers: { 'content-length': '5', 'cache-control': 'no-store' },
    });
    expect(await ask(address.port, '/hello', { method: 'HEAD' })).toMatchObject({
      status: 200,
      body: '',
      headers: { 'content-length': '5' },
    });
    expect(await ask(address.port, '/')).toMatchObject({ status: 200, body: 'Pages: /hello\n' });
  });

  it.each([
    ['another page', '/other', {}, 404],
    ['a page under a page', '/hello/..', {}, 404],
    ['a write', '/hello', { method: 'POST' }, 405],
    ['a body', '/hello', { method: 'GET', body: 'x', headers: { 'content-length': '1' } }, 413],
    ['large headers', '/hello', { headers: { x: 'x'.repeat(10_000) } }, 400],
  ])('refuses %s', async (_name, path, options, status) => {
    const { address } = await start([hello]);

    expect((await ask(address.port, path, options)).status).toBe(status);
    expect((await ask(address.port, '/hello')).status).toBe(200);
  });

  it('survives what is no HTTP', async () => {
    const { address } = await start([hello]);
    const { promise, resolve } = Promise.withResolvers<string>();
    const socket = connect(address.port, '127.0.0.1', () => socket.write('\u0000\u0001 nonsense\r\n\r\n'));
    socket.once('data', (data) => resolve(data.toString()));

    expect(await promise).toContain('400 Bad Request');
    socket.destroy();
    expect((await ask(address.port, '/hello')).status).toBe(200);
  });

  it('answers 500 for a page that fails, and keeps why to the log', async () => {
    const errors: string[] = [];
    const failing: Page = {
      path: '/failing',
      render: () => {
        throw new Error('canary');
      },
    };
    const { address } = await start([failing], {
      onError: (path, error) => void errors.push(`${path} ${String(error)}`),
    });

    expect(await ask(address.port, '/failing')).toMatchObject({
      status: 500,
      body: '/failing could not be made; the log says why.\n',
    });
    expect(errors).toEqual(['/failing Error: canary']);
  });

  it('gives up a page that takes too long', async () => {
    const { address } = await start([{ path: '/slow', render: () => new Promise(() => {}) }], { renderTimeoutMs: 20 });

    expect((await ask(address.port, '/slow')).status).toBe(500);
  });

  it('answers what is under way when it stops, and takes nothing more', async () => {
    const asked = Promise.withResolvers<void>();
    const ready = Promise.withResolvers<void>();
    const slow: Page = {
      path: '/slow',
      render: async () => {
        asked.resolve();
        await ready.promise;
        return { status: 200, contentType: 'text/plain', body: 'done' };
      },
    };
    const server = await start([slow]);
    const answer = ask(server.address.port, '/slow');
    await asked.promise;
    const stopped = server.stop();
    await expect(ask(server.address.port, '/slow')).rejects.toThrow('ECONNREFUSED');
    ready.resolve();

    expect((await answer).body).toBe('done');
    await stopped;
  });

  it('does not wait for a connection that never ends', async () => {
    const server = await start([hello], { stopTimeoutMs: 20 });
    const socket = connect(server.address.port, '127.0.0.1');
    await new Promise((resolve) => socket.once('connect', resolve));
    socket.on('error', () => {});
    socket.write('GET /hello HTTP/1.1\r\n');
    const closed = new Promise((resolve) => socket.once('close', resolve));
    await server.stop();
    await closed;

    expect(socket.destroyed).toBe(true);
  });

  it('says what to do when the address is taken', async () => {
    const { address } = await start([hello]);

    await expect(startHttpServer({ address, pages: [hello] })).rejects.toThrow(
      `The address 127.0.0.1:${address.port} is already in use: stop what listens there, or choose another.`,
    );
  });
});

describe('/healthz and /readyz', () => {
  it('answer 200 while every check passes', async () => {
    const { address } = await start([healthPage([check('event-loop'), check('watch')]), readyPage([])]);

    expect(await ask(address.port, '/healthz')).toMatchObject({
      status: 200,
      body: '[+]event-loop ok\n[+]watch ok\nhealthz check passed\n',
    });
    expect(await ask(address.port, '/readyz')).toMatchObject({ status: 200, body: 'readyz check passed\n' });
  });

  it('answer 503 and say why as soon as one does not', async () => {
    const { address } = await start([readyPage([check('caches'), check('crd', 'it is not installed')])]);

    expect(await ask(address.port, '/readyz')).toMatchObject({
      status: 503,
      body: '[+]caches ok\n[-]crd failed: it is not installed\nreadyz check failed\n',
    });
  });
});

describe('/pipelines', () => {
  const page = pipelinesPage(() => [
    resource('mail/b', { status: statusOf(condition('Ready', 'True')) }),
    resource('mail/a', { deleting: true, generation: 4 }),
  ]);

  it('shows statuses, sorted, and no spec', async () => {
    const { address } = await start([page]);
    const answer = await ask(address.port, '/pipelines');

    expect(answer).toMatchObject({ status: 200, headers: { 'content-type': 'application/json; charset=utf-8' } });
    expect(JSON.parse(answer.body)).toEqual({
      items: [
        { namespace: 'mail', name: 'a', generation: 4, deleting: true, status: null },
        { namespace: 'mail', name: 'b', generation: 1, deleting: false, status: statusOf(condition('Ready', 'True')) },
      ],
    });
  });

  it.each([
    ['a web page with a name of its own', { host: 'evil.example' }],
    ['a proxy', { 'x-forwarded-for': '203.0.113.1' }],
    ['a proxy that says so the other way', { forwarded: 'for=203.0.113.1' }],
  ])('refuses %s', async (_name, headers) => {
    const { address } = await start([page]);

    expect(await ask(address.port, '/pipelines', { headers })).toMatchObject({
      status: 403,
      body: expect.stringContaining('kubectl port-forward'),
    });
  });

  it('refuses a caller that does not come from loopback', async () => {
    const { address } = await start([page], { address: { host: '127.0.0.6', port: 0 } });
    const { promise, resolve } = Promise.withResolvers<number | undefined>();
    // As the sidecar of a service mesh does with what comes from outside.
    request(
      {
        host: '127.0.0.6',
        localAddress: '127.0.0.6',
        port: address.port,
        path: '/pipelines',
        agent: false,
        headers: { host: 'localhost' },
      },
      (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      },
    ).end();

    expect(await promise).toBe(403);
  });
});

describe('/metrics', () => {
  it('is a valid scrape, line by line, over the wire', async () => {
    const metrics = createMetrics({
      registry: new Registry(),
      now: () => 0,
      version: '1.2.3',
      driftIntervalMs: 1,
      concurrency: 4,
      kubernetes: { apiHost: 'h:443', leaseName: 'l', watched: ['seslambdapipelines'] },
    });
    metrics.controller.statusWritten(resource(), 'written', statusOf(condition('Ready', 'True')));
    metrics.aws.awsCalled({ service: 's3', operation: 'PutObject', code: 'SlowDown', durationMs: 12 });
    const { address } = await start([metricsPage(metrics.scrape)]);
    const answer = await ask(address.port, '/metrics');

    expect(answer.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
    const families = parseExposition(answer.body);
    expect(families.get('ses_lambda_pipeline_build_info')?.samples).toEqual([
      { name: 'ses_lambda_pipeline_build_info', labels: { version: '1.2.3', node: process.version }, value: 1 },
    ]);
    expect([...families.values()].filter(({ help }) => help.trim() === '')).toEqual([]);
  });
});

describe('startSites', () => {
  it('serves sites of one address together, and none that is switched off', async () => {
    const taken = await start([hello]);
    const { port } = taken.address;
    await taken.stop();
    const address = { host: '127.0.0.1', port };
    const sites = await startSites([
      { address, pages: [hello] },
      { address, pages: [healthPage([])] },
      { address: undefined, pages: [readyPage([])] },
    ]);
    running.push(sites);

    expect(sites.servers).toHaveLength(1);
    expect((await ask(port, '/')).body).toBe('Pages: /hello /healthz\n');
  });

  it('serves sites on free ports apart', async () => {
    const sites = await startSites([
      { address: LOCAL, pages: [hello] },
      { address: LOCAL, pages: [healthPage([])] },
    ]);
    running.push(sites);

    expect(new Set(sites.servers.map(({ address }) => address.port)).size).toBe(2);
  });

  it('leaves nothing running when one cannot be started', async () => {
    const { address } = await start([hello]);
    const free = await start([hello]);
    await free.stop();
    await expect(
      startSites([
        { address: free.address, pages: [hello] },
        { address, pages: [hello] },
      ]),
    ).rejects.toThrow('already in use');

    await expect(ask(free.address.port, '/hello')).rejects.toThrow('ECONNREFUSED');
  });
});

describe('parseExposition', () => {
  const family = '# HELP a_total b\n# TYPE a_total counter\n';

  it.each([
    ['a sample without TYPE', 'outside its family', 'a_total 1\n'],
    ['TYPE without HELP', 'without its HELP', '# TYPE a_total counter\na_total 1\n'],
    ['a series twice', 'stands twice', `${family}a_total{x="1"} 1\na_total{x="1"} 2\n`],
    ['a family in two places', 'in two places', `${family}a_total 1\n${family}`],
    ['a bad label', 'no sample', `${family}a_total{x=1} 1\n`],
    ['an unescaped quote', 'no sample', `${family}a_total{x="a"b"} 1\n`],
    ['no value', 'no sample', `${family}a_total\n`],
    ['a value of another form', 'no sample', `${family}a_total Nan\n`],
    ['no line feed at the end', 'line feed', `${family}a_total 1`],
    [
      'a histogram that does not add up',
      'must not fall',
      '# HELP h x\n# TYPE h histogram\nh_bucket{le="1"} 2\nh_bucket{le="+Inf"} 1\nh_sum 1\nh_count 1\n',
    ],
  ])('refuses %s', (_name, why, text) => {
    expect(() => parseExposition(text)).toThrow(why);
  });
});
