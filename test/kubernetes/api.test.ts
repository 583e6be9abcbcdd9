import type { ServerResponse } from 'node:http';
import { describe, expect, it, vi } from 'vitest';
import type { PipelineError } from '../../src/core/fault.ts';
import { CONFIG_MAPS, LEASES } from '../../src/kubernetes/api-object.ts';
import { kubeConfigTransport } from '../../src/kubernetes/api-transport.ts';
import { leaseStore } from '../../src/kubernetes/lease-store.ts';
import {
  answer,
  answerWatch,
  apiOf,
  apiServer,
  configMap,
  eventLine,
  kubeConfigFor,
  statusBody,
} from './support/api-server.ts';
import { manualClock } from './support/manual-clock.ts';

const REF = { namespace: 'mail', name: 'a' };
const PIPELINES = {
  apiVersion: 'ses-lambda-pipeline.dev/v1alpha1',
  kind: 'SesLambdaPipeline',
  plural: 'seslambdapipelines',
};

describe('createKubernetesApi', () => {
  it('gets an object with the credentials of the kubeconfig', async () => {
    await using server = await apiServer((_, response) => answer(response, 200, configMap('a', '5')));

    expect(await apiOf(server).get(CONFIG_MAPS, REF)).toEqual(configMap('a', '5'));

    expect(server.requests[0]).toMatchObject({
      method: 'GET',
      path: '/api/v1/namespaces/mail/configmaps/a',
      headers: { authorization: 'Bearer secret', accept: 'application/json', 'user-agent': 'ses-lambda-pipeline' },
    });
  });

  it('keeps its connection from call to call', async () => {
    const sockets = new Set<unknown>();
    await using server = await apiServer((_, response) => {
      sockets.add(response.socket);
      answer(response, 200, configMap('a', '5'));
    });
    const api = apiOf(server);

    for (let each = 0; each < 3; each += 1) await api.get(CONFIG_MAPS, REF);

    expect(sockets.size).toBe(1);
  });

  it('leaves every idle connection once one of them has fallen silent', async () => {
    let silent: ReadonlySet<unknown> = new Set();
    const first: ServerResponse[] = [];
    const sockets = new Set<unknown>();
    await using server = await apiServer((_, response) => {
      if (silent.has(response.socket)) return;
      if (first.length < 3) {
        first.push(response);
        sockets.add(response.socket);
        // Answered together, so that each has a connection of its own.
        if (first.length === 3) for (const each of first) answer(each, 200, configMap('a', '5'));
      } else answer(response, 200, configMap('a', '6'));
    });
    const transport = kubeConfigTransport(kubeConfigFor(server.url));
    const call = (signal: AbortSignal) =>
      transport({ method: 'GET', path: '/', query: new URLSearchParams(), headers: {}, signal });
    const read = async (signal = new AbortController().signal): Promise<string> => {
      const chunks = [];
      for await (const chunk of (await call(signal)).body) chunks.push(chunk);
      return Buffer.concat(chunks).toString();
    };
    await Promise.all([read(), read(), read()]);
    silent = sockets;

    await expect(read(AbortSignal.timeout(100))).rejects.toThrow('aborted');

    expect(JSON.parse(await read(AbortSignal.timeout(2_000)))).toMatchObject({ metadata: { resourceVersion: '6' } });
  });

  it('asks once for a stream that is cut after it was accepted', async () => {
    const streams: ServerResponse[] = [];
    await using server = await apiServer((request, response) => {
      if (request.query['watch'] === undefined) return answer(response, 200, configMap('a', '5'));
      answerWatch(response, eventLine('ADDED', configMap('a', '5')));
      streams.push(response);
    });
    const api = apiOf(server);
    await api.get(CONFIG_MAPS, REF); // the watch goes over the connection that this one leaves open
    const events = await api.watch(CONFIG_MAPS, { timeoutSeconds: 60, inactivityMs: 60_000 });
    const seen: string[] = [];
    const watching = (async () => {
      for await (const { kind } of events) {
        seen.push(kind);
        streams[0]?.socket?.resetAndDestroy();
      }
    })();

    expect(await faultFrom(watching)).toMatchObject({ class: 'transient' });
    await api.get(CONFIG_MAPS, REF); // what is sent again was sent before this

    expect(seen).toEqual(['added']);
    expect(server.watches()).toHaveLength(1);
  });

  it('reads again over a new connection when the server has closed an idle one', async () => {
    await using server = await apiServer((_, response) => {
      if (server.requests.length === 2) response.socket?.resetAndDestroy();
      else answer(response, 200, configMap('a', '5'));
    });
    const api = apiOf(server);
    await api.get(CONFIG_MAPS, REF);

    expect(await api.get(CONFIG_MAPS, REF)).toEqual(configMap('a', '5'));
    expect(server.requests).toHaveLength(3);
  });

  it('says undefined for what does not exist', async () => {
    await using server = await apiServer((_, response) => answer(response, 404, statusBody(404, 'NotFound')));
    const api = apiOf(server);

    expect(await api.get(CONFIG_MAPS, REF)).toBeUndefined();
    expect(await api.update(CONFIG_MAPS, configMap('a', '5'))).toBeUndefined();
    expect(await api.patch(CONFIG_MAPS, REF, { kind: 'merge', body: {} })).toBeUndefined();
    expect(await faultFrom(api.list(CONFIG_MAPS, {}))).toMatchObject({ class: 'dependency' });
    expect(await faultFrom(api.create(CONFIG_MAPS, configMap('a', '5')))).toMatchObject({ class: 'dependency' });
  });

  it('patches the status with a merge and finalizers with a tested JSON patch', async () => {
    await using server = await apiServer((_, response) => answer(response, 200, configMap('a', '6')));
    const api = apiOf(server);

    const status = { metadata: { resourceVersion: '5' }, status: { observedGeneration: 1 } };
    await api.patch(PIPELINES, REF, { kind: 'merge', body: status }, { subresource: 'status' });
    const operations = [
      { op: 'test', path: '/metadata/resourceVersion', value: '5' },
      { op: 'add', path: '/metadata/finalizers/-', value: 'ses-lambda-pipeline.dev/aws-cleanup' },
    ] as const;
    await api.patch(PIPELINES, REF, { kind: 'json', body: operations });

    const path = '/apis/ses-lambda-pipeline.dev/v1alpha1/namespaces/mail/seslambdapipelines/a';
    expect(server.requests.map(({ method, path, headers }) => [method, path, headers['content-type']])).toEqual([
      ['PATCH', `${path}/status`, 'application/merge-patch+json'],
      ['PATCH', path, 'application/json-patch+json'],
    ]);
    expect(server.requests.map(({ body }) => JSON.parse(body) as unknown)).toEqual([status, operations]);
  });

  const testFailed = statusBody(422, 'Invalid', 'the server rejected our request due to an error in our request', {
    causes: [
      { reason: 'UnexpectedServerResponse', message: 'testing value /metadata/resourceVersion failed: test failed' },
    ],
  });
  const badField = statusBody(422, 'Invalid', 'spec.region: Required value', {
    causes: [{ reason: 'FieldValueRequired', message: 'Required value' }],
  });
  it.each([
    {
      name: 'a conflict',
      status: 409,
      body: statusBody(409, 'Conflict'),
      is: { class: 'stale', reason: 'ChangedMeanwhile', code: 'Conflict' },
    },
    {
      name: 'a failed test of a JSON patch',
      status: 422,
      body: testFailed,
      is: { class: 'stale', reason: 'ChangedMeanwhile' },
    },
    {
      name: 'a field that does not validate',
      status: 422,
      body: badField,
      is: { class: 'bug', reason: 'InternalError' },
    },
    {
      name: 'missing permission',
      status: 403,
      body: statusBody(403, 'Forbidden'),
      is: { class: 'denied', reason: 'AccessDenied' },
    },
    {
      name: 'bad credentials',
      status: 401,
      body: statusBody(401, 'Unauthorized'),
      is: { class: 'denied', reason: 'CredentialsMissing' },
    },
    {
      name: 'too many requests',
      status: 429,
      body: 'slow down',
      is: { class: 'throttled', reason: 'Throttled', code: 'Http429' },
    },
    {
      name: 'a server error',
      status: 500,
      body: statusBody(500, 'InternalError'),
      is: { class: 'transient', code: 'InternalError' },
    },
    {
      name: 'a page of a proxy',
      status: 502,
      body: '<html>Bad gateway</html>',
      is: { class: 'transient', code: 'Http502' },
    },
    { name: 'an answer that is not JSON', status: 200, body: '<html>Log in</html>', is: { class: 'transient' } },
  ])('tells $name', async ({ status, body, is }) => {
    await using server = await apiServer((_, response) => answer(response, status, body));

    const fault = await faultFrom(apiOf(server).patch(CONFIG_MAPS, REF, { kind: 'merge', body: {} }));

    expect(fault).toMatchObject({ ...is, operation: 'kubernetes:patch' });
  });

  it.each([
    { name: 'header', headers: { 'retry-after': '7' }, body: 'slow down' },
    {
      name: 'Status',
      headers: { 'x-other': '1' },
      body: statusBody(429, 'TooManyRequests', 'later', { retryAfterSeconds: 7 }),
    },
  ])('hands on how long to wait, from the $name', async ({ headers, body }) => {
    await using server = await apiServer((_, response) => answer(response, 429, body, headers));

    await expect(apiOf(server).get(CONFIG_MAPS, REF)).rejects.toMatchObject({ retryAfterMs: 7_000, status: 429 });
  });

  it('tells a server that is not there', async () => {
    const server = await apiServer(() => {});
    await server[Symbol.asyncDispose]();

    expect(await faultFrom(apiOf(server).get(CONFIG_MAPS, REF))).toMatchObject({
      class: 'transient',
      code: 'ECONNREFUSED',
    });
  });

  it('gives up a call that is not answered in time', async () => {
    await using server = await apiServer(() => {});
    const clock = manualClock();
    const call = faultFrom(apiOf(server, { clock, callTimeoutMs: 5_000 }).get(CONFIG_MAPS, REF));
    await vi.waitFor(() => expect(server.requests).toHaveLength(1));

    await clock.advance(5_000);

    expect(await call).toMatchObject({
      class: 'transient',
      message: expect.stringContaining('nothing came for 5000 ms') as unknown,
    });
  });

  it('gives up a body that never ends', async () => {
    await using server = await apiServer((_, response) => {
      response.writeHead(200);
      response.write('{');
    });

    expect(await faultFrom(apiOf(server, { callTimeoutMs: 50 }).get(CONFIG_MAPS, REF))).toMatchObject({
      class: 'transient',
    });
  });

  it('reads no more of an answer than allowed', async () => {
    await using server = await apiServer((_, response) => answer(response, 200, `"${'x'.repeat(2_000)}"`));

    expect(await faultFrom(apiOf(server, { maxBytes: 1_000 }).get(CONFIG_MAPS, REF))).toMatchObject({
      message: expect.stringContaining('longer than 1000 bytes') as unknown,
    });
  });

  it('rejects with the reason of the caller who gave up', async () => {
    await using server = await apiServer(() => {});
    const caller = new AbortController();
    const call = apiOf(server).get(CONFIG_MAPS, REF, caller.signal);
    await vi.waitFor(() => expect(server.requests).toHaveLength(1));

    caller.abort(new Error('stopping'));

    await expect(call).rejects.toThrow('stopping');
  });

  it('tells its observer each call', async () => {
    const told: unknown[] = [];
    await using server = await apiServer((_, response) => answer(response, 409, statusBody(409, 'Conflict')));
    const api = apiOf(server, { clock: manualClock(), observer: (call) => told.push(call) });

    await expect(api.create(CONFIG_MAPS, configMap('a', '5'))).rejects.toThrow('has changed meanwhile');

    expect(told).toEqual([{ verb: 'create', resource: 'configmaps', code: 409, durationMs: 0 }]);
  });

  it('ends the connection of a watch that nobody reads on', async () => {
    const closed = Promise.withResolvers<void>();
    await using server = await apiServer((_, response) => {
      answerWatch(response, eventLine('ADDED', configMap('a', '11')));
      response.on('close', closed.resolve);
    });
    const events = await apiOf(server).watch(CONFIG_MAPS, { timeoutSeconds: 290, inactivityMs: 60_000 });

    for await (const { kind } of events) {
      expect(kind).toBe('added');
      break;
    }

    await closed.promise;
  });
});

