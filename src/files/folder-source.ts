import { createHash } from 'node:crypto';
import { promises as fs } from 'node:fs';
import type { ArtifactPuller } from '../code/artifact-puller.ts';
import { pipelineKey } from '../core/names.ts';
import type { Clock } from '../core/ports.ts';
import { PipelineError } from '../core/fault.ts';
import type { PipelineSource, Resource, ResourceStatus } from '../controller/source.ts';
import { originText, type FileProblem } from './file-problem.ts';
import { loadManifests, type LoadedManifests, type LoadedPipeline } from './load-manifests.ts';
import { createFolderWatch, type FolderWatch, type Watched } from './watch-folders.ts';

export type FolderSourceOptions = {
  readonly folder: string;
  /** Namespace of documents that name none. */
  readonly namespace: string;
  readonly clock: Clock;
  /** Not set: no registry may be asked. */
  readonly pull?: ArtifactPuller;
  /** Told about every problem once, when it appears. */
  readonly onProblem: (problem: FileProblem) => void;
  /** Told when a pipeline's file goes away: nothing is deleted on AWS. */
  readonly onGone: (key: string, file: string) => void;
  /** Whether a TypeScript handler is bundled by the esbuild beside it. Default false: who may write into the folder shall not run programs here. */
  readonly bundlesTypeScript?: boolean;
  /** How long a save is left to settle, and two looks are apart; default 200. */
  readonly settleMs?: number;
  /** Told before anything is made of what is new, and when the file system noticed it: undefined when it did not. */
  readonly onNews?: (noticedAtMs: number | undefined) => void;
  /** What else is wrong with a pipeline, in a sentence; it is then as good as a broken file. */
  readonly check?: (pipeline: LoadedPipeline) => Promise<string | undefined>;
};

/** How often the folder is read although nothing seems to have changed: not every file system tells. */
const REREAD_MS = 10_000;
/** Editors and git write several files in a row. */
const SETTLE_MS = 200;
/** Who writes a file without renaming it into place leaves it empty or cut off for a moment. */
const DOUBT_MS = 1_000;

type Look = LoadedManifests & {
  readonly unreadable: boolean;
  /** The same exactly when two looks say the same. */
  readonly says: string;
};

/**
 * Pipelines from a folder of manifests, watched. A broken file keeps its last good version; a file that goes away ends
 * the care of its pipelines and deletes nothing. What is new is believed once two looks, a moment apart, say the same:
 * a file may be caught half-written, and half a list of rules is a valid list of rules.
 */
export function createFolderSource(options: FolderSourceOptions): PipelineSource {
  const { clock, settleMs = SETTLE_MS } = options;
  let loaded = new Map<string, LoadedPipeline>();
  let resources = new Map<string, Resource>();
  let reported = new Set<string>();
  let believed = '';
  let codePaths: readonly string[] = [];
  let aliveMs = clock.now();
  const statuses = new Map<string, ResourceStatus>();

  const look = async (): Promise<Look> => {
    const readable = await canRead(options.folder);
    const found = await loadManifests({
      sources: [options.folder],
      namespace: options.namespace,
      readStdin: () => Promise.resolve(''),
      ...(options.pull && { pull: options.pull }),
      bundlesTypeScript: options.bundlesTypeScript ?? false,
    });
    const { pipelines, problems } = await checked(found.pipelines, options.check);
    const seen = { ...found, pipelines, problems: [...found.problems, ...problems] };
    aliveMs = clock.now();
    // It may go or come back while it is read.
    const unreadable = !readable || !(await canRead(options.folder));
    return {
      ...seen,
      unreadable,
      says: JSON.stringify([unreadable, seen.pipelines.map(versionOf), seen.problems.map(problemText)]),
    };
  };

  const watched = (paths: readonly string[]): Watched[] => [
    { path: options.folder, below: false },
    ...paths.map((path) => ({ path, below: true })),
  ];

  /** Undefined: nothing is new. */
  const lookUntilSettled = async (folders: FolderWatch, signal: AbortSignal): Promise<Look | undefined> => {
    let seen = await look();
    while (seen.says !== believed) {
      // Before the look that is believed, so that nothing changes unnoticed after it.
      await folders.watch(watched(seen.codePaths));
      const known = new Set(seen.pipelines.map(keyOf));
      const lacks = seen.problems.length > 0 || [...loaded.keys()].some((key) => !known.has(key));
      await clock.sleep(lacks ? DOUBT_MS : settleMs, signal);
      const again = await look();
      if (again.says === seen.says) return again;
      seen = again;
    }
    return undefined;
  };

  const believe = (
    { pipelines, problems, unreadable, says, codePaths: paths }: Look,
    onChange: Parameters<PipelineSource['start']>[0],
  ): void => {
    believed = says;
    codePaths = paths;
    const texts = new Set(problems.map(problemText));
    for (const problem of problems) if (!reported.has(problemText(problem))) options.onProblem(problem);
    reported = texts;

    const broken = new Set(problems.map((problem) => problem.file));
    const next = new Map(pipelines.map((pipeline) => [keyOf(pipeline), pipeline]));
    for (const [key, before] of loaded)
      if (!next.has(key) && (broken.has(before.origin.file) || unreadable)) next.set(key, before);
    const before = loaded;
    loaded = next;
    resources = new Map([...next].map(([key, pipeline]) => [key, toResource(key, pipeline, statuses.get(key))]));
    for (const [key, pipeline] of next) {
      const was = before.get(key);
      if (was === undefined || toldBy(was) !== toldBy(pipeline)) onChange({ key, kind: 'spec' });
      else if (inputsOf(was) !== inputsOf(pipeline)) onChange({ key, kind: 'dependency' });
    }
    for (const [key, pipeline] of before) {
      if (next.has(key)) continue;
      statuses.delete(key);
      options.onGone(key, pipeline.origin.file);
      onChange({ key, kind: 'gone' });
    }
  };

  const follow = async (
    { folders, naps }: Watching,
    onChange: Parameters<PipelineSource['start']>[0],
    signal: AbortSignal,
  ): Promise<void> => {
    while (!signal.aborted) {
      await folders.watch(watched(codePaths));
      const noticed = await clock.sleep(REREAD_MS, AbortSignal.any([signal, naps.interruption()])).then(
        () => false,
        () => !signal.aborted,
      );
      if (noticed) await clock.sleep(settleMs, signal).catch(() => {});
      // Renewed before the folder is read, so that what changes meanwhile is noticed.
      const noticedAtMs = naps.renew();
      const news = await lookUntilSettled(folders, signal).catch(unlessAborted(signal));
      if (news === undefined || signal.aborted) continue;
      options.onNews?.(noticedAtMs);
      believe(news, onChange);
    }
  };

  return {
    start: async (onChange, signal) => {
      const naps = createNaps(clock);
      const folders = createFolderWatch(naps.interrupt, signal);
      await folders.watch(watched([]));
      const first = await lookUntilSettled(folders, signal);
      if (first !== undefined) believe(first, onChange);
      void follow({ folders, naps }, onChange, signal);
    },
    list: () => [...resources.values()],
    get: (key) => resources.get(key),
    read: (key) => Promise.resolve(resources.get(key)),
    claim: () => Promise.resolve(),
    release: () => Promise.resolve(),
    inputs: ({ key }) => {
      const pipeline = loaded.get(key);
      if (pipeline !== undefined) return Promise.resolve(pipeline.inputs);
      return Promise.reject(
        new PipelineError({
          class: 'stale',
          reason: 'ChangedMeanwhile',
          message: `Pipeline ${key} is no longer in ${options.folder}`,
        }),
      );
    },
    writeStatus: ({ key }, status) => {
      statuses.set(key, status);
      const resource = resources.get(key);
      if (resource !== undefined) resources.set(key, { ...resource, status });
      return Promise.resolve();
    },
    // There is nobody to tell but the log, and that is told by the controller itself.
    tell: () => {},
    lastAliveMs: () => aliveMs,
  };
}

