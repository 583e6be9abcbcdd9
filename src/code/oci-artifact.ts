import { createHash } from 'node:crypto';
import { invalidSpec } from '../core/fault.ts';
import { checkedZip } from './checked-zip.ts';
import type { CodeContent } from './code-content.ts';
import { checkUnzippedSize, UNZIPPED_LIMIT_BYTES } from './code-limits.ts';
import type { Login } from './docker-config.ts';
import { checkEntryNames } from './entry-names.ts';
import { MANIFEST_TYPE, parseOciManifest, type Layer } from './oci-manifest.ts';
import { openRepository, type RegistryOptions, type Repository } from './oci-request.ts';
import { filesOfTar, type TarFile } from './tar-files.ts';

export type OciRef = { readonly repository: string; readonly digest: string };

/** What every registry takes at least. @see the distribution spec, "Pushing Manifests" */
const MANIFEST_LIMIT_BYTES = 4 * 1024 * 1024;

/** All layers as they are stored: twice what Lambda takes as a zip, since they may be packed worse. */
const STORED_LIMIT_BYTES = 100 * 1024 * 1024;

/** Headers and padding of a tar, beside what it holds. */
const TAR_OVERHEAD_BYTES = 32 * 1024 * 1024;

/**
 * The code in an artifact as Flux and ORAS push them: layers that are archives (tar+gzip), and files under their title.
 * A single file called `….zip` is the code as it is. Nothing is believed that does not have its digest.
 *
 * @throws {PipelineError}
 */
export async function pullArtifact(
  ref: OciRef,
  login: Login | undefined,
  options: RegistryOptions,
): Promise<CodeContent> {
  const about = `Artifact ${ref.repository}@${ref.digest}`;
  const repository = openRepository(ref.repository, login, options);
  const manifest = await repository.get(`manifests/${ref.digest}`, MANIFEST_LIMIT_BYTES, MANIFEST_TYPE);
  checkDigest(manifest, ref.digest, about);
  const layers = parseOciManifest(manifest, about);
  const storedBytes = layers.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  if (storedBytes > STORED_LIMIT_BYTES)
    throw invalidSpec(`${about} takes ${storedBytes} bytes, and at most ${STORED_LIMIT_BYTES} are pulled.`);

  const [first, ...others] = layers;
  if (first !== undefined && others.length === 0 && !isArchive(first) && first.title?.endsWith('.zip') === true)
    return { kind: 'zip', zip: checkedZip(await blobOf(first, repository, about)) };

  const files: TarFile[] = [];
  let bytes = 0;
  for (const [index, layer] of layers.entries()) {
    const blob = await blobOf(layer, repository, about);
    const most = UNZIPPED_LIMIT_BYTES + TAR_OVERHEAD_BYTES - bytes;
    const found = isArchive(layer)
      ? await filesOfTar(blob, most, `${about}, layer ${index + 1}`)
      : [{ name: layer.title ?? '', bytes: blob }];
    files.push(...found);
    bytes += found.reduce((sum, file) => sum + file.bytes.length, 0);
    checkUnzippedSize(files.length, bytes);
  }
  checkEntryNames(files.map(({ name }) => name));
  return { kind: 'files', files: new Map(files.map((file) => [file.name, file.bytes])) };
}

/** ORAS gives a lone file the type of an archive as well, so a title counts for more. */
const isArchive = ({ isFolder, title, mediaType }: Layer): boolean =>
  isFolder || title === undefined || mediaType.endsWith('tar+gzip');

async function blobOf({ digest, sizeBytes }: Layer, repository: Repository, about: string): Promise<Uint8Array> {
  const blob = await repository.get(`blobs/${digest}`, sizeBytes, '*/*');
  if (blob.length !== sizeBytes)
    throw invalidSpec(`${about}: ${digest} has ${blob.length} bytes instead of ${sizeBytes}.`);
  checkDigest(blob, digest, about);
  return blob;
}

function checkDigest(bytes: Uint8Array, digest: string, about: string): void {
  const found = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  if (found !== digest) throw invalidSpec(`${about}: the registry answers with ${found} for ${digest}.`);
}
