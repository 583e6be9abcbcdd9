import { appendFileSync, mkdirSync, rmSync, truncateSync } from 'node:fs';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { systemClock } from '../../src/aws/system-clock.ts';
import type { Change } from '../../src/controller/source.ts';
import type { Clock } from '../../src/core/ports.ts';
import { faultOf } from '../../src/core/fault.ts';
import { createFolderSource } from '../../src/files/folder-source.ts';
import { quickClock } from '../support/quick-clock.ts';
import { temporaryFolder } from './temporary-folder.ts';

const folder = temporaryFolder();
const HANDLER = 'export const handler = () => {};';

const pipeline = ({ name = 'app', timeout = 10, code = `inline: { index.mjs: '${HANDLER}' }` } = {}): string => `
apiVersion: ses-lambda-pipeline.dev/v1alpha1
kind: SesLambdaPipeline
metadata: { name: ${name} }
spec:
  region: eu-west-1
  messageBodyStorage: { logicalName: Special }
  function:
    timeout: ${timeout}
    code: { ${code} }
  receiptRules:
    - { name: Default, recipients: [] }
`;

const configMap = (text = HANDLER): string => `
apiVersion: v1
kind: ConfigMap
metadata: { name: code }
data: { index.mjs: '${text}' }
`;

async function watching(clock: Clock = quickClock()) {
  const changes: string[] = [];
  const problems: string[] = [];
  const gone: string[] = [];
  const stopped = new AbortController();
  onTestFinished(() => stopped.abort());
  const source = createFolderSource({
    folder: folder.path(),
    namespace: 'mail',
    clock,
    onProblem: ({ message }) => void problems.push(message),
    onGone: (key, file) => void gone.push(`${key} ${file}`),
  });
  await source.start(({ key, kind }: Change) => void changes.push(`${kind} ${key}`), stopped.signal);
  const after = (...expected: readonly string[]) => vi.waitFor(() => expect(changes).toEqual(expected), WAIT);
  return { source, changes, problems, gone, stopped, after };
}

/** A writer takes real time: there is nothing else to wait for. */
const timePasses = (ms: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, ms));

const WAIT = { timeout: 10_000, interval: 5 };

