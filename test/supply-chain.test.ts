import { globSync, readdirSync, readFileSync } from 'node:fs';
import { load } from 'js-yaml';
import { describe, expect, test } from 'vitest';
import { ALLOWED_LICENCES, shippedPackages } from '../tools/generate-licences.ts';

type Step = { readonly uses?: string; readonly run?: string; readonly with?: Readonly<Record<string, unknown>> };
type Job = {
  readonly permissions?: Readonly<Record<string, string>>;
  readonly 'timeout-minutes'?: number;
  readonly steps: readonly Step[];
};
type Workflow = {
  readonly permissions?: Readonly<Record<string, string>>;
  readonly jobs: Readonly<Record<string, Job>>;
};

const root = new URL('../', import.meta.url);
const textOf = (path: string): string => readFileSync(new URL(path, root), 'utf8');
const folder = '.github/workflows/';
const workflows = readdirSync(new URL(folder, root)).map((name) => ({
  name,
  text: textOf(folder + name),
  workflow: load(textOf(folder + name)) as Workflow,
}));

describe('what is shipped', () => {
  test('has a licence from the list, each package of it', () => {
    const others = shippedPackages().filter(({ licence }) => !ALLOWED_LICENCES.includes(licence));

    expect(others).toEqual([]);
  });

  test('is what is needed at run time, without tools', () => {
    const names = shippedPackages().map(({ name }) => name);

    expect(names).toEqual(expect.arrayContaining(['zod', 'fflate', '@kubernetes/client-node']));
    expect(names).not.toContain('vitest');
  });

  test('comes in exact versions', () => {
    const { dependencies, devDependencies } = JSON.parse(textOf('package.json')) as Record<
      'dependencies' | 'devDependencies',
      Readonly<Record<string, string>>
    >;
    const versions = Object.values({ ...dependencies, ...devDependencies });

    expect(versions.filter((version) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
  });
});

test('the threat model names tests that are there', () => {
  const paths = [...textOf('SECURITY.md').matchAll(/`(test\/[^`]+\.test\.ts)`/g)].flatMap(([, path]) => path ?? []);

  expect(paths.length).toBeGreaterThan(10);
  expect(paths.filter((path) => globSync(path, { cwd: root }).length === 0)).toEqual([]);
});

describe.each(workflows)('the workflow $name', ({ text, workflow }) => {
  const jobs = Object.values(workflow.jobs);
  const steps = jobs.flatMap((job) => job.steps);

  test('names each action by an exact version or a digest', () => {
    const uses = steps.flatMap(({ uses }) => uses ?? []);

    expect(uses.filter((action) => !/@(v\d+\.\d+\.\d+|[0-9a-f]{40})$/.test(action))).toEqual([]);
  });

  test('may write only where a job says so, and ends by itself', () => {
    expect(Object.values(workflow.permissions ?? { all: 'write' })).not.toContain('write');
    expect(jobs.every((job) => job['timeout-minutes'] !== undefined)).toBe(true);
  });

  test('leaves no credentials in the checkout and knows no stored secret', () => {
    const checkouts = steps.filter(({ uses }) => uses?.startsWith('actions/checkout@') === true);

    expect(checkouts.every((step) => step.with?.['persist-credentials'] === false)).toBe(true);
    expect(text).not.toContain('secrets.');
  });

  test('puts no text of an event into a shell', () => {
    expect(steps.filter(({ run }) => run?.includes('${{') === true)).toEqual([]);
  });
});
