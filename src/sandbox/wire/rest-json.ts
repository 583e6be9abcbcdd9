/** A JSON answer as Lambda gives it. `undefined` members are left out; no body at all for `undefined`. */
export function jsonReply(
  status: number,
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
): { status: number; headers: Record<string, string>; body: string } {
  const body = value === undefined ? '' : JSON.stringify(value);
  return { status, headers: { 'content-type': 'application/json', ...headers }, body };
}

/**
 * An error as a REST JSON service gives it: the type in `x-amzn-errortype`, the text in the body.
 *
 * @see https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html#operation-error-serialization
 */
export function jsonError(error: {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly members?: Readonly<Record<string, string>>;
}): { status: number; headers: Record<string, string>; body: string } {
  const type = error.status < 500 ? 'User' : 'Service';
  const headers = { 'x-amzn-errortype': error.code };
  // Clients differ in the case they read; real Lambda sends both for its newer errors.
  return jsonReply(
    error.status,
    { Type: type, Message: error.message, message: error.message, ...error.members },
    headers,
  );
}

/** The members of a JSON body, none for an empty one; undefined when it is no JSON structure. */
export function jsonMembers(body: Buffer): Readonly<Record<string, unknown>> | undefined {
  try {
    const parsed: unknown = JSON.parse(body.length === 0 ? '{}' : body.toString('utf8'));
    const isStructure = typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed);
    return isStructure ? (parsed as Readonly<Record<string, unknown>>) : undefined;
  } catch {
    return undefined;
  }
}

/** What a path template caught: `/functions/{name}` on `/functions/a%2Fb` gives `{ name: 'a/b' }`. */
export type PathLabels = Readonly<Record<string, string>>;

/** The labels when `path` fits `template` (segment by segment, labels are decoded), else undefined. */
export function matchPath(template: string, path: string): PathLabels | undefined {
  const wanted = segments(template);
  const given = segments(path);
  if (wanted.length !== given.length) return undefined;
  const labels: Record<string, string> = {};
  for (const [index, segment] of wanted.entries()) {
    const actual = given[index] ?? '';
    if (segment.startsWith('{')) {
      const decoded = decode(actual);
      if (decoded === undefined || decoded === '') return undefined;
      labels[segment.slice(1, -1)] = decoded;
    } else if (segment !== actual) return undefined;
  }
  return labels;
}

function segments(path: string): readonly string[] {
  return path.replace(/^\//, '').replace(/\/$/, '').split('/');
}

function decode(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}
