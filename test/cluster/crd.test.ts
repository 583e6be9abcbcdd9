import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { assert, asyncProperty } from 'fast-check';
import { loadAll } from 'js-yaml';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { customResourceDefinition } from '../../src/core/crd.ts';
import { apiClient } from '../control-plane/api-request.ts';
import type { ApiClient } from '../control-plane/api-request.ts';
import { startControlPlane } from '../control-plane/control-plane.ts';
import type { ControlPlane } from '../control-plane/control-plane.ts';
import type { Ended } from '../control-plane/run.ts';
import { bends, pathsWithoutDescription, pathsWithoutExample } from './bends.ts';
import type { Bend } from './bends.ts';
import { parserSchema, sayingsOf, specSchema } from './crd-schema.ts';
import { BASES, BASE_NAMES, asJson, changed, valueAt } from './documents.ts';
import type { BaseName, Json } from './documents.ts';
import { LARGEST } from './largest.ts';
import { mutants } from './mutants.ts';
import { REFUSALS, TRANSITIONS } from './refusals.ts';
import { timed } from './timed.ts';
import { disagreement, store, verdictOfParser, verdictOnCreate, verdictOnUpdate } from './verdict.ts';

const CRD = customResourceDefinition();

let cluster: ControlPlane;
let api: ApiClient;

beforeAll(async () => {
  cluster = await timed('starting the control plane', () => startControlPlane());
  api = await apiClient(cluster.url, cluster.caFile, cluster.adminToken);
  await timed('establishing the CRD', async () => {
    await cluster.apply(CRD, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'mail' } });
    await untilEstablished();
  });
  for (const base of BASE_NAMES)
    metadata.set(base, await store(api, changed(BASES[base], ['metadata', 'name'], nameOf(base))));
});

afterAll(async () => {
  api.close();
  await timed('stopping the control plane', () => cluster.stop());
});

const nameOf = (base: BaseName): string => `stored-${base}`;
/** Of the stored resources: an update must name the version that it is made from. */
const metadata = new Map<BaseName, Json>();
const asUpdate = (base: BaseName, document: Json): Json => changed(document, ['metadata'], metadata.get(base));

const crdName = 'seslambdapipelines.ses-lambda-pipeline.dev';

const EXAMPLES = join(import.meta.dirname, '../../examples');

/** The pipelines of all examples. A cluster knows no paths, so there their code would come from a bucket. */
function published(): { readonly file: string; readonly document: Json }[] {
  return globSync('*/*.yaml', { cwd: EXAMPLES }).flatMap((file) =>
    loadAll(readFileSync(join(EXAMPLES, file), 'utf8')).flatMap((loaded) => {
      const document = asJson(loaded);
      if (valueAt(document, ['kind']) !== 'SesLambdaPipeline') return [];
      const code = ['spec', 'function', 'code'];
      const fromPath = valueAt(document, [...code, 'path']) !== undefined;
      const inCluster = fromPath ? changed(document, code, { s3: { bucket: 'builds', key: 'code.zip' } }) : document;
      return [{ file, document: inCluster }];
    }),
  );
}

async function untilEstablished(): Promise<void> {
  const { code, err } = await cluster.kubectl('wait', '--for=condition=Established', '--timeout=20s', 'crd', crdName);
  if (code !== 0) throw new Error(`the CRD is not established: ${err}`);
}

describe('the CustomResourceDefinition', () => {
  test('has a schema that Kubernetes calls structural', async () => {
    const { out } = await cluster.kubectl('get', 'crd', crdName, '-o', 'jsonpath={.status.conditions[*].type}');

    expect(out.split(' ').sort()).toEqual(['Established', 'NamesAccepted']); // and no NonStructuralSchema
  });

  test('explains the spec to kubectl by its short name', async () => {
    // The API server publishes what kubectl reads here some time after the CRD is established.
    const explain = (): Promise<Ended> => cluster.kubectl('explain', 'slp.spec');
    await expect.poll(explain, { timeout: 20_000 }).toMatchObject({ code: 0 });

    const { out } = await explain();

    expect(out).toMatch(/^GROUP: +ses-lambda-pipeline.dev\nKIND: +SesLambdaPipeline\n/);
    expect(out).toMatch(/^ {2}region\t<string> -required-\n {4}Region of the rules and the function. Immutable.$/m);
    expect(out).toMatch(/^ {2}invocationType\t<string>\n {2}enum: Event, RequestResponse\n/m);
  });

  test('explains every field', () => {
    expect(pathsWithoutDescription(specSchema(CRD))).toEqual([]);
  });

  test.each(published())('accepts examples/$file', async ({ document }) => {
    const verdict = await verdictOnCreate(api, document);

    expect(verdict).toMatchObject({ kind: 'accepted' });
    expect(disagreement(verdictOfParser(document), verdict)).toBeUndefined();
  });
});

