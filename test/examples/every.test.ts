import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadManifests } from '../../src/files/load-manifests.ts';
import type { PlanJson } from '../support/world.ts';
import { startWorld } from '../support/world.ts';
import { temporaryFolder } from '../sandbox/support/temporary-folder.ts';
import { EXAMPLES, exampleNames } from './example-names.ts';
import { onFolder } from './example.ts';

const ROOT = join(EXAMPLES, '..');
const NAMES = exampleNames();

/** A copy of the example that has what its README says to build, or something in the place of it. */
function built(name: string): string {
  const folder = temporaryFolder();
  cpSync(join(EXAMPLES, name), folder, { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  mkdirSync(join(folder, 'build'), { recursive: true });
  writeFileSync(join(folder, 'build/bootstrap'), '#!/bin/sh\n');
  return folder;
}

const load = (folder: string) =>
  loadManifests({ sources: [folder], namespace: 'default', readStdin: () => Promise.resolve('') });

describe.each(NAMES)('the example %s', (name) => {
  const readme = readFileSync(join(EXAMPLES, name, 'README.md'), 'utf8');

  test('is planned without a complaint, and once applied has nothing left to do', async () => {
    const folder = built(name);
    const world = await startWorld();
    const plan = async (): Promise<PlanJson> =>
      JSON.parse((await onFolder(world, 'plan', folder, '-o', 'json')).out) as PlanJson;

    const before = await plan();
    const { code } = await onFolder(world, 'apply', folder, '--yes');
    const after = await plan();

    expect(before.problems).toEqual([]);
    expect(before.summary.create).toBeGreaterThan(5);
    expect(code).toBe(0);
    expect(after.steps).toEqual([]);
  });

  test('lets its function do nothing in general', async () => {
    const { pipelines, problems } = await load(built(name));

    expect(problems).toEqual([]);
    for (const { actions, resource } of pipelines.flatMap(({ manifest }) => manifest.spec.role?.privileges ?? [])) {
      expect(actions.join(' ')).not.toContain('*');
      expect(resource).toMatch(/^(arn:|\$\{bucket\.arn)/);
    }
  });

  test('has a page short enough to be read, whose commands fit its manifest', async () => {
    const { pipelines } = await load(built(name));
    const recipients = pipelines.flatMap(({ manifest }) =>
      manifest.spec.receiptRules.flatMap((rule) => rule.recipients),
    );
    const commands = [...readme.matchAll(/^npx ses-lambda-pipeline (.*)$/gm)].map(([, command = '']) => command);

    expect(readme.split('\n').length).toBeLessThanOrEqual(64);
    expect(commands[0]).toBe(`dev -f examples/${name}`);
    const [, file, to = ''] = /^dev send (?:(\S+) )?--to (\S+)/.exec(commands[1] ?? '') ?? [];
    expect(recipients).toContain(to.replace(/\+.*@/, '@'));
    expect(file === undefined || existsSync(join(ROOT, file))).toBe(true);
  });

  test('is in the list of examples', () => {
    expect(readFileSync(join(EXAMPLES, 'README.md'), 'utf8')).toContain(`[\`${name}\`](${name})`);
  });
});

test('the packages of the examples are the versions that are tested here', () => {
  type Package = { readonly dependencies?: Record<string, string>; readonly devDependencies?: Record<string, string> };
  const packageOf = (folder: string): Package =>
    JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Package;
  const ours = packageOf(ROOT).devDependencies ?? {};
  const named = NAMES.filter((name) => existsSync(join(EXAMPLES, name, 'package.json'))).flatMap((name) => {
    const { dependencies, devDependencies } = packageOf(join(EXAMPLES, name));
    return Object.entries({ ...dependencies, ...devDependencies });
  });

  expect(named.length).toBeGreaterThan(0);
  for (const [name, version] of named) expect(`${name} ${version}`).toBe(`${name} ${ours[name]}`);
});
