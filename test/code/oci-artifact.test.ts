import { gzipSync } from 'node:zlib';
import { zipSync } from 'fflate';
import { packTar } from 'modern-tar';
import { describe, expect, test } from 'vitest';
import { createArtifactPuller, pullNothing, type PullSecret } from '../../src/code/artifact-puller.ts';
import { readyCode, type CodeContent } from '../../src/code/code-content.ts';
import { pullArtifact } from '../../src/code/oci-artifact.ts';
import { filesOfTar } from '../../src/code/tar-files.ts';
import { faultOf, type Fault } from '../../src/core/fault.ts';
import { refusal } from './refusal.ts';
import { digestOf, startRegistry, tarFile, tarGzip, titled, type TestLayer } from './registry.ts';

const HANDLER = 'export const handler = () => {};';
const textsOf = (content: CodeContent): unknown =>
  content.kind === 'zip'
    ? content.zip.fileNames
    : Object.fromEntries([...content.files].map(([name, bytes]) => [name, Buffer.from(bytes).toString()]));

type Registry = Awaited<ReturnType<typeof startRegistry>>;

const pull = (registry: Registry, digest: string, registries: readonly string[] = [registry.host]) =>
  pullArtifact({ repository: registry.repository, digest }, undefined, { registries, fetch });

async function faultOfPull(pulled: Promise<unknown>): Promise<Fault> {
  return pulled.then(
    () => {
      throw new Error('It was pulled.');
    },
    (error: unknown) => faultOf(error),
  );
}

describe('an artifact', () => {
  test('of one archive, as Flux pushes it, is its files', async () => {
    const registry = await startRegistry();
    const layer = await tarGzip([
      { header: { name: './', size: 0, type: 'directory' } },
      tarFile('./index.mjs', HANDLER),
      { header: { name: 'lib/', size: 0, type: 'directory' } },
      tarFile('lib/a.mjs', ''),
    ]);

    const content = await pull(registry, registry.push([layer]));

    expect(textsOf(content)).toEqual({ 'index.mjs': HANDLER, 'lib/a.mjs': '' });
  });

  test('of titled files and of a folder, as ORAS pushes them, is all of them', async () => {
    const registry = await startRegistry();
    const folder = await tarGzip([{ header: { name: 'lib', size: 0, type: 'directory' } }, tarFile('lib/a.mjs', 'a')]);
    const annotations = { 'org.opencontainers.image.title': 'lib', 'io.deis.oras.content.unpack': 'true' };

    const content = await pull(
      registry,
      registry.push([titled('index.mjs', Buffer.from(HANDLER)), { ...folder, annotations }]),
    );

    expect(textsOf(content)).toEqual({ 'index.mjs': HANDLER, 'lib/a.mjs': 'a' });
  });

  test('of one titled zip is that zip', async () => {
    const registry = await startRegistry();
    const zip = zipSync({ 'index.mjs': Buffer.from(HANDLER) });

    expect(textsOf(await pull(registry, registry.push([titled('code.zip', zip)])))).toEqual(['index.mjs']);
  });
});

