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
