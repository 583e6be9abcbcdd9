/** The entries of a ConfigMap or Secret, or what is wrong with it. No issue quotes a value. */
export type ParsedContent =
  | { readonly ok: true; readonly files: ReadonlyMap<string, Uint8Array> }
  | { readonly ok: false; readonly issues: readonly ContentIssue[] };

type ContentIssue = { readonly path: readonly string[]; readonly message: string };

const KEY = /^[-._a-zA-Z0-9]{1,253}$/;
const BASE64 = /^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

type Encoding = 'text' | 'base64';

const WRONG_CONTENT = {
  text: 'must be text; put it in quotes',
  base64: 'must be text in base64',
} as const;

/**
 * Reads members of an object that map keys to content, with the rules of the API server.
 *
 * @param repeated what a key means that stands in several members: a mistake, or the last one counts
 */
export function parseContent(
  document: object,
  members: Readonly<Record<string, Encoding>>,
  repeated: 'refused' | 'replaced',
): ParsedContent {
  const files = new Map<string, Uint8Array>();
  const issues: ContentIssue[] = [];
  for (const [member, encoding] of Object.entries(members))
    for (const [key, value] of entriesOf(document, member, issues)) {
      const content = contentOf(encoding, value);
      if (!KEY.test(key))
        issues.push({ path: [member, key], message: 'a key may hold letters, digits, - _ and . only' });
      else if (files.has(key) && repeated === 'refused')
        issues.push({ path: [member, key], message: `stands in ${Object.keys(members).join(' and in ')}; keep one` });
      else if (content === undefined) issues.push({ path: [member, key], message: WRONG_CONTENT[encoding] });
      else files.set(key, content);
    }
  return issues.length === 0 ? { ok: true, files } : { ok: false, issues };
}

function entriesOf(document: object, member: string, issues: ContentIssue[]): [string, unknown][] {
  const value: unknown = Object.hasOwn(document, member) ? Reflect.get(document, member) : undefined;
  if (value === undefined || value === null) return [];
  if (typeof value === 'object' && !Array.isArray(value)) return Object.entries(value);
  issues.push({ path: [member], message: 'must be a map from file name to text' });
  return [];
}

function contentOf(encoding: Encoding, value: unknown): Uint8Array | undefined {
  if (typeof value !== 'string') return undefined;
  if (encoding === 'text') return Buffer.from(value, 'utf8');
  const base64 = value.replaceAll(/\s/g, '');
  return BASE64.test(base64) ? Buffer.from(base64, 'base64') : undefined;
}
