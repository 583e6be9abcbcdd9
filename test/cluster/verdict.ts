import { isDeepStrictEqual } from 'node:util';
import { parseManifest } from '../../src/core/manifest.ts';
import type { ManifestSpec } from '../../src/core/manifest.ts';
import type { ApiAnswer, ApiClient } from '../control-plane/api-request.ts';
import type { Json } from './documents.ts';

/** What somebody says about a document; `fields` are sorted and written as Kubernetes writes them. */
export type Verdict =
  | { readonly kind: 'accepted'; readonly spec: unknown }
  | { readonly kind: 'refused'; readonly fields: readonly string[]; readonly message: string };

const PIPELINES = '/apis/ses-lambda-pipeline.dev/v1alpha1/namespaces/mail/seslambdapipelines';
const STRICT_DRY_RUN = '?dryRun=All&fieldValidation=Strict';

/** What the API server says about creating the document, without creating it. */
export async function verdictOnCreate(api: ApiClient, document: Json): Promise<Verdict> {
  return verdictOf(await api.request('POST', `${PIPELINES}${STRICT_DRY_RUN}`, document));
}

/** What the API server says about replacing the resource of this name by the document, without replacing it. */
export async function verdictOnUpdate(api: ApiClient, name: string, document: Json): Promise<Verdict> {
  return verdictOf(await api.request('PUT', `${PIPELINES}/${name}${STRICT_DRY_RUN}`, document));
}

/** What the check of files says. */
export function verdictOfParser(document: Json): Verdict {
  const parsed = parseManifest(document);
  if (parsed.ok) return { kind: 'accepted', spec: parsed.manifest.spec satisfies ManifestSpec };
  const fields = parsed.issues.map((issue) => asField(issue.path));
  return { kind: 'refused', fields: unique(fields), message: parsed.issues.map(({ message }) => message).join('; ') };
}

/** How two verdicts on a document differ; `undefined` when they are the same, the wording aside. */
export function disagreement(parser: Verdict, server: Verdict): string | undefined {
  if (parser.kind === 'accepted' && server.kind === 'accepted')
    return isDeepStrictEqual(parser.spec, server.spec)
      ? undefined
      : `the defaults differ: ${JSON.stringify(parser.spec)} is not ${JSON.stringify(server.spec)}`;
  if (parser.kind === 'refused' && server.kind === 'refused')
    return parser.fields.some((mine) => server.fields.some((theirs) => sameBranch(mine, theirs)))
      ? undefined
      : `refused for other fields: ${parser.fields.join(', ')} and ${server.fields.join(', ')}`;
  return `the parser ${said(parser)}, the API server ${said(server)}`;
}

/** A rule of the API server speaks of the whole list or map where the parser names the entry. */
const sameBranch = (a: string, b: string): boolean => a.startsWith(b) || b.startsWith(a);

const said = (verdict: Verdict): string =>
  verdict.kind === 'accepted' ? 'accepts it' : `refuses it (${verdict.fields.join(', ')}: ${verdict.message})`;

/**
 * Really creates the resource.
 * @returns its metadata as it is stored
 * @throws {Error} in the words of the API server when it is refused
 */
export async function store(api: ApiClient, document: Json): Promise<Json> {
  const { status, body } = await api.request('POST', `${PIPELINES}?fieldValidation=Strict`, document);
  const { metadata, message } = body as Answer;
  if (status !== 201 || metadata === undefined) throw new Error(`the API server answered ${status}: ${message}`);
  return metadata;
}

type Answer = {
  readonly metadata?: Json;
  readonly spec?: unknown;
  readonly message?: string;
  readonly details?: { readonly causes?: readonly { readonly field?: string }[] };
};

function verdictOf({ status, body }: ApiAnswer): Verdict {
  const { spec, message = '', details } = body as Answer;
  if (status === 200 || status === 201) return { kind: 'accepted', spec };
  if (status === 422) {
    const fields = (details?.causes ?? []).flatMap(({ field }) => (field === undefined ? [] : [plainField(field)]));
    return { kind: 'refused', fields: unique(fields), message };
  }
  if (status === 400) {
    const unknown = [...message.matchAll(/unknown field "([^"]+)"/g)].flatMap(([, field]) =>
      field === undefined ? [] : [field],
    );
    return { kind: 'refused', fields: unique(unknown), message };
  }
  throw new Error(`the API server answered ${status}, which is no verdict on a document: ${message}`);
}

/** The API server writes the entry of a map as `map[key]` or, where a CEL rule speaks, as `map.key`. */
const plainField = (field: string): string => field.replaceAll(/\[(\D[^\]]*)\]/g, '.$1');

const unique = (fields: readonly string[]): readonly string[] => [...new Set(fields)].sort();

const asField = (path: readonly (string | number)[]): string =>
  path.map((part, index) => (typeof part === 'number' ? `[${part}]` : index === 0 ? part : `.${part}`)).join('');
