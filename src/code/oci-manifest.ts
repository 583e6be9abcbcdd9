import { invalidSpec } from '../core/fault.ts';

/** One part of an artifact. */
export type Layer = {
  readonly digest: string;
  readonly sizeBytes: number;
  readonly mediaType: string;
  /** Name of the file or folder that it was pushed from. */
  readonly title: string | undefined;
  /** It was pushed from a folder, and becomes one again. */
  readonly isFolder: boolean;
};

export const MANIFEST_TYPE = 'application/vnd.oci.image.manifest.v1+json';

const TITLE = 'org.opencontainers.image.title';
/** What ORAS says of a folder. @see https://oras.land/docs/how_to_guides/pushing_and_pulling */
const UNPACK = 'io.deis.oras.content.unpack';

const MAX_LAYERS = 100;

/**
 * The layers of an image manifest.
 *
 * @throws {PipelineError} class `invalid`, when it is another document or says nonsense
 * @see https://github.com/opencontainers/image-spec/blob/main/manifest.md
 */
export function parseOciManifest(bytes: Uint8Array, about: string): readonly Layer[] {
  const document = asObject(parsed(bytes));
  if (Array.isArray(document?.['manifests']))
    throw invalidSpec(`${about} is an index of several artifacts; name the digest of one of them.`);
  const layers: unknown = document?.['layers'];
  if (!Array.isArray(layers)) throw invalidSpec(`${about} is no manifest of an artifact; name the digest of one.`);
  if (layers.length > MAX_LAYERS)
    throw invalidSpec(`${about} has ${layers.length} layers; at most ${MAX_LAYERS} are taken.`);
  return layers.map((layer: unknown, index) => {
    const { digest, size, mediaType, annotations } = asObject(layer) ?? {};
    if (typeof digest !== 'string' || !/^sha256:[a-f0-9]{64}$/.test(digest))
      throw invalidSpec(`${about}: layer ${index + 1} has no digest by sha256; push the artifact anew.`);
    if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0)
      throw invalidSpec(`${about}: layer ${index + 1} has no size; push the artifact anew.`);
    const notes = asObject(annotations);
    const title = notes?.[TITLE];
    return {
      digest,
      sizeBytes: size,
      mediaType: typeof mediaType === 'string' ? mediaType : '',
      title: typeof title === 'string' ? title : undefined,
      isFolder: notes?.[UNPACK] === 'true',
    };
  });
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    return undefined;
  }
}

const asObject = (value: unknown): Readonly<Record<string, unknown>> | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : undefined;
