import { invalidSpec } from '../core/fault.ts';

/** Who asks a registry. */
export type Login = { readonly username: string; readonly password: string };

const KEY = '.dockerconfigjson';

/**
 * The login that a pull secret has for a repository: that of the longest entry which the repository is, or is below.
 *
 * @param about the secret, for people; nothing of what is in it is ever told
 * @throws {PipelineError} class `invalid`, when it is none, or has nothing for the registry
 * @see https://kubernetes.io/docs/concepts/containers/images/#config-json
 */
export function loginFor(repository: string, content: ReadonlyMap<string, Uint8Array>, about: string): Login {
  const bytes = content.get(KEY);
  if (bytes === undefined)
    throw invalidSpec(`${about} has no key ${KEY}; make it of type kubernetes.io/dockerconfigjson.`);
  const auths = entriesOf(parsed(bytes, about), 'auths');
  const [best] = auths
    .map(([name, entry]) => ({ place: placeOf(name), entry }))
    .filter(({ place }) => repository === place || repository.startsWith(`${place}/`))
    .sort((a, b) => b.place.length - a.place.length);
  if (best === undefined)
    throw invalidSpec(`${about} has no login for ${repository.split('/')[0]}; add one, or leave pullSecret out.`);
  const login = loginIn(best.entry);
  if (login === undefined)
    throw invalidSpec(`${about}: the login for ${best.place} has neither user name and password nor auth; add them.`);
  return login;
}

function parsed(bytes: Uint8Array, about: string): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    throw invalidSpec(`${about}: ${KEY} is not JSON; make it anew with kubectl create secret docker-registry.`);
  }
}

/** `https://ghcr.io/v2/` and `ghcr.io` are the same place. */
const placeOf = (name: string): string => name.replace(/^https?:\/\//, '').replace(/(\/v[12])?\/*$/, '');

function loginIn(entry: unknown): Login | undefined {
  const { username, password, auth } = Object.fromEntries(entriesOf({ entry }, 'entry'));
  if (typeof username === 'string' && typeof password === 'string') return { username, password };
  if (typeof auth !== 'string') return undefined;
  const text = Buffer.from(auth, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon < 1 ? undefined : { username: text.slice(0, colon), password: text.slice(colon + 1) };
}

function entriesOf(value: unknown, member: string): [string, unknown][] {
  const found: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, member) : undefined;
  return typeof found === 'object' && found !== null && !Array.isArray(found) ? Object.entries(found) : [];
}