type Watching = { readonly folders: FolderWatch; readonly naps: Naps };

/** The time between two looks, which a notice cuts short. */
type Naps = {
  readonly interrupt: () => void;
  readonly interruption: () => AbortSignal;
  /** Begins the next one. Returns when the last was interrupted. */
  readonly renew: () => number | undefined;
};

function createNaps(clock: Clock): Naps {
  let nap = new AbortController();
  let interruptedAtMs: number | undefined;
  return {
    interrupt: () => {
      interruptedAtMs ??= clock.now();
      nap.abort();
    },
    interruption: () => nap.signal,
    renew: () => {
      const atMs = interruptedAtMs;
      interruptedAtMs = undefined;
      nap = new AbortController();
      return atMs;
    },
  };
}

/** Those that pass the check, and what is wrong with the others. */
async function checked(
  pipelines: readonly LoadedPipeline[],
  check: FolderSourceOptions['check'],
): Promise<Pick<LoadedManifests, 'pipelines' | 'problems'>> {
  if (check === undefined) return { pipelines, problems: [] };
  const messages = await Promise.all(pipelines.map(check));
  return {
    pipelines: pipelines.filter((_pipeline, index) => messages[index] === undefined),
    problems: pipelines.flatMap(({ origin }, index) => {
      const message = messages[index];
      return message === undefined ? [] : [{ ...origin, path: 'spec.function.code', message }];
    }),
  };
}

const canRead = (folder: string): Promise<boolean> =>
  fs.readdir(folder).then(
    () => true,
    () => false,
  );

const keyOf = ({ manifest, namespace }: LoadedPipeline): string =>
  pipelineKey({ namespace, name: manifest.metadata.name });

const problemText = (problem: FileProblem): string =>
  `${originText({ file: problem.file, document: problem.document ?? 0 })} ${problem.path ?? ''} ${problem.message}`;

/** Files have no generation, so a hash of the spec serves: it changes exactly when the spec does. */
function generationOf({ manifest }: LoadedPipeline): number {
  return Number.parseInt(createHash('sha256').update(JSON.stringify(manifest.spec)).digest('hex').slice(0, 12), 16);
}

/** What asks for another look: the spec, or a request in the annotations. */
const toldBy = (pipeline: LoadedPipeline): string =>
  `${generationOf(pipeline)} ${JSON.stringify(pipeline.manifest.metadata.annotations ?? {})}`;

/** Everything about a pipeline that is acted on. */
const versionOf = (pipeline: LoadedPipeline): unknown => [
  keyOf(pipeline),
  pipeline.origin.file,
  toldBy(pipeline),
  inputsOf(pipeline),
];

const unlessAborted =
  (signal: AbortSignal) =>
  (error: unknown): undefined => {
    if (!signal.aborted) throw error;
  };

/** Equal for equal code and environment. */
function inputsOf({ inputs: { code, environment } }: LoadedPipeline): string {
  return JSON.stringify([code.kind === 'zip' ? code.sha256 : code, environment]);
}

function toResource(key: string, pipeline: LoadedPipeline, status: ResourceStatus | undefined): Resource {
  return {
    key,
    uid: key,
    generation: generationOf(pipeline),
    createdAtMs: undefined,
    manifest: pipeline.manifest,
    issues: [],
    annotations: pipeline.manifest.metadata.annotations ?? {},
    deleting: false,
    claimed: true,
    status,
  };
}
