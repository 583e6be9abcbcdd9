import { dirname } from 'node:path';
import type { FunctionCode } from '../core/function-code.ts';
import { API_GROUP, KIND, type Manifest, parseManifest } from '../core/manifest.ts';
import { parseConfigMap } from './config-map.ts';
import { type FileProblem, type Origin, originText, pathText } from './file-problem.ts';
import { manifestCode } from './manifest-code.ts';
import { manifestProblems } from './manifest-problems.ts';
import { parseDocuments } from './parse-documents.ts';
import { readSources, STANDARD_INPUT } from './read-sources.ts';

/** A pipeline from a file, with everything needed to plan it. */
export type LoadedPipeline = {
  readonly manifest: Manifest;
  /** The manifest's own, or else the default. */
  readonly namespace: string;
  readonly code: FunctionCode;
  readonly origin: Origin;
};

export type LoadOptions = {
  /** Files, folders, or `-` for standard input. */
  readonly sources: readonly string[];
  /** Namespace of documents that name none. */
  readonly namespace: string;
  readonly readStdin: () => Promise<string>;
};

export type LoadedManifests = {
  readonly pipelines: readonly LoadedPipeline[];
  /** Empty exactly when everything that was given can be used. */
  readonly problems: readonly FileProblem[];
};

/**
 * Reads pipelines, and the ConfigMaps that hold their code, from disk. Documents of other kinds are passed over.
 * Every problem in all files is reported at once; a pipeline with one is left out. Never throws for what a user wrote.
 */
export async function loadManifests({ sources, namespace, readStdin }: LoadOptions): Promise<LoadedManifests> {
  const { texts, problems: readProblems } = await readSources(sources, readStdin);
  const collected = createCollection(namespace);
  const counts = new Map<string, number>();
  for (const { source, file, text } of texts) {
    const before = collected.size();
    for (const parsed of parseDocuments(text)) {
      const origin = { file, document: parsed.document };
      if (parsed.ok) collected.add(parsed.value, origin);
      else
        collected.problems.push({ ...origin, ...(parsed.path ? { path: parsed.path } : {}), message: parsed.message });
    }
    counts.set(source, (counts.get(source) ?? 0) + collected.size() - before);
  }
  const problems = [...readProblems, ...collected.problems];
  if (problems.length === 0) problems.push(...uselessSources(counts, collected.pipelines.length));
  const loaded = await Promise.all(collected.pipelines.map((pipeline) => withCode(pipeline, collected.configMaps)));
  return {
    pipelines: loaded.flatMap((result) => (result.ok ? [result.pipeline] : [])),
    problems: [...problems, ...loaded.flatMap((result) => (result.ok ? [] : [result.problem]))],
  };
}

type Parsed = Omit<LoadedPipeline, 'code'>;
type ConfigMaps = Map<string, { readonly files: ReadonlyMap<string, Uint8Array>; readonly origin: Origin }>;

function createCollection(defaultNamespace: string) {
  const pipelines = new Map<string, Parsed>();
  const configMaps: ConfigMaps = new Map();
  const problems: FileProblem[] = [];
  let taken = 0;

  const add = (value: unknown, origin: Origin): void => {
    if (!isObject(value)) return report(origin, [], 'is not an object with apiVersion and kind');
    const { apiVersion, kind } = value;
    for (const [name, field] of Object.entries({ apiVersion, kind }))
      if (typeof field !== 'string' || field === '') return report(origin, [name], 'is required (string)');
    if (kind === 'List' && apiVersion === 'v1') return addList(value, origin);
    if (kind === 'ConfigMap' && apiVersion === 'v1') return addConfigMap(value, origin);
    if (kind === KIND || String(apiVersion).startsWith(`${API_GROUP}/`)) return addPipeline(value, origin);
  };

  const addList = (list: JsonObject, origin: Origin): void => {
    if (!Array.isArray(list['items'])) return report(origin, ['items'], 'must be a list of resources');
    for (const item of list['items']) add(item, origin);
  };

  const addPipeline = (value: JsonObject, origin: Origin): void => {
    taken += 1;
    const parsed = parseManifest(value);
    if (!parsed.ok) return void problems.push(...manifestProblems(parsed.issues, origin));
    const { manifest } = parsed;
    const namespace = manifest.metadata.namespace ?? defaultNamespace;
    const key = `${namespace}/${manifest.metadata.name}`;
    const first = pipelines.get(key);
    if (first !== undefined)
      return report(origin, ['metadata', 'name'], `${key} is also in ${originText(first.origin)}; keep one of them`);
    pipelines.set(key, { manifest, namespace, origin });
  };

  const addConfigMap = (value: JsonObject, origin: Origin): void => {
    taken += 1;
    const metadata = isObject(value['metadata']) ? value['metadata'] : {};
    const { name, namespace = defaultNamespace } = metadata;
    if (typeof name !== 'string' || name === '') return report(origin, ['metadata', 'name'], 'is required (string)');
    if (typeof namespace !== 'string') return report(origin, ['metadata', 'namespace'], 'must be of type string');
    const key = `${namespace}/${name}`;
    const first = configMaps.get(key);
    if (first !== undefined)
      return report(
        origin,
        ['metadata', 'name'],
        `ConfigMap ${key} is also in ${originText(first.origin)}; keep one of them`,
      );
    const parsed = parseConfigMap(value);
    if (parsed.ok) configMaps.set(key, { files: parsed.files, origin });
    else for (const issue of parsed.issues) report(origin, issue.path, issue.message);
  };

  const report = (origin: Origin, path: readonly string[], message: string): void => {
    problems.push({ ...origin, ...(path.length === 0 ? {} : { path: pathText(path) }), message });
  };

  return {
    add,
    problems,
    configMaps,
    size: () => taken,
    get pipelines() {
      return [...pipelines.values()];
    },
  };
}

function uselessSources(counts: ReadonlyMap<string, number>, pipelineCount: number): FileProblem[] {
  return [...counts]
    .filter(([, count]) => pipelineCount === 0 || count === 0)
    .map(([file]) => ({ file, message: `holds no ${KIND}` }));
}

async function withCode(
  pipeline: Parsed,
  configMaps: ConfigMaps,
): Promise<{ ok: true; pipeline: LoadedPipeline } | { ok: false; problem: FileProblem }> {
  const { manifest, namespace, origin } = pipeline;
  const loaded = await manifestCode(manifest, {
    baseFolder: origin.file === STANDARD_INPUT ? '.' : dirname(origin.file),
    namespace,
    configMap: (name) => configMaps.get(`${namespace}/${name}`)?.files,
  });
  if (loaded.ok) return { ok: true, pipeline: { ...pipeline, code: loaded.code } };
  return { ok: false, problem: { ...origin, path: loaded.path, message: loaded.message } };
}

type JsonObject = Record<string, unknown>;

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
