import { ADOPT } from '../../../src/core/annotations.ts';
import { desiredPipeline, type Desired } from '../../../src/core/desired.ts';
import type { Pipeline } from '../../../src/core/pipeline.ts';
import type { Discovery } from '../../../src/core/discovery.ts';
import { faultOf, type Fault } from '../../../src/core/fault.ts';
import { API_VERSION, KIND, parseManifest, type Manifest } from '../../../src/core/manifest.ts';
import { bucketNames, type PipelineIdentity } from '../../../src/core/names.ts';

export const IDENTITY: PipelineIdentity = {
  partition: 'aws',
  account: '123456789012',
  region: 'us-west-2',
  installation: 'slp',
  namespace: 'mail',
  name: 'app',
};

export const CODE = { kind: 'zip', bytes: new Uint8Array([1, 2, 3]), sha256: 'c29tZSBjb2Rl' } as const;

/** A document with little in it; `spec` members replace those of the same name. */
export function document(spec: object = {}, metadata: object = {}): object {
  return {
    apiVersion: API_VERSION,
    kind: KIND,
    metadata: { name: 'app', namespace: 'mail', ...metadata },
    spec: {
      region: 'us-west-2',
      messageBodyStorage: { logicalName: 'Special' },
      function: { code: { inline: { 'index.mjs': 'export const handler = () => {};' } } },
      receiptRules: [{ name: 'Default', recipients: ['a@example.com'] }],
      ...spec,
    },
  };
}

/** The same, checked and with its defaults. */
export function manifest(spec: object = {}, metadata: object = {}): Manifest {
  const parsed = parseManifest(document(spec, metadata));
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.issues));
  return parsed.manifest;
}

export function pipeline(spec: object = {}, over: Partial<Pipeline> = {}): Pipeline {
  return { manifest: manifest(spec), identity: IDENTITY, code: CODE, environment: {}, ...over };
}

/** One that asks to adopt what bears nobody's mark. */
export const adopting = (spec: object = {}): Pipeline =>
  pipeline(spec, { manifest: manifest(spec, { annotations: { [ADOPT]: 'true' } }) });

/** The first bucket name of the pipeline of these tests. */
export const BUCKET_NAME = bucketNames(IDENTITY, 'Special')[0] ?? '';

export function desired(spec: object = {}, over: Partial<Pipeline> & { live?: Discovery } = {}): Desired {
  const { live, ...rest } = over;
  return desiredPipeline(pipeline(spec, rest), BUCKET_NAME, live);
}

/** The fault something throws; fails the test when it does not. */
export function faultThrownBy(work: () => unknown): Fault {
  try {
    work();
  } catch (error) {
    return faultOf(error);
  }
  throw new Error('it was expected to throw');
}
