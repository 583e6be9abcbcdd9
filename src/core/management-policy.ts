import { ABANDON, isAbandoned } from './annotations.ts';
import type { Manifest } from './manifest.ts';

/** What becomes of a pipeline's resources on AWS when the pipeline is deleted. */
export type DeletionIntent =
  | { readonly kind: 'cleanUp' }
  | { readonly kind: 'leave'; /** A clause for people. */ readonly because: string };

/** Whoever leaves needs no AWS: it works when the credentials are gone. Suspension holds no deletion back. */
export function deletionIntent(manifest: Manifest): DeletionIntent {
  if (isAbandoned(manifest)) return { kind: 'leave', because: `the annotation ${ABANDON} is "true"` };
  const { managementPolicy } = manifest.spec;
  switch (managementPolicy) {
    case 'Full':
      return { kind: 'cleanUp' };
    case 'Observe':
    case 'NoDelete':
      return { kind: 'leave', because: `spec.managementPolicy is ${managementPolicy}` };
  }
}

/** Why nothing is written for a pipeline, as a clause that follows its name; undefined: it is looked after. */
export function restraintOf({ spec }: Pick<Manifest, 'spec'>): string | undefined {
  if (spec.suspend) return 'it is suspended, so nothing is changed until spec.suspend is false';
  if (spec.managementPolicy === 'Observe')
    return 'differences are reported only, since spec.managementPolicy is Observe';
  return undefined;
}
