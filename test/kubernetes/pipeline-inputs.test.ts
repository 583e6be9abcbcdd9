import { unzipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { faultOf } from '../../src/core/fault.ts';
import type { ApiObject, ApiResource } from '../../src/kubernetes/api-object.ts';
import type { ArtifactPuller } from '../../src/code/artifact-puller.ts';
import { configMapsOf, pipelineInputs } from '../../src/kubernetes/pipeline-inputs.ts';
import { manifest } from '../core/support/pipeline.ts';

const HANDLER = 'export const handler = () => {};';
const INLINE = { inline: { 'index.mjs': HANDLER } };
const withCode = (code: object) => manifest({ function: { code } });
const withVariables = (environmentFrom: object, code: object = INLINE) =>
  manifest({ function: { code, environmentFrom } });

const queue = { configMapKeyRef: { name: 'settings', key: 'queue' } };
const password = { secretKeyRef: { name: 'login', key: 'password' } };
const base64 = (text: string | Uint8Array) => Buffer.from(text).toString('base64');

/** An API server that has these objects, by kind and name. */
function apiWith(objects: Readonly<Record<string, object>>) {
  const asked: string[] = [];
  const get = async <T extends ApiObject>(
    { kind }: ApiResource,
    { namespace, name }: { namespace: string; name: string },
  ) => {
    asked.push(`${kind} ${namespace}/${name}`);
    return objects[`${kind} ${name}`] as T | undefined;
  };
  return { api: { get }, asked };
}

async function codeOf(code: object, found?: object) {
  const objects = found === undefined ? {} : { 'ConfigMap code': found };
  return (await pipelineInputs(withCode(code), 'mail', apiWith(objects).api)).code;
}

async function filesOf(code: object, found?: object): Promise<Record<string, string>> {
  const packed = await codeOf(code, found);
  if (packed.kind !== 'zip') throw new Error('it was expected to be packed');
  return Object.fromEntries(
    Object.entries(unzipSync(packed.bytes)).map(([name, bytes]) => [name, Buffer.from(bytes).toString()]),
  );
}

describe('the code', () => {
  it('is packed from what stands in the manifest, without asking the API server', async () => {
    const { api, asked } = apiWith({});

    const { code } = await pipelineInputs(withCode(INLINE), 'mail', api);

    expect(code.kind).toBe('zip');
    expect(asked).toEqual([]);
    expect(await filesOf(INLINE)).toMatchObject({ 'index.mjs': HANDLER });
  });

  it('comes with a warning when it lacks the handler', async () => {
    const lacking = withCode({ inline: { 'index.mjs': 'export const main = () => {};' } });

    expect((await pipelineInputs(lacking, 'mail', apiWith({}).api)).warnings).toEqual([
      'spec.function.handler: index.mjs seems to export no handler, which the handler index.handler names',
    ]);
    expect(await pipelineInputs(withCode(INLINE), 'mail', apiWith({}).api)).not.toHaveProperty('warnings');
  });

  it('is packed from the ConfigMap of the same namespace, text and binary', async () => {
    const { api, asked } = apiWith({ 'ConfigMap code': { data: { 'index.mjs': HANDLER } } });
    await pipelineInputs(withCode({ configMapRef: { name: 'code' } }), 'mail', api);
    const binaryData = { 'data.bin': base64('bytes') };

    expect(asked).toEqual(['ConfigMap mail/code']);
    expect(
      await filesOf({ configMapRef: { name: 'code' } }, { data: { 'index.mjs': HANDLER }, binaryData }),
    ).toMatchObject({ 'index.mjs': HANDLER, 'data.bin': 'bytes' });
  });

  it('is the same zip for the same files, in whatever order they come', async () => {
    const ref = { configMapRef: { name: 'code' } };
    const one = await codeOf(ref, { data: { 'index.mjs': HANDLER, 'a.mjs': 'a' } });
    const two = await codeOf(ref, { data: { 'a.mjs': 'a', 'index.mjs': HANDLER } });

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
    {
      code: { imageUri: '123456789012.dkr.ecr.us-west-2.amazonaws.com/handler:1' },
      expected: { kind: 'image', uri: '123456789012.dkr.ecr.us-west-2.amazonaws.com/handler:1' },
    },
  ])('is only named where Lambda reads it itself: $code', async ({ code, expected }) => {
    expect(await codeOf(code)).toEqual(expected);
  });

  it('is pulled from a registry as who the Secret of the same namespace says', async () => {
    const ociRef = { repository: 'ghcr.io/acme/handler', digest: `sha256:${'a'.repeat(64)}` };
    const { api, asked } = apiWith({ 'Secret pull': { data: { '.dockerconfigjson': base64('{}') } } });
    const pulled: unknown[] = [];
    const pull: ArtifactPuller = async (...asking) => {
      pulled.push(asking);
      return { kind: 'files', files: new Map([['index.mjs', Buffer.from(HANDLER)]]) };
    };

    const { code } = await pipelineInputs(
      withCode({ ociRef: { ...ociRef, pullSecret: { name: 'pull' } } }),
      'mail',
      api,
      pull,
    );
    await pipelineInputs(withCode({ ociRef }), 'mail', api, pull);

    expect(code).toEqual(await codeOf(INLINE));
    expect(asked).toEqual(['Secret mail/pull']);
    expect(pulled).toEqual([
      [ociRef, { about: 'Secret mail/pull', content: new Map([['.dockerconfigjson', Buffer.from('{}')]]) }],
      [ociRef, undefined],
    ]);
  });

  it('is not pulled from a registry that nobody has listed', async () => {
    const ociRef = { repository: 'ghcr.io/acme/handler', digest: `sha256:${'a'.repeat(64)}` };

    expect(faultOf(await codeOf({ ociRef }).catch((error: unknown) => error))).toMatchObject({
      class: 'invalid',
      message: expect.stringContaining('add it to the setting oci-registries'),
    });
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
  ])('is refused with $name', async ({ code, found, fault }) => {
    expect(await codeOf(code, found).catch(faultOf)).toMatchObject(fault);
  });
});

describe('the environment', () => {
  it('takes values from ConfigMaps and Secrets of the same namespace, each object read once', async () => {
    const { api, asked } = apiWith({
      'ConfigMap settings': { data: { queue: 'https://queue', level: '' }, binaryData: { bytes: base64('ä') } },
      'Secret login': { data: { password: base64('s3cret\n') } },
    });

    const { environment } = await pipelineInputs(
      withVariables({
        QUEUE: queue,
        LEVEL: { configMapKeyRef: { name: 'settings', key: 'level' } },
        BYTES: { configMapKeyRef: { name: 'settings', key: 'bytes' } },
        PASSWORD: password,
      }),
      'mail',
      api,
    );

    expect(environment).toEqual({ QUEUE: 'https://queue', LEVEL: '', BYTES: 'ä', PASSWORD: 's3cret\n' });
    expect(asked.sort()).toEqual(['ConfigMap mail/settings', 'Secret mail/login']);
  });

  it('and the code share a ConfigMap that both name', async () => {
    const { api, asked } = apiWith({ 'ConfigMap code': { data: { 'index.mjs': HANDLER } } });
    const both = withVariables(
      { HANDLER_TEXT: { configMapKeyRef: { name: 'code', key: 'index.mjs' } } },
      { configMapRef: { name: 'code' } },
    );

    expect((await pipelineInputs(both, 'mail', api)).environment).toEqual({ HANDLER_TEXT: HANDLER });
    expect(asked).toEqual(['ConfigMap mail/code']);
  });

  it.each([
    {
      name: 'a Secret that does not exist',
      objects: {},
      fault: {
        class: 'dependency',
        reason: 'DependencyNotReady',
        message: 'Secret mail/login does not exist; create it, and the pipeline goes on by itself',
      },
    },
    {
      name: 'a key that does not exist',
      objects: { 'Secret login': { data: { user: base64('me') } } },
      fault: {
        class: 'dependency',
        reason: 'DependencyNotReady',
        message: 'Secret mail/login has no key password, which variable PASSWORD needs; add it',
      },
    },
    {
      name: 'a value that is no text',
      objects: { 'Secret login': { data: { password: base64(new Uint8Array([0xff, 0xfe])) } } },
      fault: { class: 'invalid', message: expect.stringContaining('key password') },
    },
    {
      name: 'a value with a null character',
      objects: { 'Secret login': { data: { password: base64('a\0b') } } },
      fault: { class: 'invalid', message: expect.stringContaining('without null characters') },
    },
  ])('is refused with $name', async ({ objects, fault }) => {
    const failed = await pipelineInputs(withVariables({ PASSWORD: password }), 'mail', apiWith(objects).api).catch(
      faultOf,
    );

    expect(failed).toMatchObject(fault);
  });

  it('tells the same trouble of several every time, whatever answers first', async () => {
    const names = ['zeta', 'alpha', 'mid'];
    const variables = names.map((name) => [name.toUpperCase(), { secretKeyRef: { name, key: 'k' } }]);
    const answers = names.map((name) => ({ name, ...Promise.withResolvers<undefined>() }));
    const api = {
      get: <T extends ApiObject>(_: ApiResource, { name }: { name: string }) =>
        answers.find((each) => each.name === name)?.promise ?? Promise.resolve<T | undefined>(undefined),
    };

    const failed = pipelineInputs(withVariables(Object.fromEntries(variables)), 'mail', api).catch(faultOf);
    for (const { resolve } of answers) resolve(undefined);

    expect(await failed).toMatchObject({ message: expect.stringContaining('Secret mail/alpha') });
  });
});

describe('configMapsOf', () => {
  it.each([
    { name: 'a reference', of: withCode({ configMapRef: { name: 'code' } }), expected: ['mail/code'] },
    { name: 'inline code', of: withCode(INLINE), expected: [] },
    { name: 'variables', of: withVariables({ QUEUE: queue, PASSWORD: password }), expected: ['mail/settings'] },
    {
      name: 'code and variables of one ConfigMap',
      of: withVariables({ QUEUE: queue }, { configMapRef: { name: 'settings' } }),
      expected: ['mail/settings'],
    },
    { name: 'no manifest', of: undefined, expected: [] },
  ])('of $name is $expected', ({ of, expected }) => {
    expect(configMapsOf(of, 'mail')).toEqual(expected);
  });
});