describe('is refused, in one sentence', () => {
  const file = titled('index.mjs', Buffer.from(HANDLER));
  const tar = (...entries: Parameters<typeof tarGzip>[0]) => tarGzip(entries);

  test.each<[string, () => Promise<readonly TestLayer[]> | readonly TestLayer[], string]>([
    ['no layer', () => [], 'holds no file'],
    ['a title that leaves the folder', () => [titled('../index.mjs', Buffer.from(''))], '".."'],
    ['an absolute title', () => [titled('/etc/passwd', Buffer.from(''))], 'absolute'],
    ['two layers of one title', () => [file, file], 'twice'],
    ['a file that an archive has too', async () => [file, await tar(tarFile('index.mjs', ''))], 'twice'],
    ['an archive with .. in it', async () => [await tar(tarFile('../x.mjs', ''))], '".."'],
    ['an archive with an absolute name', async () => [await tar(tarFile('/x.mjs', ''))], 'absolute'],
    ['an archive with one name twice', async () => [await tar(tarFile('x', '1'), tarFile('x', '2'))], 'twice'],
    [
      'a folder that leaves the folder',
      async () => [await tar({ header: { name: '../x/', size: 0, type: 'directory' } })],
      '".."',
    ],
    [
      'a symbolic link',
      async () => [await tar({ header: { name: 'x', size: 0, type: 'symlink', linkname: '/etc/passwd' } })],
      'is a symlink',
    ],
    [
      'a hard link',
      async () => [await tar(tarFile('a', ''), { header: { name: 'x', size: 0, type: 'link', linkname: 'a' } })],
      'is a link',
    ],
    ['a fifo', async () => [await tar({ header: { name: 'x', size: 0, type: 'fifo' } })], 'is a fifo'],
    ['an archive of nonsense', () => [{ bytes: gzipSync(Buffer.alloc(2048, 'x')) }], 'no tar that can be read'],
    [
      'an archive cut off',
      async () => [{ bytes: (await tar(tarFile('x', 'x'.repeat(5000)))).bytes.subarray(0, 40) }],
      'not packed by gzip',
    ],
    ['an archive that is none', () => [{ bytes: Buffer.from('text') }], 'no tar that can be read'],
    [
      'a tar cut off',
      async () => [{ bytes: (await packTar([tarFile('x', 'x'.repeat(5000))])).subarray(0, 1024) }],
      'no tar that can be read',
    ],
  ])('%s', async (_name, layers, words) => {
    const registry = await startRegistry();
    const digest = registry.push(await layers());

    expect(await refusal(async () => textsOf(await pull(registry, digest).then(packed)))).toContain(words);
  });

  test('a bomb, before it has grown', async () => {
    const bomb = gzipSync(Buffer.alloc(4 * 1024 * 1024));

    expect(await refusal(() => filesOfTar(bomb, 1024 * 1024, 'It'))).toBe(
      'It grows to more than 1048576 bytes; leave out what is not needed.',
    );
  });

  /** What happens to every artifact next. */
  function packed(content: CodeContent): CodeContent {
    readyCode(content, { handler: 'index.handler', runtime: 'nodejs24.x' });
    return content;
  }

  test.each<[string, unknown, string]>([
    ['text', 'no JSON', 'is no manifest'],
    ['a list', [], 'is no manifest'],
    ['an index', { manifests: [] }, 'is an index of several artifacts'],
    ['a layer without digest', { layers: [{ size: 1 }] }, 'layer 1 has no digest'],
    ['a layer with a digest that is a path', { layers: [{ digest: '../../x', size: 1 }] }, 'layer 1 has no digest'],
    ['a layer without size', { layers: [{ digest: digestOf(Buffer.from('')) }] }, 'layer 1 has no size'],
    ['a negative size', { layers: [{ digest: digestOf(Buffer.from('')), size: -1 }] }, 'layer 1 has no size'],
    ['101 layers', { layers: Array.from({ length: 101 }, () => ({})) }, 'has 101 layers'],
    [
      'a huge layer',
      { layers: [{ digest: digestOf(Buffer.from('')), size: 2 ** 40 }] },
      'at most 104857600 are pulled',
    ],
  ])('a manifest that is %s', async (_name, manifest, words) => {
    const registry = await startRegistry();
    const digest = registry.pushManifest(
      Buffer.from(typeof manifest === 'string' ? manifest : JSON.stringify(manifest)),
    );

    expect(await refusal(() => pull(registry, digest))).toContain(words);
    expect(registry.asked).toHaveLength(1);
  });
});

