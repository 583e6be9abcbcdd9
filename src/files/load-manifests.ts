import { dirname, resolve } from 'node:path';
import { pullNothing, type ArtifactPuller } from '../code/artifact-puller.ts';
import type { FunctionInputs } from '../core/function-inputs.ts';
import { KIND, type Manifest } from '../core/manifest.ts';
import { type Collection, createCollection, type FoundPipeline, problemAt } from './collect-resources.ts';
import type { FileProblem, Origin } from './file-problem.ts';
import { manifestInputs, type InputsContext } from './manifest-inputs.ts';
import { parseDocuments } from './parse-documents.ts';
import { readSources, STANDARD_INPUT } from './read-sources.ts';

/** A pipeline from a file, with everything needed to plan it. */
export type LoadedPipeline = {
  readonly manifest: Manifest;
  /** The manifest's own, or else the default. */
  readonly namespace: string;
  readonly inputs: FunctionInputs;
  readonly origin: Origin;
};

export type LoadOptions = {
  /** Files, folders, or `-` for standard input. */
  readonly sources: readonly string[];
  /** Namespace of documents that name none. */
  readonly namespace: string;
  readonly readStdin: () => Promise<string>;
  /** Not set: no registry may be asked. */
  readonly pull?: ArtifactPuller;
  /** Whether code in TypeScript is bundled, which runs the esbuild that lies beside it. Left out: yes. */
  readonly bundlesTypeScript?: boolean;
};

export type LoadedManifests = {
  readonly pipelines: readonly LoadedPipeline[];
  /** Empty exactly when everything that was given can be used. */
  readonly problems: readonly FileProblem[];
  /** Files and folders that code is taken from, also by pipelines with a problem. */
  readonly codePaths: readonly string[];
};

/**
 * Reads pipelines, and the ConfigMaps and Secrets that they name, from disk. Documents of other kinds are passed over.
 * Every problem in all files is reported at once; a pipeline with one is left out. Never throws for what a user wrote.
 */
export async function loadManifests(options: LoadOptions): Promise<LoadedManifests> {
  const { sources, namespace, readStdin, pull = pullNothing, bundlesTypeScript = true } = options;
  const { collection, problems } = await readCollection(sources, namespace, readStdin);
  const found = collection.pipelines();
  const loaded = await Promise.all(found.map((one) => withInputs(one, collection, { pull, bundlesTypeScript })));
  return {
    pipelines: loaded.flatMap((result) => ('pipeline' in result ? [result.pipeline] : [])),
    problems: [...problems, ...loaded.flatMap((result) => ('problems' in result ? result.problems : []))],
    codePaths: found.flatMap(({ manifest, place }) => {
      const { path } = manifest.spec.function.code;
      return path === undefined ? [] : [resolve(baseFolder(place.origin), path)];
    }),
  };
}

/** What stands in the sources, and what is wrong with it; what pipelines name is not looked at yet. */
async function readCollection(
  sources: LoadOptions['sources'],
  namespace: string,
  readStdin: LoadOptions['readStdin'],
): Promise<{ readonly collection: Collection; readonly problems: readonly FileProblem[] }> {
  const read = await readSources(sources, readStdin);
  const problems: FileProblem[] = [...read.problems];
  const collection = createCollection(namespace);
  const seenBySource = new Map<string, number>();
  for (const { source, file, text } of read.texts) {
    const before = collection.seen();
    for (const { document, ...parsed } of parseDocuments(text))
      if (parsed.ok) collection.add(parsed.value, { file, document });
      else problems.push(problemAt({ origin: { file, document }, at: parsed.path }, [], parsed.message));
    seenBySource.set(source, (seenBySource.get(source) ?? 0) + collection.seen() - before);
  }
  problems.push(...collection.problems());
  if (problems.length === 0) problems.push(...uselessSources(seenBySource, collection));
  return { collection, problems };
}

/** The manifests alone: the code, ConfigMaps and Secrets that they name need not be there. Never throws for what a user wrote. */
export async function readManifests(options: Pick<LoadOptions, 'sources' | 'namespace' | 'readStdin'>): Promise<{
  readonly manifests: readonly Pick<LoadedPipeline, 'manifest' | 'namespace'>[];
  readonly problems: readonly FileProblem[];
}> {
  const { collection, problems } = await readCollection(options.sources, options.namespace, options.readStdin);
  return { manifests: collection.pipelines().map(({ manifest, namespace }) => ({ manifest, namespace })), problems };
}

/** Sources without effect: all of them when there is no pipeline, else those with neither pipelines nor what they may name. */
function uselessSources(seenBySource: ReadonlyMap<string, number>, collection: Collection): FileProblem[] {
  const noPipeline = collection.pipelines().length === 0;
  return [...seenBySource]
    .filter(([, seen]) => noPipeline || seen === 0)
    .map(([file]) => ({ file, message: `holds no ${KIND}` }));
}

async function withInputs(
  { manifest, namespace, place }: FoundPipeline,
  collection: Collection,
  ways: Pick<InputsContext, 'pull' | 'bundlesTypeScript'>,
): Promise<{ readonly pipeline: LoadedPipeline } | { readonly problems: readonly FileProblem[] }> {
  const { origin } = place;
  const result = await manifestInputs(manifest, {
    baseFolder: baseFolder(origin),
    ...ways,
    namespace,
    find: (kind, name) => collection.content(kind, namespace, name),
  });
  if (result.ok) return { pipeline: { manifest, namespace, inputs: result.inputs, origin } };
  return { problems: result.problems.map(({ path, message }) => problemAt(place, path, message)) };
}

const baseFolder = ({ file }: Origin): string => (file === STANDARD_INPUT ? '.' : dirname(file));
