import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { runController } from '../src/run-controller.ts';

it('does not start with a tenants file that has mistakes, and names them all', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tenants-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'tenants.yaml');
  writeFileSync(file, 'tenants:\n  - namespaces: [a]\n    roleArn: nobody\n    alow: {}\n');
  const told: string[] = [];

  const code = await runController({
    args: [`--manifests=${folder}`, `--tenants=${file}`],
    env: {},
    version: '0.0.0',
    err: (line) => void told.push(line),
  });

  expect(code).toBe(1);
  expect(told).toEqual([
    'Error: The controller cannot start with these settings:\n' +
      `  ${file}: tenants[0].roleArn: must be the ARN of a role, such as arn:aws:iam::111122223333:role/mail\n` +
      `  ${file}: tenants[0].alow: unknown field`,
  ]);
});