describe('a registry that lies', () => {
  test('about a manifest is found out by its digest', async () => {
    const registry = await startRegistry();
    const digest = registry.push([titled('index.mjs', Buffer.from(HANDLER))]);
    const other = Buffer.from(JSON.stringify({ layers: [] }));
    registry.content.set(`/v2/acme/handler/manifests/${digest}`, other);

    expect(await refusal(() => pull(registry, digest))).toContain(`answers with ${digestOf(other)} for ${digest}`);
  });

  test.each([
    ['of the same length', 'export const handler = () => [];', 'the registry answers with'],
    ['that is longer', `${HANDLER} and more`, `longer than the ${HANDLER.length} bytes`],
    ['that is shorter', 'x', `has 1 bytes instead of ${HANDLER.length}`],
  ])('about a layer %s is found out', async (_name, text, words) => {
    const registry = await startRegistry();
    const digest = registry.push([titled('index.mjs', Buffer.from(HANDLER))]);
    registry.content.set(`/v2/acme/handler/blobs/${digestOf(Buffer.from(HANDLER))}`, Buffer.from(text));

    expect(await refusal(() => pull(registry, digest))).toContain(words);
  });

  test('by a body without end is hung up on', async () => {
    let written = 0;
    const registry = await startRegistry((_request, response) => {
      const more = (): void => {
        written += 65_536;
        if (response.destroyed || written > 64 * 1024 * 1024) response.end();
        else if (response.write(Buffer.alloc(65_536))) setImmediate(more);
        else response.once('drain', more);
      };
      more();
      return true;
    });

    expect(await refusal(() => pull(registry, `sha256:${'a'.repeat(64)}`))).toContain('longer than the 4194304 bytes');
    expect(written).toBeLessThan(32 * 1024 * 1024);
  });

  test('by compressing what it sends cannot make more of it', async () => {
    const registry = await startRegistry((_request, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(8 * 1024 * 1024)));
      return true;
    });

    expect(await refusal(() => pull(registry, `sha256:${'a'.repeat(64)}`))).toContain('longer than the 4194304 bytes');
  });

  test('by redirects without end is left', async () => {
    const registry = await startRegistry((request, response) => {
      response.writeHead(307, { location: request.url }).end();
      return true;
    });

    expect(await refusal(() => pull(registry, `sha256:${'a'.repeat(64)}`))).toContain('sends on more than 3 times');
    expect(registry.asked).toHaveLength(4);
  });
});

