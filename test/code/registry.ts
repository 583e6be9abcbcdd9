import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { packTar, type TarEntry } from 'modern-tar';
import { onTestFinished } from 'vitest';

export const digestOf = (bytes: Uint8Array): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

export type TestLayer = {
  readonly bytes: Uint8Array;
  readonly mediaType?: string;
  readonly annotations?: Readonly<Record<string, string>>;
};

/** Answers before the registry does, where it answers at all. @returns true when it did */
type Before = (request: IncomingMessage, response: ServerResponse) => boolean;

/** A registry of the distribution spec on this machine, as far as a pull goes. */
export async function startRegistry(before: Before = () => false) {
  const content = new Map<string, Uint8Array>();
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '', 'http://registry').pathname;
    asked.push(`${request.method} ${path}${request.headers.authorization === undefined ? '' : ' with a login'}`);
    if (before(request, response)) return;
    const found = content.get(path);
    response.writeHead(found === undefined ? 404 : 200, { 'content-type': 'application/octet-stream' }).end(found);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const put = (kind: 'manifests' | 'blobs', bytes: Uint8Array): string => {
    const digest = digestOf(bytes);
    content.set(`/v2/acme/handler/${kind}/${digest}`, bytes);
    return digest;
  };
  return {
    host,
    repository: `${host}/acme/handler`,
    asked,
    content,
    /** @returns the digest of the manifest */
    push: (layers: readonly TestLayer[], over: object = {}): string => {
      const described = layers.map(({ bytes, mediaType = '', annotations }) => ({
        mediaType,
        digest: put('blobs', bytes),
        size: bytes.length,
        annotations,
      }));
      return put('manifests', Buffer.from(JSON.stringify({ schemaVersion: 2, layers: described, ...over })));
    },
    pushManifest: (bytes: Uint8Array): string => put('manifests', bytes),
  };
}

/** As `flux push artifact` and ORAS of a folder make it. */
export const tarGzip = async (entries: readonly TarEntry[]): Promise<TestLayer> => ({
  bytes: gzipSync(await packTar(entries)),
  mediaType: 'application/vnd.cncf.flux.content.v1.tar+gzip',
});

/** As `oras push` makes it of a file. */
export const titled = (title: string, bytes: Uint8Array): TestLayer => ({
  bytes,
  mediaType: 'application/vnd.oci.image.layer.v1.tar',
  annotations: { 'org.opencontainers.image.title': title },
});

export const tarFile = (name: string, body: string): TarEntry => ({
  header: { name, size: Buffer.byteLength(body), type: 'file' },
  body,
});
