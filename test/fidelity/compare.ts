import type { Memory, ScriptedCall, ServiceName } from './script.ts';

/** The clients of one of the two. */
export type Clients = Readonly<Record<ServiceName, { readonly send: (command: never) => Promise<unknown> }>>;

/** One thing in which two answers differ: `Roles.0.Path`, or `error` for its code. */
export type Difference = { readonly path: string; readonly sandbox: unknown; readonly moto: unknown };

/** How the two answered one call. */
export type Comparison = { readonly call: ScriptedCall; readonly differences: readonly Difference[] };

/** Runs the script against both, call by call. */
export async function compare(
  calls: readonly ScriptedCall[],
  sandbox: Clients,
  moto: Clients,
): Promise<readonly Comparison[]> {
  const memories: readonly [Memory, Memory] = [new Map(), new Map()];
  const comparisons: Comparison[] = [];
  for (const call of calls) {
    const ours = await answerTo(call, sandbox, memories[0]);
    const theirs = await answerTo(call, moto, memories[1]);
    comparisons.push({ call, differences: differencesOf(flat(ours), flat(theirs)) });
  }
  return comparisons;
}

async function answerTo(call: ScriptedCall, clients: Clients, memory: Memory): Promise<unknown> {
  try {
    const output = (await clients[call.service].send(call.command(memory) as never)) as object;
    call.remember(output, memory);
    return await plain(output);
  } catch (error) {
    const { name, Code, $metadata } = error as { name: string; Code?: string; $metadata?: { httpStatusCode?: number } };
    return { error: `${$metadata?.httpStatusCode} ${Code ?? name}` };
  }
}

/** What says nothing about behaviour: when, by whom, under which made-up id. */
const VOLATILE =
  /(^|\.)(\$metadata|.*Date|.*Time(stamp)?|LastModified|Initiated|RequestId|.*RevisionId|RoleId|PolicyId|UserId|AssumedRoleId|UploadId|VersionId|DeleteMarkerVersionId|CopySourceVersionId|VersionIdMarker|NextVersionIdMarker|NextMarker|NextContinuationToken|AccessKeyId|SecretAccessKey|SessionToken|Expiration|Location|ID|VerificationToken|RoleLastUsed.*)(\.|$)/;

async function plain(output: object): Promise<unknown> {
  const { Body } = output as { Body?: { transformToString?: () => Promise<string> } };
  const text = Body?.transformToString === undefined ? {} : { Body: await Body.transformToString() };
  return { ...output, ...text, $metadata: undefined };
}

function flat(value: unknown, path = ''): Map<string, unknown> {
  if (value instanceof Date) return new Map();
  if (typeof value !== 'object' || value === null) {
    return value === undefined || VOLATILE.test(path) ? new Map() : new Map([[path, policyText(value)]]);
  }
  return new Map(Object.entries(value).flatMap(([key, each]) => [...flat(each, path === '' ? key : `${path}.${key}`)]));
}

/** Policies are compared as documents: spaces and the order of members are nobody's promise. */
function policyText(value: unknown): unknown {
  if (typeof value !== 'string' || !/^(\{|%7B)/.test(value)) return value;
  return JSON.stringify(sorted(JSON.parse(value.startsWith('{') ? value : decodeURIComponent(value))));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, each]) => [key, sorted(each)] as const);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function differencesOf(sandbox: Map<string, unknown>, moto: Map<string, unknown>): readonly Difference[] {
  // Where one refuses and the other does not, the rest of the answer says nothing more.
  const refused = sandbox.has('error') || moto.has('error');
  const paths = refused ? ['error'] : new Set([...sandbox.keys(), ...moto.keys()]);
  return [...paths]
    .map((path) => ({ path, sandbox: sandbox.get(path), moto: moto.get(path) }))
    .filter((each) => each.sandbox !== each.moto);
}