describe('where code may come from', () => {
  const anywhere = { repository: 'ghcr.io/acme/handler', digest: `sha256:${'a'.repeat(64)}` };
  const nobody = async (): Promise<Response> => {
    throw new Error('It was asked.');
  };

  test('is nowhere unless a setting lists it', async () => {
    expect(await refusal(() => pullNothing(anywhere, undefined))).toBe(
      'The code is at ghcr.io, which is not among the registries that may be asked; add it to the setting oci-registries.',
    );
  });

  test('is asked by https', async () => {
    const urls: string[] = [];
    const fetching = async (url: URL): Promise<Response> => {
      urls.push(url.href);
      return new Response('', { status: 404 });
    };

    await faultOfPull(pullArtifact(anywhere, undefined, { registries: ['ghcr.io'], fetch: fetching }));

    expect(urls).toEqual([`https://ghcr.io/v2/acme/handler/manifests/${anywhere.digest}`]);
  });

  test.each([
    'http://169.254.169.254/latest',
    'http://127.0.0.1:9/x',
    'https://evil.example/x',
    'file:///etc/passwd',
    'http://ghcr.io/x',
  ])('is never a redirect to %s', async (location) => {
    let calls = 0;
    const fetching = async (): Promise<Response> => {
      calls += 1;
      return new Response('', { status: 302, headers: { location } });
    };

    const options = { registries: ['ghcr.io', '127.0.0.1:9'], fetch: fetching };

    expect(await refusal(() => pullArtifact(anywhere, undefined, options))).toMatch(
      /which is not among the registries|without https/,
    );
    expect(calls).toBe(1);
  });

  test('is elsewhere for blobs when that is listed too, and the login stays at the registry', async () => {
    const storage = await startRegistry();
    const registry = await startRegistry((request, response) => {
      if (request.headers.authorization === undefined) {
        response.writeHead(401, { 'www-authenticate': 'Basic realm="registry"' }).end();
        return true;
      }
      if (request.url?.includes('/blobs/') !== true) return false;
      response.writeHead(307, { location: `http://${storage.host}${request.url}` }).end();
      return true;
    });
    const layer = titled('index.mjs', Buffer.from(HANDLER));
    storage.push([layer]);
    const ref = { repository: registry.repository, digest: registry.push([layer]) };
    const login = { username: 'me', password: 'canary' };

    const content = await pullArtifact(ref, login, { registries: [registry.host, storage.host], fetch });

    expect(textsOf(content)).toEqual({ 'index.mjs': HANDLER });
    expect(storage.asked).toEqual([`GET /v2/acme/handler/blobs/${digestOf(layer.bytes)}`]);
    expect(await refusal(() => pullArtifact(ref, login, { registries: [registry.host], fetch }))).toContain(
      `sends on to ${storage.host}, which is not among the registries`,
    );
  });

  test('is told when nobody answers, as something that passes', async () => {
    expect(await faultOfPull(pullArtifact(anywhere, undefined, { registries: ['ghcr.io'], fetch: nobody }))).toEqual({
      class: 'transient',
      reason: 'RegistryUnavailable',
      message: 'Registry ghcr.io cannot be asked for the code: no answer',
    });
  });

  test.each([
    [404, 'dependency', 'DependencyNotReady'],
    [403, 'denied', 'AccessDenied'],
    [429, 'transient', 'RegistryUnavailable'],
    [503, 'transient', 'RegistryUnavailable'],
    [418, 'invalid', 'InvalidSpec'],
  ])('is told what a status of %i means', async (status, faultClass, reason) => {
    const registry = await startRegistry((_request, response) => {
      response.writeHead(status).end('canary');
      return true;
    });

    const fault = await faultOfPull(pull(registry, `sha256:${'a'.repeat(64)}`));

    expect(fault).toMatchObject({ class: faultClass, reason });
    expect(fault.message).not.toContain('canary');
  });
});

