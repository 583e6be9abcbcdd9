import { PipelineError } from './fault.ts';
import type { Functions } from './ports.ts';
import { NEWEST } from './publishing.ts';
import type { StepAction } from './step.ts';

type Action<Kind extends StepAction['kind']> = StepAction & { readonly kind: Kind };

/** Reads the numbers right before, since a version gets its number only when it is published. */
export async function pointAlias(
  { fn, alias, version: wanted, isNew }: Action<'pointAlias'>,
  functions: Pick<Functions, 'versions' | 'createAlias' | 'updateAlias'>,
): Promise<void> {
  const versions = await functions.versions(fn);
  const version = wanted === NEWEST ? versions.at(-1) : versions.find((each) => each === wanted);
  if (version === undefined) throw wanted === NEWEST ? gone(fn) : noVersion(fn, wanted, versions);
  await (isNew ? functions.createAlias(fn, alias, version) : functions.updateAlias(fn, alias, version));
}

/** What an alias of anybody leads to stays, since somebody may call it. */
export async function deleteOldVersions(
  { fn, keep }: Action<'deleteOldVersions'>,
  functions: Pick<Functions, 'versions' | 'aliases' | 'deleteVersion'>,
): Promise<void> {
  const [versions, aliases] = await Promise.all([functions.versions(fn), functions.aliases(fn)]);
  const used = new Set(aliases.flatMap((alias) => alias.versions));
  for (const version of versions.slice(0, -keep)) if (!used.has(version)) await functions.deleteVersion(fn, version);
}

const gone = (fn: string): PipelineError =>
  new PipelineError({
    class: 'stale',
    reason: 'ChangedMeanwhile',
    message: `The version of function ${fn} that was just published is gone`,
  });

function noVersion(fn: string, wanted: string, versions: readonly string[]): PipelineError {
  const there = versions.length === 0 ? 'it has none yet' : `it has ${versions.join(', ')}`;
  return new PipelineError({
    class: 'dependency',
    reason: 'DependencyNotReady',
    message: `spec.function.version: function ${fn} has no version ${wanted}; ${there}. Name one that is there, or leave version out`,
  });
}
