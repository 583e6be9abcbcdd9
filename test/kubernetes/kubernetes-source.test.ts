import type { ServerResponse } from 'node:http';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { systemClock } from '../../src/aws/system-clock.ts';
import type { PipelineEvent, Resource, ResourceStatus } from '../../src/controller/source.ts';
import { faultOf } from '../../src/core/fault.ts';
import type { ApiObject } from '../../src/kubernetes/api-object.ts';
import { createKubernetesSource, type KubernetesSourceOptions } from '../../src/kubernetes/kubernetes-source.ts';
import { FINALIZER } from '../../src/kubernetes/pipelines.ts';
import { document } from '../core/support/pipeline.ts';
import {
  answer,
  answerList,
  answerWatch,
  apiOf,
  apiServer,
  configMap,
  eventLine,
  statusBody,
} from './support/api-server.ts';

const HANDLER = 'export const handler = () => {};';
const PATH = '/apis/ses-lambda-pipeline.dev/v1alpha1/namespaces/mail/seslambdapipelines/app';
const CODE = { function: { code: { configMapRef: { name: 'code' } } } };

function pipeline(metadata: object = {}, over: { readonly spec?: object; readonly status?: object } = {}): ApiObject {
  const { spec = {}, ...rest } = over;
  const base = { uid: 'u1', generation: 1, resourceVersion: '5' };
  return { ...document(spec, { ...base, ...metadata }), ...rest } as ApiObject;
}

/** The source on an API server that holds one pipeline and one ConfigMap, and what came of it. */
async function watching(first: ApiObject = pipeline(), options: Partial<KubernetesSourceOptions> = {}) {
  const streams = new Map<string, ServerResponse>();
  const state: { live: object | undefined; patched: { readonly status: number; readonly body: object } } = {
    live: first,
    patched: { status: 200, body: first },
  };
  const server = await apiServer((request, response) => {
    const kind = request.path.includes('configmaps') ? 'configmaps' : 'pipelines';
    if (request.method === 'PATCH') return answer(response, state.patched.status, state.patched.body);
    if (request.query['watch'] !== undefined) {
      answerWatch(response);
      streams.set(kind, response);
      return undefined;
    }
    if (request.path === PATH)
      return state.live === undefined
        ? answer(response, 404, statusBody(404, 'NotFound'))
        : answer(response, 200, state.live);
    if (request.path.endsWith('/configmaps/code'))
      return answer(response, 200, { ...configMap('code', '4'), data: { 'index.mjs': HANDLER } });
    return answerList(response, kind === 'pipelines' ? [first] : [configMap('code', '4')], '10');
  });
  const stopped = new AbortController();
  onTestFinished(async () => {
    stopped.abort();
    await server[Symbol.asyncDispose]();
  });
  const changes: string[] = [];
  const told: string[] = [];
  const source = createKubernetesSource({
    api: apiOf(server),
    clock: systemClock(),
    namespaces: 'all',
    events: { tell: (about, { reason }: PipelineEvent) => void told.push(`${about.metadata.uid} ${reason}`) },
    ...options,
  });
  await source.start(({ key, kind }) => void changes.push(`${kind} ${key}`), stopped.signal);
  await vi.waitFor(() => expect([...streams.keys()].sort()).toEqual(['configmaps', 'pipelines']));
  const send = (kind: 'pipelines' | 'configmaps', type: string, object: ApiObject): void =>
    void streams.get(kind)?.write(eventLine(type, object));
  const known = (): Resource => {
    const found = source.get('mail/app');
    if (found === undefined) throw new Error('the pipeline is not known');
    return found;
  };
  const patches = () =>
    server.requests
      .filter(({ method }) => method === 'PATCH')
      .map(({ path, body }) => ({ path, body: JSON.parse(body) as object }));
  return { server, source, state, changes, told, send, known, patches };
}

