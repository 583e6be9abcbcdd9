import { describe, expect, test } from 'vitest';
import { customResourceDefinition } from '../../src/core/crd.ts';
import { parseManifest } from '../../src/core/manifest.ts';
import { document } from './support/pipeline.ts';

type Node = { readonly [key: string]: unknown };
type Place = { readonly path: string; readonly node: Node };

const definition = customResourceDefinition() as {
  spec: { versions: [{ schema: { openAPIV3Schema: Node } }] };
};
const root = definition.spec.versions[0].schema.openAPIV3Schema;

/** Every schema below a node, the node included. */
function places(path: string, node: Node): Place[] {
  const properties = Object.entries((node['properties'] ?? {}) as Record<string, Node>);
  const inner = [
    ...properties.map(([name, child]) => [`${path}.${name}`, child] as const),
    ...(['items', 'additionalProperties'] as const).flatMap((key) =>
      key in node ? [[`${path}.${key}`, node[key] as Node] as const] : [],
    ),
  ];
  return [{ path, node }, ...inner.flatMap(([at, child]) => places(at, child))];
}

const everything = places('', root);
const ofSpec = everything.filter(({ path }) => path.startsWith('.spec'));

/** @see https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema */
describe('the schema is structural', () => {
  const ALLOWED = new Set([
    'type',
    'description',
    'default',
    'enum',
    'format',
    'pattern',
    'minimum',
    'maximum',
    'minLength',
    'maxLength',
    'minItems',
    'maxItems',
    'maxProperties',
    'required',
    'properties',
    'items',
    'additionalProperties',
    'x-kubernetes-validations',
    'x-kubernetes-list-type',
    'x-kubernetes-list-map-keys',
    'x-kubernetes-preserve-unknown-fields',
  ]);

  test('every node has a type and only keywords that the API server takes', () => {
    expect(everything.filter(({ node }) => typeof node['type'] !== 'string').map(({ path }) => path)).toEqual([]);
    expect(
      everything.flatMap(({ path, node }) =>
        Object.keys(node).flatMap((key) => (ALLOWED.has(key) ? [] : [`${path} ${key}`])),
      ),
    ).toEqual([]);
  });

  test('no object has both properties and additionalProperties', () => {
    expect(everything.filter(({ node }) => 'properties' in node && 'additionalProperties' in node)).toEqual([]);
  });

  test('what is required exists and has no default', () => {
    const wrong = everything.flatMap(({ path, node }) => {
      const properties = (node['properties'] ?? {}) as Record<string, Node>;
      const required = (node['required'] ?? []) as string[];
      return required
        .filter((name) => properties[name] === undefined || 'default' in properties[name])
        .map((name) => `${path}.${name}`);
    });

    expect(wrong).toEqual([]);
  });

  test('metadata is left to the API server', () => {
    expect((root['properties'] as Record<string, Node>)['metadata']).toEqual({ type: 'object' });
  });
});

test('every text, list, map and number of the spec is bounded, so that the cost of CEL is', () => {
  const BOUND: Readonly<Record<string, string>> = { string: 'maxLength', array: 'maxItems', integer: 'maximum' };
  const unbounded = ofSpec.filter(({ node }) => {
    const bound = 'additionalProperties' in node ? 'maxProperties' : BOUND[String(node['type'])];
    return bound !== undefined && !('enum' in node) && !(Number(node[bound]) < 2 ** 31);
  });

  expect(unbounded.map(({ path }) => path)).toEqual([]);
  expect(ofSpec.length).toBeGreaterThan(40);
});

test('patterns are written so that RE2 reads them: no look-around, no back reference, few repetitions', () => {
  const patterns = ofSpec.flatMap(({ node }) => (typeof node['pattern'] === 'string' ? [node['pattern']] : []));
  expect(patterns.length).toBeGreaterThan(10);

  for (const pattern of patterns) {
    expect(pattern).toMatch(/^\^.*\$$|^\^arn/);
    expect(pattern).not.toMatch(/\(\?|\\[1-9]|\\[^\w/.]|\\[bBpPuck]/);
    for (const [, most] of pattern.matchAll(/\{\d+,(\d+)\}/g)) expect(Number(most)).toBeLessThanOrEqual(1000);
  }
});

test('files only fields are left out, whatever is in Kubernetes is in files', () => {
  expect(ofSpec.map(({ path }) => path)).not.toContain('.spec.function.code.path');
  expect(ofSpec.map(({ path }) => path)).toContain('.spec.function.code.s3.version');
});

test('defaults, filled in from the outside to the inside as the API server does it, are those of files', () => {
  const written = document();
  const parsed = parseManifest(written);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.issues));

  const filled = withDefaults(root, structuredClone(written)) as { spec: unknown };

  expect(filled.spec).toEqual(parsed.manifest.spec);
});

