import { unzipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { faultOf } from '../../src/core/fault.ts';
import type { ApiObject } from '../../src/kubernetes/api-object.ts';
import type { KubernetesApi } from '../../src/kubernetes/api.ts';
import { configMapOf, pipelineCode } from '../../src/kubernetes/pipeline-code.ts';
import { manifest } from '../core/support/pipeline.ts';

const HANDLER = 'export const handler = () => {};';
const withCode = (code: object) => manifest({ function: { code } });

function apiWith(found: object | undefined) {
  const asked: string[] = [];
  const get = async <T extends ApiObject>(_: unknown, { namespace, name }: { namespace: string; name: string }) => {
    asked.push(`${namespace}/${name}`);
    return found as T | undefined;
  };
  return { api: { get } satisfies Pick<KubernetesApi, 'get'>, asked };
}

async function filesOf(code: object, found?: object): Promise<Record<string, string>> {
  const packed = await pipelineCode(withCode(code), 'mail', apiWith(found).api);
  if (packed.kind !== 'zip') throw new Error('it was expected to be packed');
  return Object.fromEntries(
    Object.entries(unzipSync(packed.bytes)).map(([name, bytes]) => [name, Buffer.from(bytes).toString()]),
  );
}

describe('pipelineCode', () => {
  it('packs what stands in the manifest, without asking the API server', async () => {
    const { api, asked } = apiWith(undefined);

    const packed = await pipelineCode(withCode({ inline: { 'index.mjs': HANDLER } }), 'mail', api);

    expect(packed.kind).toBe('zip');
    expect(asked).toEqual([]);
    expect(await filesOf({ inline: { 'index.mjs': HANDLER } })).toMatchObject({ 'index.mjs': HANDLER });
  });

  it('packs the ConfigMap of the same namespace, text and binary', async () => {
    const { api, asked } = apiWith({ metadata: { name: 'code' }, data: { 'index.mjs': HANDLER } });
    await pipelineCode(withCode({ configMapRef: { name: 'code' } }), 'mail', api);
    const binaryData = { 'data.bin': Buffer.from('bytes').toString('base64') };

    expect(asked).toEqual(['mail/code']);
    expect(
      await filesOf({ configMapRef: { name: 'code' } }, { data: { 'index.mjs': HANDLER }, binaryData }),
    ).toMatchObject({ 'index.mjs': HANDLER, 'data.bin': 'bytes' });
  });

  it('gives the same zip for the same files, in whatever order they come', async () => {
    const ref = withCode({ configMapRef: { name: 'code' } });
    const one = await pipelineCode(ref, 'mail', apiWith({ data: { 'index.mjs': HANDLER, 'a.mjs': 'a' } }).api);
    const two = await pipelineCode(ref, 'mail', apiWith({ data: { 'a.mjs': 'a', 'index.mjs': HANDLER } }).api);

    expect(one).toEqual(two);
  });

  it.each([
    {
      code: { s3: { bucket: 'code-of-ours', key: 'fn.zip' } },
      expected: { kind: 's3', bucket: 'code-of-ours', key: 'fn.zip' },
    },
    {
      code: { s3: { bucket: 'code-of-ours', key: 'fn.zip', version: 'v1' } },
      expected: { kind: 's3', bucket: 'code-of-ours', key: 'fn.zip', version: 'v1' },
    },
  ])('only names what lies in S3: $code', async ({ code, expected }) => {
    expect(await pipelineCode(withCode(code), 'mail', apiWith(undefined).api)).toEqual(expected);
  });

  it.each([
    {
      name: 'a ConfigMap that does not exist',
      code: { configMapRef: { name: 'code' } },
      found: undefined,
      fault: {
        class: 'dependency',
        reason: 'DependencyNotReady',
        message: expect.stringContaining('mail/code does not exist'),
      },
    },
    {
      name: 'a ConfigMap without files',
      code: { configMapRef: { name: 'code' } },
      found: {},
      fault: { class: 'invalid', reason: 'InvalidSpec' },
    },
    {
      name: 'a ConfigMap with a broken member',
      code: { configMapRef: { name: 'code' } },
      found: { binaryData: { 'index.mjs': '???' } },
      fault: { class: 'invalid', message: expect.stringContaining('mail/code, binaryData.index.mjs') },
    },
    {
      name: 'a path, which a cluster has not',
      code: { path: 'handler' },
      found: undefined,
      fault: { class: 'invalid', message: expect.stringContaining('code.path') },
    },
  ])('refuses $name', async ({ code, found, fault }) => {
    const failed = await pipelineCode(withCode(code), 'mail', apiWith(found).api).catch(faultOf);

    expect(failed).toMatchObject(fault);
  });
});

describe('configMapOf', () => {
  it.each([
    { name: 'a reference', of: withCode({ configMapRef: { name: 'code' } }), expected: 'mail/code' },
    { name: 'inline code', of: withCode({ inline: { 'index.mjs': HANDLER } }), expected: undefined },
    { name: 'no manifest', of: undefined, expected: undefined },
  ])('of $name is $expected', ({ of, expected }) => {
    expect(configMapOf(of, 'mail')).toBe(expected);
  });
});