describe('changes', () => {
  it('begin with what is there; ConfigMaps that were there are no news', async () => {
    const { source, changes, server } = await watching(pipeline({}, { spec: CODE }));

    expect(changes).toEqual(['spec mail/app']);
    expect(source.list()).toMatchObject([{ key: 'mail/app', uid: 'u1', claimed: false }]);
    expect(source.get('mail/other')).toBeUndefined();
    const accepts = server.lists().map(({ path, headers }) => `${path} ${headers.accept}`);
    expect(accepts.find((text) => text.includes('/configmaps '))).toContain('PartialObjectMetadataList');
    expect(source.lastAliveMs()).toBeGreaterThan(0);
  });

  it.each([
    { name: 'a new generation', metadata: { generation: 2 } },
    { name: 'a deletion', metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } },
    { name: 'a finalizer', metadata: { finalizers: [FINALIZER] } },
    { name: 'an annotation', metadata: { annotations: { 'example.com/try': '2' } } },
  ])('tell of $name', async ({ metadata }) => {
    const { send, changes } = await watching();

    send('pipelines', 'MODIFIED', pipeline({ resourceVersion: '11', ...metadata }));

    await vi.waitFor(() => expect(changes).toEqual(['spec mail/app', 'spec mail/app']));
  });

  it('do not tell of a status, but know it', async () => {
    const { send, changes, source } = await watching();
    const status = { observedGeneration: 1, conditions: [] };

    send('pipelines', 'MODIFIED', pipeline({ resourceVersion: '11' }, { status }));
    await vi.waitFor(() => expect(source.get('mail/app')?.status).toEqual(status));

    expect(changes).toEqual(['spec mail/app']);
  });

  it('are not watched for once it was stopped', async () => {
    const { source, server } = await watching();
    const before = server.requests.length;

    await expect(source.start(() => {}, AbortSignal.abort(new Error('it stops')))).rejects.toThrow('it stops');

    expect(server.requests).toHaveLength(before);
  });

  it('tell that a pipeline is gone', async () => {
    const { send, changes, source } = await watching();

    send('pipelines', 'DELETED', pipeline({ resourceVersion: '11' }));

    await vi.waitFor(() => expect(changes).toEqual(['spec mail/app', 'gone mail/app']));
    expect(source.get('mail/app')).toBeUndefined();
  });

  it('tell the pipelines that use a ConfigMap, and nobody else', async () => {
    const { send, changes } = await watching(pipeline({}, { spec: CODE }));

    send('configmaps', 'ADDED', configMap('another', '11'));
    send('configmaps', 'MODIFIED', configMap('code', '12'));
    send('configmaps', 'DELETED', configMap('code', '13'));

    await vi.waitFor(() => expect(changes).toEqual(['spec mail/app', 'dependency mail/app', 'dependency mail/app']));
  });

  it('tell of a ConfigMap that only a variable comes from, for as long as it does', async () => {
    const from = { SETTING: { configMapKeyRef: { name: 'settings', key: 'a' } } };
    const inline = { code: { inline: { 'index.mjs': HANDLER } } };
    const { send, changes } = await watching(
      pipeline({}, { spec: { function: { ...inline, environmentFrom: from } } }),
    );

    send('configmaps', 'ADDED', configMap('settings', '11'));
    await vi.waitFor(() => expect(changes).toEqual(['spec mail/app', 'dependency mail/app']));
    send('pipelines', 'MODIFIED', pipeline({ resourceVersion: '12', generation: 2 }));
    await vi.waitFor(() => expect(changes).toHaveLength(3));
    send('configmaps', 'MODIFIED', configMap('settings', '13'));
    send('pipelines', 'MODIFIED', pipeline({ resourceVersion: '14', generation: 3 }));

    await vi.waitFor(() => expect(changes.slice(2)).toEqual(['spec mail/app', 'spec mail/app']));
  });

  it('watch no Secret', async () => {
    const password = { PASSWORD: { secretKeyRef: { name: 'login', key: 'password' } } };
    const { server } = await watching(
      pipeline({}, { spec: { function: { code: { inline: { 'index.mjs': HANDLER } }, environmentFrom: password } } }),
    );

    expect(server.requests.filter(({ path }) => path.includes('secrets'))).toEqual([]);
  });

  it('are asked for by namespace and label where that is wanted', async () => {
    const { server } = await watching(pipeline(), { namespaces: ['mail'], labelSelector: 'team=mail' });

    expect(
      server
        .lists()
        .map(({ path, query }) => `${path} ${query['labelSelector'] ?? ''}`)
        .sort(),
    ).toEqual([
      '/api/v1/namespaces/mail/configmaps ',
      '/apis/ses-lambda-pipeline.dev/v1alpha1/namespaces/mail/seslambdapipelines team=mail',
    ]);
  });
});

describe('a claim', () => {
  it('adds our finalizer to those of others, guarded by version and UID', async () => {
    const { source, known, patches } = await watching(pipeline({ finalizers: ['somebody.else/cleanup'] }));

    await source.claim(known());

    expect(patches()).toEqual([
      {
        path: PATH,
        body: { metadata: { finalizers: ['somebody.else/cleanup', FINALIZER], resourceVersion: '5', uid: 'u1' } },
      },
    ]);
  });

  it('is refused as stale when somebody was faster', async () => {
    const { source, known, state } = await watching();
    state.patched = { status: 409, body: statusBody(409, 'Conflict') };

    expect(await source.claim(known()).catch(faultOf)).toMatchObject({ class: 'stale' });
  });
});