describe('leaseStore', () => {
  it('watches one lease', async () => {
    const lease = { ...configMap('leader', '5'), spec: { holderIdentity: 'a' } };
    await using server = await apiServer((_, response) =>
      answerWatch(
        response,
        eventLine('ADDED', lease),
        eventLine('DELETED', lease),
        eventLine('ERROR', statusBody(500, 'InternalError')),
      ),
    );
    const store = leaseStore(apiOf(server), { namespace: 'mail', name: 'leader' });
    const seen: unknown[] = [];

    const read = async (): Promise<void> => {
      for await (const each of await store.watch(10_000, new AbortController().signal)) seen.push(each?.spec);
    };

    await expect(read()).rejects.toMatchObject({ status: 500 });
    expect(seen).toEqual([{ holderIdentity: 'a' }, undefined]);
    expect(server.requests[0]).toMatchObject({
      path: `/apis/${LEASES.apiVersion}/namespaces/mail/leases`,
      query: { fieldSelector: 'metadata.name=leader' },
    });
  });
});

describe('kubeConfigTransport', () => {
  it('refuses plain http to another machine', async () => {
    const transport = kubeConfigTransport(kubeConfigFor('http://192.0.2.1:8080'));

    const { signal } = new AbortController();
    const call = transport({ method: 'GET', path: '/', query: new URLSearchParams(), headers: {}, signal });

    await expect(call).rejects.toThrow('HTTP protocol is not allowed');
  });

  it('refuses a kubeconfig without a cluster', () => {
    const config = kubeConfigFor('http://127.0.0.1');
    config.setCurrentContext('nowhere');

    expect(() => kubeConfigTransport(config)).toThrow('no current cluster');
  });
});

async function faultFrom(call: Promise<unknown>) {
  return await call.then(
    () => undefined,
    (error: unknown) => (error as PipelineError).fault,
  );
}