function withDefaults(node: Node, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => withDefaults(node['items'] as Node, item));
  if (typeof value !== 'object' || value === null) return value;
  const result: Record<string, unknown> = { ...value };
  for (const [name, child] of Object.entries((node['properties'] ?? {}) as Record<string, Node>)) {
    if (result[name] === undefined && 'default' in child) result[name] = structuredClone(child['default']);
    if (result[name] !== undefined) result[name] = withDefaults(child, result[name]);
  }
  return result;
}

describe('CEL', () => {
  const rules = everything.flatMap(({ path, node }) =>
    ((node['x-kubernetes-validations'] ?? []) as { rule: string; message: string }[]).map(({ rule, message }) => ({
      path,
      rule,
      message,
    })),
  );
  const inline = { inline: { 'index.mjs': '' } };

  test('compares with the old object nowhere below a list, where there is none', () => {
    expect(rules.filter(({ rule }) => rule.includes('oldSelf')).map(({ path }) => path)).toEqual([
      '.spec',
      '.spec.messageBodyStorage',
      '.spec.messageBodyStorage',
      '.spec.function',
    ]);
  });

  test('has a message in every rule', () => {
    expect(rules.filter(({ message }) => message === undefined || message.includes('\n'))).toEqual([]);
  });

  test.each<[string, object, string, object?]>([
    ['the name', {}, '', { name: 'a.b' }],
    ['both buckets', { messageBodyStorage: { logicalName: 'a', bucketName: 'abc' } }, '.spec.messageBodyStorage'],
    [
      'settings of an existing bucket',
      { messageBodyStorage: { bucketName: 'abc', versioned: true } },
      '.spec.messageBodyStorage',
    ],
    [
      'deletion of an existing bucket',
      { messageBodyStorage: { bucketName: 'abc', deletionPolicy: 'Delete' } },
      '.spec.messageBodyStorage',
    ],
    [
      'an existing role',
      { role: { existingArn: 'arn:aws:iam::1:role/a', managedPolicyArns: ['arn:aws:iam::aws:policy/A'] } },
      '.spec.role',
    ],
    ['a variable name', { function: { code: inline, environment: { A: '' } } }, '.spec.function.environment'],
    [
      'a reserved variable',
      { function: { code: inline, environment: { AWS_REGION: '' } } },
      '.spec.function.environment',
    ],
    ['a file name', { function: { code: { inline: { ['x'.repeat(254)]: '' } } } }, '.spec.function.code.inline'],
    ['two sources', { function: { code: { ...inline, s3: { bucket: 'abc', key: 'k' } } } }, '.spec.function.code'],
    ['rule names', { receiptRules: [1, 2].map(() => ({ name: 'A', recipients: [] })) }, '.spec.receiptRules'],
    [
      'the storage rule',
      { receiptRules: [{ name: 'MessageBodyStorage', recipients: [] }] },
      '.spec.receiptRules.items.name',
    ],
  ])('has a rule for what files refuse beyond types: %s', (_, spec, path, metadata) => {
    expect(parseManifest(document(spec, metadata)).ok).toBe(false);
    expect(rules.map((rule) => rule.path)).toContain(path);
  });

  test.each([
    'AWS_REGION',
    'AWS_LAMBDA_X',
    'SES_LAMBDA_PIPELINE_DISCOVERY',
    'LAMBDA_TASK_ROOT',
    'AWS_REGIONS',
    'MODE',
    'AWS_ENDPOINT_URL',
  ])('lets the variable %s through or not, as files do', (name) => {
    const [rule] = rules.filter(({ rule }) => rule.includes('AWS_REGION'));
    const pattern = new RegExp(/matches\('(.*)'\)/.exec(rule?.rule ?? '')?.[1] ?? 'nothing');

    expect(parseManifest(document({ function: { code: inline, environment: { [name]: '' } } })).ok).toBe(
      !pattern.test(name),
    );
  });
});

/** @see https://kubernetes.io/docs/reference/kubectl/generated/kubectl_explain/ */
describe('what kubectl explain prints', () => {
  const fields = ofSpec.filter(({ path }) => !/\.(items|additionalProperties)$/.test(path));

  test.each(fields.map(({ path, node }) => ({ path, said: node['description'] })))('describes $path', ({ said }) => {
    expect(said).toMatch(/^[A-Z].*\.$/s);
  });

  test('names the default of each field that has one, since it prints none', () => {
    const texts = fields.flatMap(({ node }) => {
      const value = node['default'];
      return ['string', 'number', 'boolean'].includes(typeof value) && value !== ''
        ? [{ said: String(node['description']), value: String(value) }]
        : [];
    });

    expect(texts.length).toBeGreaterThan(15);
    expect(texts.filter(({ said, value }) => !said.endsWith(` Default: ${value}.`))).toEqual([]);
  });
});
