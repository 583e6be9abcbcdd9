/** The files of a ConfigMap, or what is wrong with it. */
export type ParsedConfigMap =
  | { readonly ok: true; readonly files: ReadonlyMap<string, Uint8Array> }
  | { readonly ok: false; readonly issues: readonly ConfigMapIssue[] };

type ConfigMapIssue = { readonly path: readonly string[]; readonly message: string };

const KEY = /^[-._a-zA-Z0-9]{1,253}$/;
const BASE64 = /^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/**
 * Reads `data` and `binaryData` with the rules of the API server.
 *
 * @see https://kubernetes.io/docs/concepts/configuration/configmap/
 */
export function parseConfigMap(document: object): ParsedConfigMap {
  const files = new Map<string, Uint8Array>();
  const issues: ConfigMapIssue[] = [];
  for (const member of ['data', 'binaryData'] as const)
    for (const [key, value] of entriesOf(document, member, issues)) {
      const content = contentOf(member, value);
      if (!KEY.test(key))
        issues.push({ path: [member, key], message: 'a key may hold letters, digits, - _ and . only' });
      else if (files.has(key))
        issues.push({ path: [member, key], message: 'stands in data and in binaryData; keep one' });
      else if (content === undefined) issues.push({ path: [member, key], message: WRONG_CONTENT[member] });
      else files.set(key, content);
    }
  return issues.length === 0 ? { ok: true, files } : { ok: false, issues };
}

const WRONG_CONTENT = {
  data: 'must be text; put it in quotes',
  binaryData: 'must be text in base64',
} as const;

function entriesOf(document: object, member: string, issues: ConfigMapIssue[]): [string, unknown][] {
  const value: unknown = Object.hasOwn(document, member) ? Reflect.get(document, member) : undefined;
  if (value === undefined || value === null) return [];
  if (typeof value === 'object' && !Array.isArray(value)) return Object.entries(value);
  issues.push({ path: [member], message: 'must be a map from file name to text' });
  return [];
}

function contentOf(member: 'data' | 'binaryData', value: unknown): Uint8Array | undefined {
  if (typeof value !== 'string') return undefined;
  if (member === 'data') return Buffer.from(value, 'utf8');
  const base64 = value.replaceAll(/\s/g, '');
  return BASE64.test(base64) ? Buffer.from(base64, 'base64') : undefined;
}
