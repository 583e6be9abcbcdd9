import { API_GROUP } from '../core/api-group.ts';
import { KIND, type Manifest, parseManifest } from '../core/manifest.ts';
import { parseConfigMap } from '../code/config-map.ts';
import type { ParsedContent } from '../code/keyed-content.ts';
import { parseSecret } from '../code/secret.ts';
import { type FileProblem, type Origin, originText, type Path, pathText } from './file-problem.ts';
import { issueMessage } from './issue-message.ts';

/** Where a resource stands: in a document, or in the items of a list. */
export type Place = { readonly origin: Origin; readonly at: Path };

export type FoundPipeline = { readonly manifest: Manifest; readonly namespace: string; readonly place: Place };

/** A ConfigMap or Secret. A ConfigMap that is not valid is a problem of its own, a Secret only where it is named. */
export type FoundContent = { readonly content: ParsedContent; readonly place: Place };

type ContentKind = 'ConfigMap' | 'Secret';

export type Collection = {
  /** Takes what a document holds; what is neither pipeline, ConfigMap, Secret nor list is passed over. */
  readonly add: (document: unknown, origin: Origin) => void;
  /** How many of these were seen, broken ones included. */
  readonly seen: () => number;
  readonly pipelines: () => FoundPipeline[];
  readonly content: (kind: ContentKind, namespace: string, name: string) => FoundContent | undefined;
  readonly problems: () => FileProblem[];
};

/** A problem at a path below a resource. */
export function problemAt({ origin, at }: Place, path: Path, message: string): FileProblem {
  const whole = [...at, ...path];
  return whole.length === 0 ? { ...origin, message } : { ...origin, path: pathText(whole), message };
}

/** Sorts the documents of all files into pipelines, ConfigMaps and Secrets, by namespace and name. */
export function createCollection(defaultNamespace: string): Collection {
  const pipelines = new Map<string, FoundPipeline>();
  const contents = new Map<string, FoundContent>();
  const problems: FileProblem[] = [];
  let seen = 0;

  const report = (place: Place, path: Path, message: string): void =>
    void problems.push(problemAt(place, path, message));

  const addResource = (value: unknown, place: Place): void => {
    if (!isObject(value)) return report(place, [], 'is not an object with apiVersion and kind');
    const { apiVersion, kind } = value;
    if (typeof apiVersion !== 'string' || apiVersion === '')
      return report(place, ['apiVersion'], 'is required (string)');
    if (typeof kind !== 'string' || kind === '') return report(place, ['kind'], 'is required (string)');
    if (apiVersion === 'v1' && kind === 'List') addList(value, place);
    else if (apiVersion === 'v1' && (kind === 'ConfigMap' || kind === 'Secret')) addContent(kind, value, place);
    // A misspelt kind or another version of our group is a mistake, not somebody else's resource.
    else if (kind === KIND || apiVersion.startsWith(`${API_GROUP}/`)) addPipeline(value, place);
  };

  const addList = ({ items }: JsonObject, { origin, at }: Place): void => {
    if (!Array.isArray(items)) return report({ origin, at }, ['items'], 'must be a list of resources');
    for (const [index, item] of items.entries()) addResource(item, { origin, at: [...at, 'items', index] });
  };

  const addPipeline = (value: JsonObject, place: Place): void => {
    seen += 1;
    const parsed = parseManifest(value);
    if (!parsed.ok) return parsed.issues.forEach((issue) => report(place, issue.path, issueMessage(issue)));
    const { manifest } = parsed;
    const namespace = manifest.metadata.namespace ?? defaultNamespace;
    addOnce(pipelines, `${KIND} ${namespace}/${manifest.metadata.name}`, { manifest, namespace, place });
  };

  const addContent = (kind: ContentKind, value: JsonObject, place: Place): void => {
    seen += 1;
    const { name, namespace = defaultNamespace } = isObject(value['metadata']) ? value['metadata'] : {};
    if (kind === 'Secret') return addSecret(`${kind} ${String(namespace)}/${String(name)}`, value, place);
    if (typeof name !== 'string' || name === '') return report(place, ['metadata', 'name'], 'is required (string)');
    if (typeof namespace !== 'string') return report(place, ['metadata', 'namespace'], 'must be of type string');
    const content = parseConfigMap(value);
    if (!content.ok) content.issues.forEach((issue) => report(place, issue.path, issue.message));
    addOnce(contents, `${kind} ${namespace}/${name}`, { content, place });
  };

  /** Secrets of others lie in the same folders, often encrypted: what no pipeline names may look as it likes. */
  const addSecret = (about: string, value: JsonObject, place: Place): void => {
    const first = contents.get(about);
    const issue = { path: ['metadata', 'name'], message: `is also in ${placeText(place)}; keep one of them` };
    contents.set(about, {
      place: first?.place ?? place,
      content: first === undefined ? parseSecret(value) : { ok: false, issues: [issue] },
    });
  };

  const addOnce = <T extends { place: Place }>(known: Map<string, T>, about: string, found: T): void => {
    const first = known.get(about);
    if (first === undefined) known.set(about, found);
    else report(found.place, ['metadata', 'name'], `${about} is also in ${placeText(first.place)}; keep one of them`);
  };

  return {
    add: (document, origin) => addResource(document, { origin, at: [] }),
    seen: () => seen,
    pipelines: () => [...pipelines.values()],
    content: (kind, namespace, name) => contents.get(`${kind} ${namespace}/${name}`),
    problems: () => [...problems],
  };
}

function placeText({ origin, at }: Place): string {
  return at.length === 0 ? originText(origin) : `${originText(origin)}, ${pathText(at)}`;
}

type JsonObject = Record<string, unknown>;

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