describe('a login', () => {
  const TOKEN = 'a-token';
  const secret = (content: unknown): PullSecret => ({
    about: 'Secret mail/pull',
    content: new Map([
      ['.dockerconfigjson', Buffer.from(typeof content === 'string' ? content : JSON.stringify(content))],
    ]),
  });

  /** Gives a token to who says `me:canary`, and content to who has the token. */
  async function guarded(realm: (host: string) => string = (host) => `http://${host}/token`) {
    const seen: string[] = [];
    const registry = await startRegistry((request, response) => {
      if (request.url?.startsWith('/token') === true) {
        seen.push(request.url);
        const expected = `Basic ${Buffer.from('me:canary').toString('base64')}`;
        const isMe = request.headers.authorization === expected;
        response.writeHead(isMe ? 200 : 401).end(JSON.stringify({ access_token: TOKEN }));
        return true;
      }
      if (request.headers.authorization === `Bearer ${TOKEN}`) return false;
      const challenge = `Bearer realm="${realm(request.headers.host ?? '')}",service="registry",scope="*"`;
      response.writeHead(401, { 'www-authenticate': challenge }).end();
      return true;
    });
    const digest = registry.push([titled('index.mjs', Buffer.from(HANDLER))]);
    return { registry, seen, ref: { repository: registry.repository, digest } };
  }
  const auth = Buffer.from('me:canary').toString('base64');

  test.each<[string, (registry: Registry) => unknown]>([
    ['by user name and password', ({ host }) => ({ auths: { [host]: { username: 'me', password: 'canary' } } })],
    ['by auth', ({ host }) => ({ auths: { [`https://${host}/v2/`]: { auth } } })],
    [
      'for the repository rather than the registry',
      ({ host }) => ({
        auths: { [host]: { auth: 'eDp5' }, [`${host}/acme`]: { auth }, [`${host}/ac`]: { auth: 'eDp5' } },
      }),
    ],
  ])('%s gets a token for this repository alone, once', async (_name, config) => {
    const { registry, seen, ref } = await guarded();
    const puller = createArtifactPuller({ registries: [registry.host], fetch });

    expect(textsOf(await puller(ref, secret(config(registry))))).toEqual({ 'index.mjs': HANDLER });

    expect(seen).toEqual(['/token?service=registry&scope=repository%3Aacme%2Fhandler%3Apull']);
  });

  test('that is wrong is refused, and not told', async () => {
    const { registry, ref } = await guarded();
    const puller = createArtifactPuller({ registries: [registry.host], fetch });
    const wrong = secret({ auths: { [registry.host]: { username: 'me', password: 'wrong-canary' } } });

    const fault = await faultOfPull(puller(ref, wrong));

    expect(fault).toMatchObject({ class: 'denied', reason: 'AccessDenied' });
    expect(JSON.stringify(fault)).not.toContain('canary');
  });

  test.each([
    ['elsewhere', () => 'https://evil.example/token', 'gives out tokens at evil.example, which is not among'],
    ['without https', () => 'http://ghcr.io/token', 'gives out tokens at ghcr.io without https'],
  ])('is never sent to a place %s', async (_name, realm, words) => {
    const { registry, ref } = await guarded(realm);
    const puller = createArtifactPuller({ registries: [registry.host, 'ghcr.io'], fetch });
    const login = secret({ auths: { [registry.host]: { auth } } });

    expect(await refusal(() => puller(ref, login))).toContain(words);
    expect(registry.asked.filter((call) => call.endsWith('with a login'))).toEqual([]);
  });

  test.each<[string, PullSecret, string]>([
    ['no docker config', { about: 'Secret mail/pull', content: new Map() }, 'has no key .dockerconfigjson'],
    ['no JSON', secret('canary'), 'is not JSON'],
    ['another registry', secret({ auths: { 'quay.io': { auth } } }), 'has no login for 127.0.0.1'],
    ['an entry without login', secret({ auths: { '127.0.0.1:9': {} } }), 'has neither user name and password nor auth'],
  ])('in a secret with %s is refused, and not told', async (_name, given, words) => {
    const ref = { repository: '127.0.0.1:9/acme/handler', digest: `sha256:${'a'.repeat(64)}` };

    const message = await refusal(() => pullNothing(ref, given));

    expect(message).toContain(words);
    expect(message).toMatch(/^Secret mail\/pull/);
    expect(message).not.toMatch(new RegExp(`canary|${auth}`));
  });
});

describe('a puller', () => {
  test('pulls an artifact once, and for another login once more', async () => {
    const registry = await startRegistry();
    const ref = { repository: registry.repository, digest: registry.push([titled('index.mjs', Buffer.from(HANDLER))]) };
    const puller = createArtifactPuller({ registries: [registry.host], fetch });
    const content = new Map([
      ['.dockerconfigjson', Buffer.from(JSON.stringify({ auths: { [registry.host]: { auth: 'eDp5' } } }))],
    ]);

    await Promise.all([puller(ref, undefined), puller(ref, undefined)]);
    await puller(ref, undefined);
    expect(registry.asked).toHaveLength(2);
    await puller(ref, { about: 'Secret mail/pull', content });

    expect(registry.asked).toHaveLength(4);
  });

  test('tries again what has failed', async () => {
    const registry = await startRegistry();
    const layer = titled('index.mjs', Buffer.from(HANDLER));
    const digest = registry.push([layer]);
    registry.content.delete(`/v2/acme/handler/blobs/${digestOf(layer.bytes)}`);
    const puller = createArtifactPuller({ registries: [registry.host], fetch });
    const ref = { repository: registry.repository, digest };
    expect(await faultOfPull(puller(ref, undefined))).toMatchObject({ class: 'dependency' });

    registry.push([layer]);

    expect(textsOf(await puller(ref, undefined))).toEqual({ 'index.mjs': HANDLER });
  });
});
