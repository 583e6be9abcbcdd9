import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dump } from 'js-yaml';
import { describe, expect, it, onTestFinished } from 'vitest';
import { runCommand } from '../support/command-line.ts';
import { fileOf, pipeline } from '../support/manifests.ts';

const ACCOUNT = '111122223333';

function written(name: string, text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'iam-policy-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

const tenantsFile = (partition = 'aws'): string =>
  written(
    'tenants.yaml',
    dump({
      tenants: ['team-a', 'team-*'].map((namespace, index) => ({
        namespaces: [namespace],
        roleArn: `arn:${partition}:iam::${ACCOUNT}:role/tenant-${index}`,
      })),
    }),
  );

/** One pipeline of each namespace, which names a function after it. */
const manifestsOf = (...namespaces: readonly string[]): string =>
  written(
    'all.yaml',
    fileOf(namespaces.map((namespace) => pipeline({ namespace, function: { name: `orders-of-${namespace}` } }))),
  );

const iamPolicy = (...args: readonly string[]) => runCommand({ args: ['iam-policy', ...args] });
const namedIn = (out: string): readonly string[] => [
  ...new Set([...out.matchAll(/function:orders-of-([a-z-]+)"/g)].map(([, name = '']) => name)),
];

describe('iam-policy for a namespace', () => {
  it.each([
    ['team-a', ['team-a']],
    ['team-b', ['team-b', 'team-c']],
    ['team-*', ['team-b', 'team-c']],
  ])('with a tenants file, %s gets what pipelines of its entry name: %j', async (namespace, named) => {
    const all = manifestsOf('team-a', 'team-b', 'team-c', 'sales');

    const { code, out } = await iamPolicy('--tenants', tenantsFile(), '--namespace', namespace, '-f', all);

    expect(code).toBe(0);
    expect(namedIn(out)).toEqual(named);
  });

  it.each([
    ['team-a', ['team-a']],
    ['team-*', ['team-a', 'team-b']],
  ])('gives %s what pipelines of it name: %j', async (namespace, named) => {
    const all = manifestsOf('team-a', 'team-b', 'sales');

    const { code, out } = await iamPolicy('--account', ACCOUNT, '--namespace', namespace, '-f', all);

    expect(code).toBe(0);
    expect(namedIn(out)).toEqual(named);
  });

  it('is for all of them where none is said', async () => {
    const { out } = await iamPolicy('--account', ACCOUNT, '-f', manifestsOf('team-a', 'sales'));

    expect(namedIn(out)).toEqual(['team-a', 'sales']);
  });

  it('is refused where all pipelines are of others', async () => {
    const all = manifestsOf('team-b', 'sales');

    const alone = await iamPolicy('--account', ACCOUNT, '--namespace', 'team-a', '-f', all);
    const tenant = await iamPolicy('--tenants', tenantsFile(), '--namespace', 'team-a', '-f', all);

    for (const { code, out, err } of [alone, tenant]) {
      expect(code).not.toBe(0);
      expect(out).toBe('');
      expect(err).toContain('is of namespace team-a');
      expect(err).toContain('they are of sales, team-b');
    }
  });
});

describe('the partition of iam-policy', () => {
  it.each([
    ['us-west-2', 'aws'],
    ['cn-north-1', 'aws-cn'],
    ['us-gov-west-1', 'aws-us-gov'],
    ['eusc-de-east-1', 'aws-eusc'],
  ])('of region %s is %s', async (region, partition) => {
    const { out } = await iamPolicy('--account', ACCOUNT, '--region', region);

    expect(out).toContain(`"arn:${partition}:lambda:${region}:${ACCOUNT}:`);
  });

  it('is that of the role of a tenant', async () => {
    const tenants = tenantsFile('aws-iso');

    const { out } = await iamPolicy('--tenants', tenants, '--namespace', 'team-a', '--region', 'us-iso-east-1');

    expect(out).toContain('"arn:aws-iso:lambda:us-iso-east-1:');
  });
});

describe('iam-policy refuses', () => {
  const WHERE = ['--account', ACCOUNT, '--region', 'us-west-2'];

  it.each([
    ['a role that is no ARN', [...WHERE, '--role', 'nope'], /must be an ARN such as arn:aws:iam::111122223333:role\//],
    ['a bucket that cannot be', [...WHERE, '--bucket', 'BAD NAME!!'], /must be the name of a bucket/],
    ['a bucket for code that cannot be', [...WHERE, '--code-bucket', 'http://x'], /must be the name of a bucket/],
    ['a function that cannot be', [...WHERE, '--function', 'a b/ü'], /must be the name of a function/],
    ['a namespace that cannot be', [...WHERE, '--namespace', 'Bad NS'], /must be a namespace/],
    [
      'what its own policy where tenants have roles is not about',
      ['tenants', '--tenants', 'tenants.yaml', '--image-repository', `arn:aws:ecr:us-west-2:${ACCOUNT}:repository/x`],
      /^Error: --image-repository would do nothing here/,
    ],
    ['to read a tenants file from standard input', ['tenants', '--tenants', '-'], /is read from a file only; name it/],
  ])('%s', async (_, args, message) => {
    const { code, out, err } = await iamPolicy(...args);

    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toMatch(message);
  });

  it('a boundary beside the one that the tenants file forces', async () => {
    const policy = (name: string) => `arn:aws:iam::${ACCOUNT}:policy/${name}`;
    const file = written(
      'tenants.yaml',
      dump({
        tenants: [
          {
            namespaces: ['team-a'],
            roleArn: `arn:aws:iam::${ACCOUNT}:role/a`,
            permissionsBoundaryArn: policy('forced'),
          },
        ],
      }),
    );

    const options = ['--tenants', file, '--namespace', 'team-a', '--region', 'us-west-2'];

    const { code, err } = await iamPolicy(...options, '--permissions-boundary', policy('other'));

    expect({ code, err }).toEqual({
      code: 1,
      err: `Error: --permissions-boundary ${policy('other')}: the tenants file forces ${policy('forced')}`,
    });
  });
});
