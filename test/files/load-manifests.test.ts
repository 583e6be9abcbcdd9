import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync } from 'node:fs';
import { unzipSync } from 'fflate';
import { describe, expect, test } from 'vitest';
import { loadManifests, type LoadedManifests, type LoadedPipeline } from '../../src/files/load-manifests.ts';
import { temporaryFolder } from './temporary-folder.ts';

const folder = temporaryFolder();

const readStdin = () => Promise.reject(new Error('nobody reads it'));

type Loaded = Omit<LoadedManifests, 'codePaths'>;

async function load(...sources: string[]): Promise<Loaded> {
  const { codePaths: _others, ...loaded } = await loadManifests({ sources, namespace: 'default', readStdin });
  return loaded;
}

const handler = 'export const handler = () => {};';

function pipeline({
  name = 'echo',
  metadata = '',
  code = `inline: { index.mjs: '${handler}' }`,
  rest = '',
} = {}): string {
  return `
apiVersion: ses-lambda-pipeline.dev/v1alpha1
kind: SesLambdaPipeline
metadata: { name: ${name}${metadata} }
spec:
  region: eu-west-1
  messageBodyStorage: { logicalName: Special }
  function:
    code: { ${code} }
  receiptRules:
    - { name: Special, recipients: [a@example.com] }
    - { name: Default, recipients: [] }
${rest}`;
}

function configMap({ name = 'code', metadata = '', rest = `data: { index.mjs: '${handler}' }` } = {}): string {
  return `
apiVersion: v1
kind: ConfigMap
metadata: { name: ${name}${metadata} }
${rest}
`;
}

const join = (...documents: string[]): string => documents.join('\n---\n');

function filesOf(pipeline: LoadedPipeline | undefined): Record<string, string> {
  if (pipeline?.inputs.code.kind !== 'zip') return {};
  return Object.fromEntries(
    Object.entries(unzipSync(pipeline.inputs.code.bytes)).map(([name, bytes]) => [name, Buffer.from(bytes).toString()]),
  );
}

const namesOf = ({ pipelines }: Loaded): string[] =>
  pipelines.map(({ manifest, namespace }) => `${namespace}/${manifest.metadata.name}`);

describe('pipelines', () => {
  test('are read with their defaults, code and origin', async () => {
    const file = folder.write('pipeline.yaml', pipeline());

    const { pipelines, problems } = await load(file);

    expect(problems).toEqual([]);
    expect(pipelines).toMatchObject([
      {
        manifest: { spec: { region: 'eu-west-1', function: { runtime: 'nodejs24.x', timeout: 10 } } },
        namespace: 'default',
        origin: { file, document: 1 },
        inputs: { code: { kind: 'zip' }, environment: {} },
      },
    ]);
    expect(filesOf(pipelines[0])).toEqual({ 'index.mjs': handler });
  });

  test('keep the namespace they name', async () => {
    const file = folder.write('a.yaml', join(pipeline({ metadata: ', namespace: mail' }), pipeline()));

    expect(namesOf(await load(file))).toEqual(['mail/echo', 'default/echo']);
  });

  test('of a folder may have the files of a Node.js project beside them', async () => {
    for (const name of ['package.json', 'package-lock.json', 'tsconfig.json'])
      folder.write(name, '{ "private": true }');
    folder.write('pipeline.yaml', pipeline());

    const loaded = await load(folder.path());

    expect(loaded).toMatchObject({ problems: [], pipelines: [{}] });
    expect(await load(folder.path('package.json'))).not.toMatchObject({ problems: [] }); // asked for by name
  });

  test('of a folder are read in the order of the names of its files, without the folders in it', async () => {
    folder.write('b.json', JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [] }));
    folder.write('c.yml', pipeline({ name: 'c' }));
    folder.write('a.yaml', pipeline({ name: 'a' }));
    folder.write('notes.txt', 'no: [yaml');
    folder.write('deeper/d.yaml', pipeline({ name: 'd' }));

    const loaded = await load(folder.path());

    expect(loaded.problems).toEqual([]);
    expect(namesOf(loaded)).toEqual(['default/a', 'default/c']);
  });

  test('of a file that is named twice are read once', async () => {
    const file = folder.write('a.yaml', pipeline());

    expect(await load(file, folder.path())).toMatchObject({ problems: [], pipelines: [{ origin: { file } }] });
  });

  test('come from standard input', async () => {
    const loaded = await loadManifests({
      sources: ['-'],
      namespace: 'default',
      readStdin: () => Promise.resolve(pipeline()),
    });

    expect(loaded).toMatchObject({ problems: [], pipelines: [{ origin: { file: '-', document: 1 } }] });
  });

  test('come from a list, as kubectl get prints it, with what Kubernetes added', async () => {
    const item = pipeline({ rest: 'status: { conditions: [] }' }).replace(
      'name: echo',
      'name: echo, uid: 1-2, generation: 3',
    );
    const file = folder.write(
      'list.yaml',
      `apiVersion: v1\nkind: List\nitems:\n  - ${item.trim().replaceAll('\n', '\n    ')}\n`,
    );

    const loaded = await load(file);

    expect(loaded.problems).toEqual([]);
    expect(namesOf(loaded)).toEqual(['default/echo']);
  });

  test('stand beside documents of other kinds, which are passed over', async () => {
    const others = [
      '{ apiVersion: v1, kind: Namespace, metadata: { name: mail } }',
      '{ apiVersion: v1, kind: Secret }',
    ];
    folder.write('kustomization.yaml', '{ apiVersion: kustomize.config.k8s.io/v1beta1, kind: Kustomization }');
    folder.write('pipeline.yaml', join(...others, pipeline()));

    expect(await load(folder.path())).toMatchObject({ problems: [], pipelines: [{ origin: { document: 3 } }] });
  });
});

