import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { unzipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadManifests } from '../../src/files/load-manifests.ts';

const BUCKET = 'spartaapplication-sesmessagestorebucketa622fdfda5-1rhh9ckj38gt4';
const LOGICAL_ID = 'SESMessageStoreBucketa622fdfda5789d596c08c79124f12b978b3da772';
const bucket = {
  DomainName: `${BUCKET}.s3.amazonaws.com`,
  Ref: BUCKET,
  Tags: [{ Key: 'sparta:logicalBucketName', Value: 'Special' }],
  Type: 'AWS::S3::Bucket',
  WebsiteURL: `http://${BUCKET}.s3-website-us-west-2.amazonaws.com`,
};

const mail = (messageId: string) => ({
  eventSource: 'aws:ses',
  eventVersion: '1.0',
  ses: { mail: { messageId, source: 'sender@example.com' }, receipt: { recipients: ['sombody_special@gosparta.io'] } },
});

/** Unpacks the example's zip as Lambda does: beside it stands the AWS SDK, and nothing else of this project. */
async function unpackExample(folder: string): Promise<void> {
  const loaded = await loadManifests({
    sources: [fileURLToPath(new URL('../../examples/echo', import.meta.url))],
    namespace: 'default',
    readStdin: () => Promise.resolve(''),
  });
  expect(loaded.problems).toEqual([]);
  const code = loaded.pipelines[0]?.inputs.code;
  if (code?.kind !== 'zip') throw new Error('the example has no zip');
  for (const [name, bytes] of Object.entries(unzipSync(code.bytes))) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), bytes);
  }
  const sdk = realpathSync(fileURLToPath(new URL('../../node_modules/@aws-sdk', import.meta.url)));
  symlinkSync(sdk, join(folder, 'node_modules/@aws-sdk'));
  writeFileSync(
    join(folder, 'invoke.mjs'),
    `import { handler } from './index.mjs';
     await handler(JSON.parse(process.env.EVENT), { awsRequestId: 'request-1' });`,
  );
}

describe('the handler of examples/echo, as it is published', () => {
  let folder = '';
  let s3: Server;
  const requests: string[] = [];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'echo-example-'));
    await unpackExample(folder);
    s3 = createServer((request, response) => {
      const path = new URL(request.url ?? '', 'http://s3').pathname;
      requests.push(`${request.method} ${path}`);
      const status = path.endsWith('/forbidden') ? 403 : path.endsWith('/stored') ? 200 : 404;
      response
        .writeHead(status, status === 200 ? { 'content-length': '1234', 'content-type': 'text/plain' } : {})
        .end();
    });
    await new Promise<void>((resolve) => s3.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => {
    s3.close();
    rmSync(folder, { recursive: true });
  });

  type Invocation = { exitCode: number | null; entries: Record<string, unknown>[]; errors: string };

  async function invoke(event: unknown, discovery?: unknown, env: Record<string, string> = {}): Promise<Invocation> {
    requests.length = 0;
    const child = spawn(process.execPath, [join(folder, 'invoke.mjs')], {
      env: {
        AWS_REGION: 'us-west-2',
        AWS_ACCESS_KEY_ID: 'test',
        AWS_SECRET_ACCESS_KEY: 'test',
        AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${(s3.address() as AddressInfo).port}`,
        SES_LAMBDA_PIPELINE_LOG_LEVEL: 'debug',
        ...(discovery === undefined
          ? {}
          : { SES_LAMBDA_PIPELINE_DISCOVERY: Buffer.from(JSON.stringify(discovery)).toString('base64') }),
        EVENT: JSON.stringify(event),
        ...env,
      },
    });
    let output = '';
    let errors = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
    const exitCode = await new Promise<number | null>((resolve) => child.on('close', resolve));
    const lines = output.split('\n').filter((line) => line !== '');
    return { exitCode, entries: lines.map((line) => JSON.parse(line) as Record<string, unknown>), errors };
  }

  test('logs the request, what it discovered, each message and the metadata of its body', async () => {
    const discovery = { [LOGICAL_ID]: bucket, handlerFunc: 'index.handler' };

    const { exitCode, entries } = await invoke({ Records: [mail('stored'), mail('stored')] }, discovery);

    const message = [
      {
        level: 'info',
        msg: 'SES Event',
        Source: 'sender@example.com',
        MessageID: 'stored',
        S3BodyInfo: { Bucket: bucket },
      },
      {
        level: 'info',
        msg: 'SES MessageBody',
        Error: null,
        Metadata: expect.objectContaining({ ContentLength: 1234 }),
      },
    ];
    expect(exitCode).toBe(0);
    expect(entries).toEqual([
      { level: 'info', msg: 'Request received', RequestID: 'request-1' },
      { level: 'debug', msg: 'Discovery results', Error: null, Configuration: discovery },
      ...message,
      ...message,
    ]);
    expect(requests).toEqual([`HEAD /${BUCKET}/stored`, `HEAD /${BUCKET}/stored`]);
    expect(entries.at(-1)?.['Metadata']).not.toHaveProperty('$metadata');
  });

  test('looks under every prefix, and finds a body under an earlier one', async () => {
    const discovery = { [LOGICAL_ID]: { ...bucket, ObjectKeyPrefixes: ['new/', 'old/stored/', ''] } };

    const { entries } = await invoke({ Records: [mail('stored')] }, { ...discovery });
    const missing = await invoke({ Records: [mail('gone')] }, discovery);

    expect(entries.at(-1)).toMatchObject({ msg: 'SES MessageBody', Error: null });
    expect(missing.entries.at(-1)).toMatchObject({ msg: 'SES MessageBody', Error: 'NotFound', Metadata: null });
    expect(requests).toEqual([`HEAD /${BUCKET}/new/gone`, `HEAD /${BUCKET}/old/stored/gone`, `HEAD /${BUCKET}/gone`]);
  });

  test('logs a body that it may not see, and succeeds', async () => {
    const { exitCode, entries } = await invoke({ Records: [mail('forbidden')] }, { [LOGICAL_ID]: bucket });

    expect(exitCode).toBe(0);
    expect(entries.at(-1)).toEqual({
      level: 'info',
      msg: 'SES MessageBody',
      Error: expect.stringMatching(/.+/),
      Metadata: null,
    });
  });

  test('logs messages without a bucket, and asks S3 nothing', async () => {
    const { exitCode, entries } = await invoke({ Records: [mail('stored')] });

    expect(exitCode).toBe(0);
    expect(entries.slice(1)).toEqual([
      {
        level: 'debug',
        msg: 'Discovery results',
        Error: expect.stringContaining('SES_LAMBDA_PIPELINE_DISCOVERY is not set'),
        Configuration: {},
      },
      { level: 'info', msg: 'SES Event', Source: 'sender@example.com', MessageID: 'stored', S3BodyInfo: {} },
    ]);
    expect(requests).toEqual([]);
  });

  test('leaves the discovery out of the log above the level debug', async () => {
    const { entries } = await invoke({ Records: [] }, {}, { SES_LAMBDA_PIPELINE_LOG_LEVEL: 'info' });

    expect(entries.map(({ msg }) => msg)).toEqual(['Request received']);
  });

  test('fails on an event that is not from SES, so that Lambda tries again', async () => {
    const { exitCode, errors } = await invoke({ Records: [{ eventSource: 'aws:s3' }] }, { [LOGICAL_ID]: bucket });

    expect(exitCode).not.toBe(0);
    expect(errors).toContain('This is not an SES event');
  });
});
