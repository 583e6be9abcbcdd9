import { createHash } from 'node:crypto';
import type { CodeContent } from './code-content.ts';
import { loginFor } from './docker-config.ts';
import { pullArtifact, type OciRef } from './oci-artifact.ts';
import type { RegistryOptions } from './oci-request.ts';

/** A pull secret: its entries, and what it is called for people. */
export type PullSecret = { readonly about: string; readonly content: ReadonlyMap<string, Uint8Array> };

/** @throws {PipelineError} as {@link pullArtifact} and {@link loginFor} do */
export type ArtifactPuller = (ref: OciRef, secret: PullSecret | undefined) => Promise<CodeContent>;

/** Where no registry is listed. */
export const pullNothing: ArtifactPuller = createArtifactPuller({ registries: [], fetch });

/** Enough for what is looked at every few seconds, too little to matter. */
const KEPT_BYTES = 128 * 1024 * 1024;

/**
 * Pulls each artifact once: what a digest names never changes. What was pulled by one login is kept for that login
 * alone, since another may not be allowed to see it.
 */
export function createArtifactPuller(options: RegistryOptions): ArtifactPuller {
  const kept = new Map<string, { readonly content: Promise<CodeContent>; bytes: number }>();

  return (ref, secret) => {
    // A secret without a login for the registry throws here, whatever is known.
    const login = secret && loginFor(ref.repository, secret.content, secret.about);
    const key = createHash('sha256')
      .update(JSON.stringify([ref.repository, ref.digest, login]))
      .digest('hex');
    const known = kept.get(key);
    if (known !== undefined) {
      // The last one to go is the one that was asked for last.
      kept.delete(key);
      kept.set(key, known);
      return known.content;
    }
    const entry = { content: pullArtifact(ref, login, options), bytes: 0 };
    kept.set(key, entry);
    entry.content.then(
      (content) => {
        entry.bytes = sizeOf(content);
        makeRoom();
      },
      // What failed is tried again.
      () => kept.delete(key),
    );
    return entry.content;
  };

  function makeRoom(): void {
    let bytes = [...kept.values()].reduce((sum, entry) => sum + entry.bytes, 0);
    for (const [key, entry] of kept) {
      if (bytes <= KEPT_BYTES) return;
      kept.delete(key);
      bytes -= entry.bytes;
    }
  }
}

const sizeOf = (content: CodeContent): number =>
  content.kind === 'zip'
    ? content.zip.code.bytes.length
    : [...content.files.values()].reduce((sum, bytes) => sum + bytes.length, 0);