describe('code', () => {
  test('comes from a ConfigMap in any file, before or after the pipeline, as text and as bytes', async () => {
    const code = 'configMapRef: { name: code }';
    folder.write('a.yaml', pipeline({ code }));
    folder.write('z.yaml', configMap({ rest: `data: { index.mjs: '${handler}' }\nbinaryData: { a.bin: AAEC }` }));

    const loaded = await load(folder.path());

    expect(loaded.problems).toEqual([]);
    expect(filesOf(loaded.pipelines[0])).toEqual({ 'index.mjs': handler, 'a.bin': '\u0000\u0001\u0002' });
  });

  test('comes from the ConfigMap of its own namespace only', async () => {
    const file = folder.write(
      'a.yaml',
      join(
        pipeline({ metadata: ', namespace: mail', code: 'configMapRef: { name: code }' }),
        configMap({ metadata: ', namespace: other' }),
      ),
    );

    expect(await load(file)).toEqual({
      pipelines: [],
      problems: [
        {
          file,
          document: 1,
          path: 'spec.function.code.configMapRef',
          message: 'ConfigMap mail/code is not among the given files; give its file with -f too',
        },
      ],
    });
  });

  test('in a bucket is passed on as it is', async () => {
    const file = folder.write('a.yaml', pipeline({ code: 's3: { bucket: builds, key: a.zip, version: v1 }' }));

    expect((await load(file)).pipelines[0]?.inputs.code).toEqual({
      kind: 's3',
      bucket: 'builds',
      key: 'a.zip',
      version: 'v1',
    });
  });

  test('from a path is found beside the manifest, wherever the process runs', async () => {
    folder.write('dist/index.mjs', handler);
    const file = folder.write('deploy/a.yaml', pipeline({ code: 'path: ../dist' }));

    expect(filesOf((await load(file)).pipelines[0])).toEqual({ 'index.mjs': handler });
  });

  test('gets the helper library when it imports it', async () => {
    const file = folder.write(
      'a.yaml',
      pipeline({ code: `inline: { index.mjs: "import 'ses-lambda-pipeline/lambda'" }` }),
    );

    expect(Object.keys(filesOf((await load(file)).pipelines[0]))).toContain(
      'node_modules/ses-lambda-pipeline/lambda.mjs',
    );
  });

  test('without the handler is a warning: a layer may bring it', async () => {
    const file = folder.write('a.yaml', pipeline({ code: 'inline: { main.mjs: "export {}" }' }));

    const { pipelines, problems } = await load(file);

    expect(problems).toEqual([]);
    expect(pipelines[0]?.inputs.warnings).toEqual([
      'spec.function.handler: the handler index.handler needs index.mjs, index.js or index.cjs, and the code holds main.mjs',
    ]);
  });

  test('in TypeScript is not bundled where nobody allows it', async () => {
    folder.write('code/index.ts', 'export const handler = () => {};');
    const file = folder.write('a.yaml', pipeline({ code: 'path: code' }));

    const { problems } = await loadManifests({
      sources: [file],
      namespace: 'default',
      readStdin: () => Promise.resolve(''),
      bundlesTypeScript: false,
    });

    expect(problems).toMatchObject([
      {
        path: 'spec.function.code.path',
        message: expect.stringContaining('index.ts is TypeScript and is not compiled here'),
      },
    ]);
  });

  test('gives the same bytes from every kind of source', async () => {
    folder.write('code/index.mjs', handler);
    const file = folder.write(
      'a.yaml',
      join(
        pipeline({ name: 'inline' }),
        pipeline({ name: 'folder', code: 'path: code' }),
        pipeline({ name: 'file', code: 'path: code/index.mjs' }),
        pipeline({ name: 'config-map', code: 'configMapRef: { name: code }' }),
        configMap(),
      ),
    );

    const { pipelines } = await load(file);

    const hashes = pipelines.map(({ inputs: { code } }) =>
      code.kind === 'zip' ? createHash('sha256').update(code.bytes).digest('hex') : '',
    );
    expect(hashes).toHaveLength(4);
    expect(new Set(hashes).size).toBe(1);
  });
});