describe('a resource', () => {
  test.each(Object.entries(BASES))('has the same defaults from both judges: %s', async (_, document) => {
    const verdict = await verdictOnCreate(api, document);

    expect(verdict).toMatchObject({ kind: 'accepted' });
    expect(verdict).toEqual(verdictOfParser(document));
  });

  test.each(REFUSALS)('is refused by both judges with $name', async ({ base, path, value, says, server }) => {
    const document = changed(BASES[base], path, value);

    const verdicts = { parser: verdictOfParser(document), server: await verdictOnCreate(api, document) };

    expect(verdicts).toMatchObject({
      parser: { kind: 'refused', message: expect.stringContaining(says) },
      server: { kind: 'refused', message: expect.stringContaining(server ?? says) },
    });
  });

  test('is refused at least once by every rule beside the schema', () => {
    const untested = sayingsOf(CRD).filter((saying) => !tried().some((said) => saying.includes(said)));

    expect(untested).toEqual([]);
  });

  test('with a field for files only is refused by the API server alone', async () => {
    const document = changed(BASES.short, ['spec', 'function', 'code'], { path: 'handler' });

    expect(verdictOfParser(document)).toMatchObject({ kind: 'accepted' });
    expect(await verdictOnCreate(api, document)).toMatchObject({ fields: ['spec.function.code.path'] });
  });
});

function tried(): string[] {
  return [...REFUSALS, ...TRANSITIONS].map(({ says, server }) => server ?? says);
}

describe('a stored resource', () => {
  test.each(TRANSITIONS)('refuses $name', async ({ base, path, value, says }) => {
    const document = asUpdate(base, changed(BASES[base], path, value));

    const verdict = await verdictOnUpdate(api, nameOf(base), document);

    expect(verdict).toMatchObject({ kind: 'refused', message: expect.stringContaining(says) });
    expect(verdictOfParser(document)).toMatchObject({ kind: 'accepted' });
  });
});

describe('the parser and the API server', () => {
  test('have an example at every path of the schema', () => {
    expect(pathsWithoutExample(specSchema(CRD))).toEqual([]);
  });

  test('agree on new resources at and beyond every bound', async () => {
    const all = bends(parserSchema());

    const { disagreements, accepted, refused } = await timed(`judging ${all.length} new resources`, () =>
      judge(all, async ({ document }) => disagreement(verdictOfParser(document), await verdictOnCreate(api, document))),
    );

    expect(disagreements).toEqual([]);
    expect(accepted).toBeGreaterThan(100);
    expect(refused).toBeGreaterThan(100);
  });

  test('agree on changed resources at and beyond every bound, unless what is immutable was changed', async () => {
    const all = bends(parserSchema()).filter(({ base, document }) => identity(document) === identity(BASES[base]));

    const { disagreements, accepted, refused } = await timed(`judging ${all.length} changed resources`, () =>
      judge(all, async ({ base, document: bent }) => {
        const document = asUpdate(base, bent);
        return disagreement(verdictOfParser(document), await verdictOnUpdate(api, nameOf(base), document));
      }),
    );

    expect(disagreements).toEqual([]);
    expect(accepted).toBeGreaterThan(100);
    expect(refused).toBeGreaterThan(100);
  });

  test('agree on any small mutation of a valid resource', async () => {
    await timed('judging 150 mutants', () =>
      assert(
        asyncProperty(mutants(), async (document) => {
          expect(disagreement(verdictOfParser(document), await verdictOnCreate(api, document))).toBeUndefined();
        }),
        { numRuns: 150 },
      ),
    );
  });
});

/** Judges all and tells the disagreements, and how the parser's verdicts are spread. */
async function judge(
  all: readonly Bend[],
  compare: (bend: Bend) => Promise<string | undefined>,
): Promise<{ disagreements: string[]; accepted: number; refused: number }> {
  const disagreements: string[] = [];
  for (const bend of all) {
    const found = await compare(bend);
    if (found !== undefined) disagreements.push(`${bend.name}: ${found}`);
  }
  const accepted = all.filter(({ document }) => verdictOfParser(document).kind === 'accepted').length;
  return { disagreements, accepted, refused: all.length - accepted };
}

/** What an update may not change. */
const identity = (document: Json): string =>
  JSON.stringify(
    [['region'], ['messageBodyStorage', 'logicalName'], ['messageBodyStorage', 'bucketName'], ['function', 'name']].map(
      (path) => valueAt(document, ['spec', ...path]) ?? null,
    ),
  );

describe('the largest resources', () => {
  // That they are accepted is the point: what CEL may cost is counted in steps, not in time, and more is refused.
  test.each(LARGEST)('stay within the budget of the API server: $name', async ({ name, document }) => {
    const bytes = Buffer.byteLength(JSON.stringify(document));

    const stored = await timed(`storing ${name} (${bytes} bytes)`, () => store(api, document));

    expect(stored).toMatchObject({ name });
  });
});