describe('createFolderSource', () => {
  it('knows every pipeline when it has started', async () => {
    folder.write('a.yaml', pipeline());
    folder.write('b.yaml', pipeline({ name: 'other' }));

    const { source, changes, problems } = await watching();

    expect(changes).toEqual(['spec mail/app', 'spec mail/other']);
    expect(problems).toEqual([]);
    expect(source.list().map(({ key }) => key)).toEqual(['mail/app', 'mail/other']);
    expect(source.get('mail/app')).toMatchObject({
      uid: 'mail/app',
      deleting: false,
      claimed: true,
      status: undefined,
    });
    expect(await source.read('mail/app')).toBe(source.get('mail/app'));
  });

  it('finds a file that is new', async () => {
    folder.write('a.yaml', pipeline());
    const { source, after } = await watching();

    folder.write('b.yaml', pipeline({ name: 'other' }));

    await after('spec mail/app', 'spec mail/other');
    expect(source.get('mail/other')).toBeDefined();
  });

  it('sees a changed spec as another generation, and leaves the others alone', async () => {
    folder.write('a.yaml', pipeline());
    folder.write('b.yaml', pipeline({ name: 'other' }));
    const { source, after } = await watching();
    const before = source.get('mail/app');

    folder.write('a.yaml', pipeline({ timeout: 20 }));

    await after('spec mail/app', 'spec mail/other', 'spec mail/app');
    expect(source.get('mail/app')?.generation).not.toBe(before?.generation);
    expect(source.get('mail/app')?.manifest?.spec.function.timeout).toBe(20);
  });

  it('takes comments and layout for no change', async () => {
    folder.write('a.yaml', pipeline());
    const { source, after } = await watching();
    const before = source.get('mail/app')?.generation;

    folder.write('a.yaml', `# a comment\n${pipeline()}`);
    folder.write('b.yaml', pipeline({ name: 'other' }));

    await after('spec mail/app', 'spec mail/other');
    expect(source.get('mail/app')?.generation).toBe(before);
  });

  it('sees new code in a ConfigMap as a change of what the pipeline needs', async () => {
    folder.write('a.yaml', pipeline({ code: 'configMapRef: { name: code }' }));
    folder.write('code.yaml', configMap());
    const { source, after } = await watching();
    const known = source.list()[0];
    if (known === undefined) throw new Error('no pipeline was found');
    const before = await source.inputs(known);

    folder.write('code.yaml', configMap(`${HANDLER} // new`));

    await after('spec mail/app', 'dependency mail/app');
    expect(await source.inputs(known)).not.toEqual(before);
    expect(source.get('mail/app')?.generation).toBe(known.generation);
  });

  it('keeps the last good version of a broken file, and tells what is wrong once', async () => {
    folder.write('a.yaml', pipeline());
    const { source, after, problems, changes, gone } = await watching();

    folder.write('a.yaml', pipeline().replace('eu-west-1', 'nowhere'));
    await vi.waitFor(() => expect(problems).toHaveLength(1), WAIT);
    folder.write('b.yaml', pipeline({ name: 'other' }));
    await after('spec mail/app', 'spec mail/other');

    expect(problems).toHaveLength(1);
    expect(gone).toEqual([]);
    expect(source.get('mail/app')?.manifest?.spec.region).toBe('eu-west-1');

    folder.write('a.yaml', pipeline({ timeout: 30 }));
    await vi.waitFor(() => expect(changes.at(-1)).toBe('spec mail/app'), WAIT);
    expect(source.get('mail/app')?.manifest?.spec.function.timeout).toBe(30);
  });

  it('believes a file that is written bit by bit only once it is whole', async () => {
    folder.write('a.yaml', pipeline());
    const { source, problems, changes, gone, after } = await watching(systemClock());
    const rules = "    - { name: Second, recipients: ['example.com'] }\n    - { name: Third, recipients: [] }\n";
    const text = pipeline().replace('    - { name: Default', `${rules}    - { name: Default`);
    // Cut off in the middle of a line, and after the first of three rules: the one is broken, the other is valid.
    const cuts = [text.indexOf('spec:') + 7, text.indexOf('    - { name: Third'), text.length];

    truncateSync(folder.path('a.yaml'));
    for (const [index, cut] of cuts.entries()) {
      await timePasses(120);
      appendFileSync(folder.path('a.yaml'), text.slice(cuts[index - 1] ?? 0, cut));
    }

    await after('spec mail/app', 'spec mail/app');
    expect(source.get('mail/app')?.manifest?.spec.receiptRules.map(({ name }) => name)).toEqual([
      'Second',
      'Third',
      'Default',
    ]);
    expect({ problems, gone, changes: changes.length }).toEqual({ problems: [], gone: [], changes: 2 });
  });

  it('does not act on a folder that is being written when it starts', async () => {
    folder.write('a.yaml', '');
    const clock = systemClock();
    const starting = watching({
      ...clock,
      sleep: async (ms, signal) => {
        folder.write('a.yaml', pipeline());
        await clock.sleep(ms, signal);
      },
    });

    const { changes, problems } = await starting;

    expect({ changes, problems }).toEqual({ changes: ['spec mail/app'], problems: [] });
  });

  it('tells a problem again when it comes again', async () => {
    folder.write('a.yaml', pipeline());
    const { problems, after } = await watching();
    const broken = pipeline().replace('eu-west-1', 'nowhere');

    folder.write('a.yaml', broken);
    await vi.waitFor(() => expect(problems).toHaveLength(1), WAIT);
    folder.write('a.yaml', pipeline({ timeout: 30 }));
    await after('spec mail/app', 'spec mail/app');
    folder.write('a.yaml', broken);
    await vi.waitFor(() => expect(problems).toHaveLength(2), WAIT);

    expect(problems[0]).toBe(problems[1]);
  });

  it('keeps a pipeline whose ConfigMap has become unreadable', async () => {
    folder.write('a.yaml', pipeline({ code: 'configMapRef: { name: code }' }));
    folder.write('code.yaml', configMap());
    const { source, problems, gone } = await watching();

    folder.write('code.yaml', 'data: [');
    await vi.waitFor(() => expect(problems).not.toEqual([]), WAIT);

    expect(gone).toEqual([]);
    const kept = source.get('mail/app');
    if (kept === undefined) throw new Error('the pipeline is gone');
    expect(await source.inputs(kept)).toMatchObject({ code: { kind: 'zip' } });
  });

  it.each([
    { name: 'one of two files', others: ['b.yaml'] },
    { name: 'the last file', others: [] },
  ])('tells that a pipeline is gone with $name, and never that it is to be deleted', async ({ others }) => {
    folder.write('a.yaml', pipeline());
    for (const file of others) folder.write(file, pipeline({ name: 'other' }));
    const { source, changes, gone } = await watching();
    const known = source.get('mail/app');
    if (known === undefined) throw new Error('no pipeline was found');

    rmSync(folder.path('a.yaml'));
    await vi.waitFor(() => expect(changes.at(-1)).toBe('gone mail/app'), WAIT);

    expect(gone).toEqual([`mail/app ${folder.path('a.yaml')}`]);
    expect(source.get('mail/app')).toBeUndefined();
    expect(source.list().filter(({ deleting }) => deleting)).toEqual([]);
    expect(await source.inputs(known).catch(faultOf)).toMatchObject({ class: 'stale' });
  });

  it('keeps everything while the folder itself cannot be read, and goes on when it is back', async () => {
    folder.write('a.yaml', pipeline());
    const { source, problems, gone, changes } = await watching();

    rmSync(folder.path(), { recursive: true });
    await vi.waitFor(() => expect(problems).toHaveLength(1), WAIT);
    expect(gone).toEqual([]);
    expect(source.get('mail/app')).toBeDefined();

    mkdirSync(folder.path());
    folder.write('a.yaml', pipeline({ timeout: 40 }));
    await vi.waitFor(() => expect(changes).toEqual(['spec mail/app', 'spec mail/app']), WAIT);
  });

  it('waits for a folder that is not there yet', async () => {
    rmSync(folder.path(), { recursive: true });
    const { problems, after } = await watching();
    expect(problems).toHaveLength(1);

    folder.write('a.yaml', pipeline());

    await after('spec mail/app');
  });

  it('notices a change long before it reads the folder anyway', async () => {
    folder.write('a.yaml', pipeline());
    const startedAtMs = Date.now();
    const { after } = await watching(systemClock());

    folder.write('a.yaml', pipeline({ timeout: 20 }));

    await after('spec mail/app', 'spec mail/app');
    expect(Date.now() - startedAtMs).toBeLessThan(9_000);
  });

  it('remembers the status of a pipeline for as long as it is there', async () => {
    folder.write('a.yaml', pipeline());
    folder.write('b.yaml', pipeline({ name: 'other' }));
    const { source, after } = await watching();
    const status = { observedGeneration: 1, conditions: [] };
    const known = source.get('mail/app');
    if (known === undefined) throw new Error('no pipeline was found');

    await source.writeStatus(known, status);
    expect(source.get('mail/app')?.status).toEqual(status);

    folder.write('a.yaml', pipeline({ timeout: 20 }));
    await after('spec mail/app', 'spec mail/other', 'spec mail/app');
    expect(source.get('mail/app')?.status).toEqual(status);

    rmSync(folder.path('a.yaml'));
    await after('spec mail/app', 'spec mail/other', 'spec mail/app', 'gone mail/app');
    folder.write('a.yaml', pipeline());
    await after('spec mail/app', 'spec mail/other', 'spec mail/app', 'gone mail/app', 'spec mail/app');
    expect(source.get('mail/app')?.status).toBeUndefined();
  });

  it('is alive for as long as it reads the folder', async () => {
    folder.write('a.yaml', pipeline());
    const { source } = await watching();
    const before = source.lastAliveMs();

    await vi.waitFor(() => expect(source.lastAliveMs()).toBeGreaterThan(before), WAIT);
  });

  it('tells nothing more once it was stopped', async () => {
    folder.write('a.yaml', pipeline());
    const { source, stopped, changes } = await watching();

    stopped.abort();
    folder.write('b.yaml', pipeline({ name: 'other' }));
    const another = await watching();
    await vi.waitFor(() => expect(another.changes).toContain('spec mail/other'), WAIT);
    const alive = another.source.lastAliveMs();
    await vi.waitFor(() => expect(another.source.lastAliveMs()).toBeGreaterThan(alive), WAIT);

    expect(changes).toEqual(['spec mail/app']);
    expect(source.get('mail/other')).toBeUndefined();
  });
});