describe('a problem', () => {
  const problemsOf = async (text: string) => {
    const file = folder.write('a.yaml', text);
    const { problems } = await load(file);
    for (const problem of problems) expect(problem.file).toBe(file);
    return problems.map(({ document, path, message }) => [document, path, message]);
  };

  test.each([
    [
      'a misspelt field of the specification',
      pipeline({ rest: '  invocationTyp: Event' }),
      ['spec.invocationTyp', 'unknown field "invocationTyp"; did you mean "invocationType"?'],
    ],
    [
      'a misspelt field in a list',
      pipeline({ rest: '    - { name: Third, recipient: [], recipients: [] }' }),
      ['spec.receiptRules[2].recipient', 'unknown field "recipient"; did you mean "recipients"?'],
    ],
    [
      'a field in the wrong case',
      pipeline({ rest: '  ruleset: { name: x }' }),
      ['spec.ruleset', 'unknown field "ruleset"; did you mean "ruleSet"?'],
    ],
    ['a field like no other', pipeline({ rest: '  color: red' }), ['spec.color', 'unknown field "color"']],
    [
      'a field called as a prototype',
      pipeline({ rest: '  __proto__: { region: x }' }),
      ['spec.__proto__', 'this name cannot be used'],
    ],
    [
      'a field called as a constructor',
      pipeline({ rest: '  constructor: x' }),
      ['spec.constructor', 'unknown field "constructor"'],
    ],
    [
      'a value of the wrong type',
      pipeline({ rest: '  invocationType: yes' }),
      ['spec.invocationType', 'must be "Event" or "RequestResponse"'],
    ],
    [
      'another version',
      pipeline().replace('v1alpha1', 'v2'),
      ['apiVersion', 'must be "ses-lambda-pipeline.dev/v1alpha1"'],
    ],
    [
      'a misspelt kind of our group',
      pipeline().replace('Pipeline\n', 'Pipelin\n'),
      ['kind', 'must be "SesLambdaPipeline"'],
    ],
    ['no kind', 'apiVersion: v1', ['kind', 'is required (string)']],
    ['no apiVersion', 'kind: ConfigMap', ['apiVersion', 'is required (string)']],
    ['a document that is a list', '- a', [undefined, 'is not an object with apiVersion and kind']],
    ['a document that is text', 'hello', [undefined, 'is not an object with apiVersion and kind']],
    ['a list without items', '{ apiVersion: v1, kind: List }', ['items', 'must be a list of resources']],
    ['a ConfigMap without name', '{ apiVersion: v1, kind: ConfigMap }', ['metadata.name', 'is required (string)']],
    [
      'ConfigMap data that is no text',
      configMap({ rest: 'data: { port: 80 }' }),
      ['data.port', 'must be text; put it in quotes'],
    ],
    [
      'ConfigMap data that is no map',
      configMap({ rest: 'data: [a]' }),
      ['data', 'must be a map from file name to text'],
    ],
    [
      'bytes that are not base64',
      configMap({ rest: 'binaryData: { a: "*" }' }),
      ['binaryData.a', 'must be text in base64'],
    ],
    [
      'a ConfigMap key that is no file name',
      configMap({ rest: 'data: { a/b: x }' }),
      ['data["a/b"]', 'a key may hold letters, digits, - _ and . only'],
    ],
    [
      'a key in data and binaryData',
      configMap({ rest: 'data: { a: x }\nbinaryData: { a: AAEC }' }),
      ['binaryData.a', 'stands in data and in binaryData; keep one'],
    ],
    [
      'broken YAML',
      'a: 1\nb: [',
      [undefined, 'is not valid YAML: line 2, column 5: unexpected end of the stream within a flow collection'],
    ],
    ['infinity', 'a: { b: [.inf] }', ['a.b[0]', 'Infinity is not a number that JSON has']],
    [
      'TypeScript',
      pipeline({ code: 'inline: { index.ts: "export {}" }' }),
      [
        'spec.function.code.inline',
        'index.ts is TypeScript and is not compiled here; compile it and name the folder with the JavaScript',
      ],
    ],
    [
      'a ConfigMap that is not valid, at the pipeline that needs it',
      join(pipeline({ code: 'configMapRef: { name: code }' }), configMap({ rest: 'data: 1' })),
      [
        'spec.function.code.configMapRef',
        expect.stringContaining('ConfigMap default/code is not valid; correct it first'),
      ],
    ],
    [
      'a path that leads nowhere',
      pipeline({ code: 'path: /nowhere/code' }),
      ['spec.function.code.path', '/nowhere/code does not exist'],
    ],
    [
      'code without files',
      pipeline({ code: 'inline: {}' }),
      ['spec.function.code.inline', 'The code holds no file; give at least the file that the handler names'],
    ],
    [
      'a file name that leaves the folder',
      pipeline({ code: 'inline: { ../index.mjs: "" }' }),
      [
        'spec.function.code.inline',
        'The file name "../index.mjs" cannot be packed: it holds "..", which would leave the folder of the function',
      ],
    ],
  ])('of %s says where and what', async (_name, text, [path, message]) => {
    expect(await problemsOf(text)).toContainEqual([1, path, message]);
  });

  test('is told for every document at once, and the good ones are still loaded', async () => {
    const file = folder.write(
      'a.yaml',
      join('a: [', pipeline({ name: 'good' }), pipeline({ name: 'bad', rest: '  color: red' }), 'kind: X'),
    );

    const loaded = await load(file, folder.path('missing.yaml'));

    expect(namesOf(loaded)).toEqual(['default/good']);
    expect(loaded.problems.map(({ document, path }) => [document, path])).toEqual([
      [undefined, undefined],
      [1, undefined],
      [3, 'spec.color'],
      [4, 'apiVersion'],
    ]);
  });

  test('of a name that stands twice names both places', async () => {
    const first = folder.write('a.yaml', join(configMap(), pipeline({ metadata: ', namespace: default' })));
    const second = folder.write('b.yaml', pipeline());

    expect(await load(first, second)).toMatchObject({
      pipelines: [{ origin: { file: first } }],
      problems: [
        {
          file: second,
          document: 1,
          path: 'metadata.name',
          message: `SesLambdaPipeline default/echo is also in ${first}, document 2; keep one of them`,
        },
      ],
    });
  });

  test('in a list names its item', async () => {
    const item = pipeline({ rest: '  color: red' }).trim().replaceAll('\n', '\n    ');
    const twice = configMap().trim().replaceAll('\n', '\n    ');
    const items = [twice, item, twice].map((text) => `  - ${text}\n`).join('');
    const file = folder.write('list.yaml', `apiVersion: v1\nkind: List\nitems:\n${items}`);

    expect((await load(file)).problems).toEqual([
      { file, document: 1, path: 'items[1].spec.color', message: 'unknown field "color"' },
      {
        file,
        document: 1,
        path: 'items[2].metadata.name',
        message: `ConfigMap default/code is also in ${file}, document 1, items[0]; keep one of them`,
      },
    ]);
  });

  test('of a ConfigMap that stands twice names both places', async () => {
    const file = folder.write('a.yaml', join(configMap(), configMap(), pipeline()));

    expect((await load(file)).problems).toEqual([
      {
        file,
        document: 2,
        path: 'metadata.name',
        message: `ConfigMap default/code is also in ${file}, document 1; keep one of them`,
      },
    ]);
  });

  test.each([
    ['does not exist', 'missing.yaml', 'does not exist'],
    ['is below a file', 'a.yaml/b.yaml', 'does not exist'],
    ['is an empty folder', 'empty', 'is a folder without a .yaml, .yml or .json file (folders in it are not searched)'],
    ['is not text', 'binary.yaml', 'is not text in UTF-8'],
    ['is empty', 'nothing.yaml', 'holds no SesLambdaPipeline'],
    ['holds other kinds only', 'namespace.yaml', 'holds no SesLambdaPipeline'],
    ['holds a ConfigMap only', 'code.yaml', 'holds no SesLambdaPipeline'],
  ])('of a source that %s is one sentence', async (_name, source, message) => {
    mkdirSync(folder.path('empty'));
    folder.write('a.yaml', pipeline());
    folder.write('binary.yaml', Buffer.from([0x61, 0xff, 0xfe]));
    folder.write('nothing.yaml', '# nothing\n---\n');
    folder.write('namespace.yaml', '{ apiVersion: v1, kind: Namespace }');
    folder.write('code.yaml', configMap());

    const file = folder.path(source);
    expect(await load(file)).toEqual({ pipelines: [], problems: [{ file, message }] });
  });

  test('is a source with neither pipeline nor ConfigMap beside good ones, and not one with code', async () => {
    const useless = folder.write('namespace.yaml', '{ apiVersion: v1, kind: Namespace }');
    const code = folder.write('code.yaml', configMap());
    const good = folder.write('a.yaml', pipeline());

    expect(await load(useless, code, good)).toMatchObject({
      pipelines: [{}],
      problems: [{ file: useless, message: 'holds no SesLambdaPipeline' }],
    });
  });

  test.skipIf(process.getuid?.() === 0)('is a file that may not be read', async () => {
    const file = folder.write('a.yaml', pipeline());
    chmodSync(file, 0);

    expect((await load(file)).problems).toEqual([{ file, message: 'may not be read: permission denied' }]);
  });

  test('is a source without an end, of which no more than the limit is read', async () => {
    const { problems } = await load('/dev/zero');

    expect(problems).toEqual([{ file: '/dev/zero', message: 'is larger than 16 MiB; split it' }]);
  });

  test('is standard input that breaks', async () => {
    expect((await load('-')).problems).toEqual([{ file: '-', message: 'cannot be read' }]);
  });
});

