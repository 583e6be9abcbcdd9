import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { systemClock } from '../../src/aws/system-clock.ts';
import { CONFIG_MAPS } from '../../src/kubernetes/api-object.ts';
import { createReflector, type Reflector, type ReflectorOptions } from '../../src/kubernetes/reflector.ts';
import {
  answer,
  answerList,
  answerWatch,
  apiOf,
  apiServer,
  bookmark,
  configMap,
  eventLine,
  statusBody,
  type ApiServer,
  type TestObject,
} from './support/api-server.ts';

describe('createReflector', () => {
  it('lists, then delivers what the watch brings', async () => {
    await using server = await apiServer((request, response) => {
      if (request.query['watch'] === undefined) return answerList(response, [configMap('a', '5')], '10');
      return answerWatch(
        response,
        eventLine('ADDED', configMap('b', '11')),
        eventLine('MODIFIED', configMap('a', '12')),
        eventLine('DELETED', configMap('b', '13')),
      );
    });
    const { reflector, told } = watch(server);

    await vi.waitFor(() =>
      expect(told).toEqual(['first-list added a@5', 'watch added b@11', 'watch updated a@12', 'watch deleted b@13']),
    );

    expect(reflector.get('mail/a')?.metadata.resourceVersion).toBe('12');
    expect(reflector.list()).toHaveLength(1);
    expect(reflector.synced()).toBe(true);
    expect(server.lists()[0]).toMatchObject({ path: '/api/v1/configmaps', query: { limit: '500' } });
    expect(server.watches()[0]?.query).toMatchObject({ resourceVersion: '10', allowWatchBookmarks: 'true' });
    expect(Number(server.watches()[0]?.query['timeoutSeconds'])).toBeGreaterThanOrEqual(280);
    expect(Number(server.watches()[0]?.query['timeoutSeconds'])).toBeLessThanOrEqual(300);
  });

  it('goes on from the last bookmark when the server ends a watch, without a new list', async () => {
    await using server = await apiServer((request, response) => {
      if (request.query['watch'] === undefined) return answerList(response, [], '10');
      answerWatch(response, bookmark('20'));
      if (request.query['resourceVersion'] === '10') response.end();
    });
    const { counts } = watch(server);

    await vi.waitFor(() => expect(server.watches().map(({ query }) => query['resourceVersion'])).toEqual(['10', '20']));

    expect(server.lists()).toHaveLength(1);
    expect(counts.failed).toEqual([]);
    expect(counts.restarted).toBe(1);
  });

  it('stays on an idle connection on which bookmarks come', async () => {
    let sent = 0;
    await using server = await apiServer((request, response) => {
      if (request.query['watch'] === undefined) return answerList(response, [], '10');
      answerWatch(response);
      const timer = setInterval(() => response.write(bookmark(String((sent += 1)))), 40);
      response.on('close', () => clearInterval(timer));
    });
    const { reflector } = watch(server, { inactivityMs: 400 });

    await vi.waitFor(() => expect(sent).toBeGreaterThan(20), { timeout: 5_000 });

    expect(server.watches()).toHaveLength(1);
    expect(reflector.freshness().lastEventAtMs).toBeGreaterThan(reflector.freshness().connectedSinceMs ?? Infinity);
  });

  it('gives up a half-open connection and opens another', async () => {
    await using server = await apiServer((request, response) => {
      if (request.query['watch'] === undefined) return answerList(response, [], '10');
      return server.watches().length === 1
        ? answerWatch(response)
        : answerWatch(response, eventLine('ADDED', configMap('a', '11')));
    });
    const { told, counts } = watch(server, { inactivityMs: 60 });

    await vi.waitFor(() => expect(told).toEqual(['watch added a@11']));

    expect(counts.failed[0]).toBe('watch inactive');
    expect(server.lists()).toHaveLength(1);
  });

  it('goes on where it was after the connection broke in the middle of an event', async () => {
    const half = eventLine('ADDED', configMap('b', '12')).slice(0, 40);
    await using server = await apiServer((request, response) => {
      if (request.query['watch'] === undefined) return answerList(response, [], '10');
      if (request.query['resourceVersion'] === '11')
        return answerWatch(response, eventLine('ADDED', configMap('b', '12')));
      answerWatch(response, eventLine('ADDED', configMap('a', '11')));
      return response.write(half, () => setImmediate(() => response.destroy()));
    });
    const { told, counts } = watch(server);

    await vi.waitFor(() => expect(told).toEqual(['watch added a@11', 'watch added b@12']));

    expect(counts.failed).toEqual(['watch connection']);
    expect(server.lists()).toHaveLength(1);
  });

  it.each([
    { name: '503', reply: { status: 503, body: 'no endpoints' }, reason: 'watch unavailable' },
    { name: '429', reply: { status: 429, body: 'slow down' }, reason: 'watch throttled' },
    { name: '403', reply: { status: 403, body: statusBody(403, 'Forbidden') }, reason: 'watch denied' },
  ])('opens the watch again after a $name', async ({ reply, reason }) => {
    await using server = await apiServer((request, response) => {
      if (request.query['watch'] === undefined) return answerList(response, [], '10');
      if (server.watches().length === 1) return answer(response, reply.status, reply.body);
      return answerWatch(response, eventLine('ADDED', configMap('a', '11')));
    });
    const { told, counts } = watch(server);

    await vi.waitFor(() => expect(told).toEqual(['watch added a@11']));

    expect(counts.failed).toEqual([reason]);
    expect(server.lists()).toHaveLength(1);
  });

  it.each([
    { name: 'an HTTP 410', http: true, events: [] },
    { name: 'an ERROR event of 410', http: false, events: [eventLine('ERROR', statusBody(410, 'Expired'))] },
    { name: 'a line that is not JSON', http: false, events: ['{"type":"ADDED","object":{\n'] },
    { name: 'an event without an object', http: false, events: ['{"type":"ADDED"}\n'] },
    { name: 'an event of no known type', http: false, events: [eventLine('CHANGED', configMap('a', '11'))] },
  ])('lists again after $name', async ({ http, events }) => {
    await using server = await apiServer((request, response) => {
      if (request.query['watch'] === undefined) {
        return server.lists().length === 1
          ? answerList(response, [configMap('a', '5'), configMap('gone', '6')], '10')
          : answerList(response, [configMap('a', '15')], '20');
      }
      if (request.query['resourceVersion'] === '20') return answerWatch(response);
      return http ? answer(response, 410, statusBody(410, 'Gone')) : answerWatch(response, ...events);
    });
    const { told, counts } = watch(server);

    await vi.waitFor(() => expect(server.watches()).toHaveLength(2));

    expect(told).toEqual([
      'first-list added a@5',
      'first-list added gone@6',
      'list deleted gone@6',
      'list updated a@15',
    ]);
    expect(counts.relisted).toBe(1);
  });

  it('goes on after an ERROR event of 500 without listing again', async () => {
    await using server = await apiServer((request, response) => {
      if (request.query['watch'] === undefined) return answerList(response, [], '10');
      const broken = server.watches().length === 1;
      return answerWatch(
        response,
        broken ? eventLine('ERROR', statusBody(500, 'InternalError')) : eventLine('ADDED', configMap('a', '11')),
      );
    });
    const { told, counts } = watch(server);

    await vi.waitFor(() => expect(told).toEqual(['watch added a@11']));

    expect(counts.failed).toEqual(['watch unavailable']);
    expect(server.lists()).toHaveLength(1);
  });

  it('lists until a list succeeds', async () => {
    await using server = await apiServer((request, response) => {
      if (request.query['watch'] !== undefined) return answerWatch(response);
      return server.lists().length < 3
        ? answer(response, 500, statusBody(500, 'InternalError'))
        : answerList(response, [configMap('a', '5')], '10');
    });
    const { reflector, told, counts } = watch(server);

    await reflector.whenSynced();

    expect(told).toEqual(['first-list added a@5']);
    expect(counts.failed).toEqual(['list unavailable', 'list unavailable']);
  });

  it('puts slow pages together and delivers nothing before the last', async () => {
    const hold = Promise.withResolvers<void>();
    await using server = await apiServer((request, response) => {
      if (request.query['watch'] !== undefined) return answerWatch(response);
      if (request.query['continue'] === undefined) return answerList(response, [configMap('a', '5')], '10', 'next');
      void hold.promise.then(() => answerList(response, [configMap('b', '6')], '10'));
    });
    const { reflector, told } = watch(server);
    await vi.waitFor(() => expect(server.lists()).toHaveLength(2));
    expect(told).toEqual([]);
    expect(reflector.synced()).toBe(false);

    hold.resolve();
    await reflector.whenSynced();

    expect(told).toEqual(['first-list added a@5', 'first-list added b@6']);
    expect(server.lists()[1]?.query).toMatchObject({ limit: '500', continue: 'next' });
  });

  it('begins a list again whose next page has expired, and asks for all at once when it expires twice', async () => {
    await using server = await apiServer((request, response) => {
      if (request.query['watch'] !== undefined) return answerWatch(response);
      if (request.query['limit'] === undefined)
        return answerList(response, [configMap('a', '5'), configMap('b', '6')], '12');
      if (request.query['continue'] === undefined) return answerList(response, [configMap('a', '5')], '10', 'next');
      return answer(response, 410, statusBody(410, 'Expired'));
    });
    const { reflector, told, counts } = watch(server);

    await reflector.whenSynced();

    expect(told).toEqual(['first-list added a@5', 'first-list added b@6']);
    expect(server.lists()).toHaveLength(5);
    expect(counts.failed).toEqual([]);
  });

  it('reads events that are cut anywhere, also in the middle of a character', async () => {
    const bytes = Buffer.from(
      eventLine('ADDED', configMap('ä€😀', '11', { data: { text: 'ä€😀' } })) +
        eventLine('ADDED', configMap('b', '12')),
    );
    await using server = await apiServer((request, response) => {
      if (request.query['watch'] === undefined) return answerList(response, [], '10');
      answerWatch(response);
      response.socket?.setNoDelay(true);
      const sendFrom = (index: number): void => {
        if (index < bytes.length)
          response.write(bytes.subarray(index, index + 1), () => setImmediate(sendFrom, index + 1));
      };
      sendFrom(0);
    });
    const { reflector, told } = watch(server);

    await vi.waitFor(() => expect(told).toEqual(['watch added ä€😀@11', 'watch added b@12']), { timeout: 5_000 });

    expect(reflector.get('mail/ä€😀')?.data).toEqual({ text: 'ä€😀' });
  });

  it('reads an object of a mebibyte', async () => {
    const text = 'é'.repeat(512 * 1024);
    await using server = await apiServer((request, response) => {
      if (request.query['watch'] === undefined) return answerList(response, [], '10');
      return answerWatch(response, eventLine('ADDED', configMap('a', '11', { data: { text } })));
    });
    const { reflector } = watch(server);

    await vi.waitFor(() => expect(reflector.get('mail/a')?.data?.['text']).toBe(text));
  });

  it('tells an object that was deleted and made again between two lists as both', async () => {
    await using server = await apiServer((request, response) => {
      if (request.query['watch'] !== undefined) {
        return server.watches().length === 1 ? answer(response, 410, statusBody(410, 'Gone')) : answerWatch(response);
      }
      const first = server.lists().length === 1;
      return answerList(
        response,
        [configMap('a', first ? '5' : '15', { uid: first ? 'old' : 'new' })],
        first ? '10' : '20',
      );
    });
    const { told, reflector } = watch(server);

    await vi.waitFor(() => expect(told).toEqual(['first-list added a@5', 'list deleted a@5', 'list added a@15']));

    expect(reflector.get('mail/a')?.metadata.uid).toBe('new');
  });

  it('does not go back to a list older than what it has seen, until the server insists', async () => {
    await using server = await apiServer((request, response) => {
      if (request.query['watch'] !== undefined) {
        return server.watches().length === 1 ? answer(response, 410, statusBody(410, 'Gone')) : answerWatch(response);
      }
      return server.lists().length === 1
        ? answerList(response, [configMap('a', '15')], '20')
        : answerList(response, [configMap('deleted-long-ago', '3')], '9');
    });
    const { told, counts } = watch(server);

    await vi.waitFor(() => expect(server.watches()).toHaveLength(2));

    expect(counts.failed).toEqual(['watch expired', ...Array<string>(4).fill('list stale-list')]);
    expect(told).toEqual(['first-list added a@15', 'list deleted a@15', 'list added deleted-long-ago@3']);
  });

  it('ignores an event older than what it knows', async () => {
    await using server = await apiServer((request, response) => {
      if (request.query['watch'] === undefined) return answerList(response, [configMap('a', '9')], '10');
      return answerWatch(
        response,
        eventLine('MODIFIED', configMap('a', '8')),
        eventLine('DELETED', configMap('a', '7')),
        eventLine('ADDED', configMap('b', '11')),
      );
    });
    const { told } = watch(server);

    await vi.waitFor(() => expect(told).toEqual(['first-list added a@9', 'watch added b@11']));
  });

  it.each([
    {
      name: 'throws',
      fail: () => {
        throw new Error('handler');
      },
    },
    { name: 'rejects', fail: () => Promise.reject(new Error('handler')) },
  ])('goes on and reports it when the handler $name', async ({ fail }) => {
    await using server = await apiServer((request, response) => {
      if (request.query['watch'] === undefined) return answerList(response, [configMap('a', '5')], '10');
      return answerWatch(response, eventLine('ADDED', configMap('b', '11')));
    });
    const { reflector, counts } = watch(server, { onChange: fail });

    await vi.waitFor(() => expect(counts.handlerFailed).toBe(2));

    expect(reflector.list()).toHaveLength(2);
    expect(counts.failed).toEqual([]);
  });

  it('watches each of its namespaces on its own', async () => {
    await using server = await apiServer((request, response) => {
      const namespace = request.path.split('/')[4] ?? '';
      if (request.query['watch'] !== undefined) return answerWatch(response);
      const object = configMap('a', '5');
      return answerList(response, [{ ...object, metadata: { ...object.metadata, namespace } }], '10');
    });
    const { reflector } = watch(server, { namespaces: ['one', 'two'], labelSelector: 'app=mail' });

    await vi.waitFor(() => expect(server.watches()).toHaveLength(2));

    expect(reflector.list().map(({ metadata }) => metadata.namespace)).toEqual(['one', 'two']);
    expect(reflector.get('two/a')).toBeDefined();
    expect(server.requests.map(({ path }) => path).toSorted()).toEqual(
      ['one', 'one', 'two', 'two'].map((namespace) => `/api/v1/namespaces/${namespace}/configmaps`),
    );
    expect(server.requests.map(({ query }) => query['labelSelector'])).toEqual(Array(4).fill('app=mail'));
  });

  it('is not synced before every namespace is', async () => {
    await using server = await apiServer((request, response) => {
      if (request.query['watch'] !== undefined) return answerWatch(response);
      return request.path.includes('/denied/')
        ? answer(response, 403, statusBody(403, 'Forbidden'))
        : answerList(response, [], '10');
    });
    const { reflector, counts } = watch(server, { namespaces: ['fine', 'denied'] });

    await vi.waitFor(() => expect(counts.failed).toContain('list denied'));
    await vi.waitFor(() => expect(server.watches()).toHaveLength(1));

    expect(reflector.synced()).toBe(false);
    expect(reflector.freshness().lastListAtMs).toBeUndefined();
    await expect(reflector.whenSynced(AbortSignal.abort(new Error('too late')))).rejects.toThrow('too late');
  });

  it('asks for metadata only and keeps nothing else', async () => {
    const managed = { ...configMap('a', '5').metadata, managedFields: [{ manager: 'kubectl' }] };
    await using server = await apiServer((request, response) => {
      if (request.query['watch'] !== undefined) return answerWatch(response);
      return answerList(response, [configMap('a', '5', { data: { large: 'x' }, metadata: managed })], '10');
    });
    const { reflector } = watch(server, { metadataOnly: true });

    await vi.waitFor(() => expect(server.watches()).toHaveLength(1));

    expect(reflector.get('mail/a')).toEqual({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: configMap('a', '5').metadata,
    });
    expect(server.lists()[0]?.headers.accept).toContain('as=PartialObjectMetadataList;');
    expect(server.watches()[0]?.headers.accept).toContain('as=PartialObjectMetadata;');
  });

  it('closes its connection and delivers nothing after stop, and catches up after start', async () => {
    const closed = Promise.withResolvers<void>();
    await using server = await apiServer((request, response) => {
      if (request.query['watch'] === undefined) return answerList(response, [], '10');
      if (server.watches().length > 1) return answerWatch(response, eventLine('ADDED', configMap('a', '11')));
      response.on('close', closed.resolve);
      return answerWatch(response);
    });
    const { reflector, told } = watch(server);
    await vi.waitFor(() => expect(reflector.freshness().connectedSinceMs).toBeDefined());

    reflector.stop();
    await closed.promise;
    expect(reflector.freshness().connectedSinceMs).toBeUndefined();
    reflector.start();
    reflector.start();

    await vi.waitFor(() => expect(told).toEqual(['watch added a@11']));
    expect(server.watches()).toHaveLength(2);
  });

  it('refuses an empty list of namespaces', () => {
    expect(() =>
      createReflector({ ...OPTIONS, api: apiOf({ url: 'http://127.0.0.1:1' }), onChange: () => {}, namespaces: [] }),
    ).toThrow('No namespace to watch');
  });
});

const OPTIONS = {
  clock: systemClock(),
  resource: CONFIG_MAPS,
  namespaces: 'all',
  inactivityMs: 5_000,
  backOff: { minMs: 1, maxMs: 8, resetAfterMs: 60_000 },
} as const;

function watch(server: ApiServer, options: Partial<ReflectorOptions<TestObject>> = {}) {
  const told: string[] = [];
  const counts = { relisted: 0, restarted: 0, handlerFailed: 0, failed: [] as string[] };
  const reflector: Reflector<TestObject> = createReflector<TestObject>({
    ...OPTIONS,
    api: apiOf(server),
    onChange: ({ kind, object }, origin) => {
      told.push(`${origin} ${kind} ${object.metadata.name}@${object.metadata.resourceVersion}`);
    },
    observer: {
      relisted: () => (counts.relisted += 1),
      restarted: () => (counts.restarted += 1),
      handlerFailed: () => (counts.handlerFailed += 1),
      failed: ({ phase, reason }) => counts.failed.push(`${phase} ${reason}`),
    },
    ...options,
  });
  reflector.start();
  onTestFinished(() => reflector.stop());
  return { reflector, told, counts };
}
