import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { findBinaries } from '../control-plane/binaries.ts';
import { startControlPlane, type ControlPlane } from '../control-plane/control-plane.ts';
import { run } from '../control-plane/run.ts';
import { findHelm } from '../helm/helm.ts';
import { objectsOfOurs } from './support/objects-of-ours.ts';

const ROOT = join(import.meta.dirname, '../..');

let cluster: ControlPlane;

beforeAll(async () => {
  cluster = await startControlPlane({ controllers: true });
});

afterAll(() => cluster.stop());

/** What docs/install.md says is to be typed on one of its ways, from the install to the uninstall. */
function blocksOf(way: string): readonly string[] {
  const page = readFileSync(join(ROOT, 'docs/install.md'), 'utf8');
  const marked = new RegExp(`<!-- A test runs these lines: ${way}. -->\\n+\`\`\`sh\\n([\\s\\S]*?)\`\`\``, 'g');
  return [...page.matchAll(marked)].map(([, block = '']) => block);
}

test.each(['kustomize', 'helm'])('what the page on installing says works with %s, and leaves nothing', async (way) => {
  const folder = mkdtempSync(join(tmpdir(), 'ses-lambda-pipeline-install-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  cpSync(join(ROOT, 'deploy'), join(folder, 'deploy'), { recursive: true });
  const [{ kubectl }, helm] = [await findBinaries(), await findHelm()];
  const env = {
    PATH: [dirname(kubectl), dirname(helm), process.env['PATH']].join(delimiter),
    HOME: folder,
    KUBECONFIG: cluster.adminKubeconfig,
  };
  const before = await objectsOfOurs(cluster);
  const seen: number[] = [];

  for (const block of blocksOf(way)) {
    expect(await run('sh', ['-ec', block], { cwd: folder, env })).toMatchObject({ code: 0, err: '' });
    seen.push((await objectsOfOurs(cluster)).length);
  }

  expect(seen).toHaveLength(3);
  expect(seen[0]).toBeGreaterThan(10);
  expect(await objectsOfOurs(cluster)).toEqual(before);
});