describe('code in a registry', () => {
  const repository = 'ghcr.io/acme/handler';
  const digest = `sha256:${'a'.repeat(64)}`;
  const ociRef = (rest = '') => pipeline({ code: `ociRef: { repository: ${repository}, digest: '${digest}'${rest} }` });

  test('is pulled as who the Secret among the files says, and packed', async () => {
    const secret = `
apiVersion: v1
kind: Secret
metadata: { name: pull }
stringData: { .dockerconfigjson: '{}' }`;
    folder.write('app.yaml', `${ociRef(', pullSecret: { name: pull }')}---${secret}`);
    const asked: unknown[] = [];

    const { pipelines, problems } = await loadManifests({
      sources: [folder.path()],
      namespace: 'default',
      readStdin: () => Promise.resolve(''),
      pull: async (ref, login) => {
        asked.push([ref, login?.about]);
        return { kind: 'files', files: new Map([['index.mjs', Buffer.from(handler)]]) };
      },
    });

    expect(problems).toEqual([]);
    expect(pipelines.map(({ inputs }) => inputs.code.kind)).toEqual(['zip']);
    expect(asked).toEqual([[{ repository, digest }, 'Secret default/pull']]);
  });

  test('is a problem at its place when nobody has listed the registry', async () => {
    folder.write('app.yaml', ociRef());

    expect((await load(folder.path())).problems).toMatchObject([
      { path: 'spec.function.code.ociRef', message: expect.stringContaining('add it to the setting oci-registries') },
    ]);
  });

  test('names an image without looking at it', async () => {
    const uri = '123456789012.dkr.ecr.eu-west-1.amazonaws.com/handler:1';
    folder.write('app.yaml', pipeline({ code: `imageUri: '${uri}'` }));

    expect((await load(folder.path())).pipelines.map(({ inputs }) => inputs.code)).toEqual([{ kind: 'image', uri }]);
  });
});