describe('a release', () => {
  it('takes our finalizer alone out of the list as it is now', async () => {
    const { source, known, state, patches } = await watching(pipeline({ finalizers: [FINALIZER] }));
    state.live = pipeline({ resourceVersion: '20', finalizers: ['somebody.else/cleanup', FINALIZER] });

    await source.release(known());

    expect(patches()).toEqual([
      {
        path: PATH,
        body: { metadata: { finalizers: ['somebody.else/cleanup'], resourceVersion: '20', uid: 'u1' } },
      },
    ]);
  });

  it.each([
    { name: 'another pipeline has the name now', live: pipeline({ uid: 'u2', finalizers: [FINALIZER] }) },
    { name: 'it is gone', live: undefined },
  ])('writes nothing when $name', async ({ live }) => {
    const { source, known, state, patches } = await watching();
    state.live = live;

    await source.release(known());

    expect(patches()).toEqual([]);
  });
});

describe('a read', () => {
  it('asks the API server, not the memory', async () => {
    const { source, state } = await watching();

    state.live = pipeline({ uid: 'u2', deletionTimestamp: '2026-01-01T00:00:00Z' });
    expect(await source.read('mail/app')).toMatchObject({ uid: 'u2', deleting: true });

    state.live = undefined;
    expect(await source.read('mail/app')).toBeUndefined();
    expect(source.get('mail/app')).toMatchObject({ uid: 'u1', deleting: false });
  });
});

describe('a status', () => {
  const status: ResourceStatus = { observedGeneration: 1, conditions: [] };

  it('is one merge patch of the subresource that names the UID', async () => {
    const { source, known, patches, server } = await watching();

    await source.writeStatus(known(), status);

    expect(patches()).toEqual([{ path: `${PATH}/status`, body: { metadata: { uid: 'u1' }, status } }]);
    expect(server.requests.at(-1)?.headers['content-type']).toBe('application/merge-patch+json');
  });

  it('takes out what it no longer says, at every depth', async () => {
    const bucket = { name: 'b', arn: 'arn', domainName: 'd', websiteURL: 'w' };
    const before = {
      observedGeneration: 1,
      conditions: [{ type: 'Ready' }],
      role: { name: 'r', arn: 'a' },
      bucket: { ...bucket, logicalName: 'Special', logicalId: 'id' },
      discovery: { old: { Ref: 'b', ObjectKeyPrefixes: ['x'] }, both: { Ref: 'b', PreviousObjectKeyPrefix: 'x' } },
    };
    const { source, known, patches } = await watching(pipeline({}, { status: before }));

    const discovery = { both: { Ref: 'b' } } as unknown as ResourceStatus['discovery'] & object;
    await source.writeStatus(known(), { ...status, bucket, discovery });

    expect(patches()[0]?.body).toEqual({
      metadata: { uid: 'u1' },
      status: {
        observedGeneration: 1,
        conditions: [],
        role: null,
        bucket: { ...bucket, logicalName: null, logicalId: null },
        discovery: { old: null, both: { Ref: 'b', PreviousObjectKeyPrefix: null } },
      },
    });
  });

  it('of a pipeline that is gone is stale, unless it was to go', async () => {
    const { source, known, state } = await watching();
    state.patched = { status: 404, body: statusBody(404, 'NotFound') };

    expect(await Promise.resolve(source.writeStatus(known(), status)).catch(faultOf)).toMatchObject({ class: 'stale' });
    await expect(source.writeStatus({ ...known(), deleting: true }, status)).resolves.toBeUndefined();
  });
});

describe('the rest', () => {
  it('reads code and variables when they are asked for', async () => {
    const { source, known } = await watching(pipeline({}, { spec: CODE }));

    expect(await source.inputs(known())).toMatchObject({ code: { kind: 'zip' }, environment: {} });
  });

  it('tells events about the object as last seen, and none about what is gone', async () => {
    const { source, known, told } = await watching();

    source.tell(known(), { type: 'Normal', reason: 'Created', message: 'made' });
    source.tell({ ...known(), key: 'mail/other' }, { type: 'Normal', reason: 'Created', message: 'made' });

    expect(told).toEqual(['u1 Created']);
  });
});
