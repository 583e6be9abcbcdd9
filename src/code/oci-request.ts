import { invalidSpec, PipelineError } from '../core/fault.ts';
import type { Login } from './docker-config.ts';

export type RegistryOptions = {
  /** Hosts that may be spoken to, with their port where it is not 443; whatever is not listed is never asked. */
  readonly registries: readonly string[];
  readonly fetch: (url: URL, init: RequestInit) => Promise<Response>;
};

/** One repository, for one pull: it asks for a token once. */
export type Repository = {
  /**
   * What is at a path below the repository.
   *
   * @throws {PipelineError} when it is not there, not allowed, elsewhere or longer than `mostBytes`
   */
  readonly get: (path: string, mostBytes: number, accept: string) => Promise<Uint8Array>;
};

const MAX_REDIRECTS = 3;
const MAX_TOKEN_BYTES = 64 * 1024;

/** How long a whole pull may take. */
const PULL_LIMIT_MS = 60_000;

/**
 * Speaks the distribution protocol over https, and over http with this machine alone. Redirects, and the place where a
 * token is asked for, have to be on the list as well: a registry cannot send us anywhere, nor a login to anybody.
 *
 * @see https://github.com/opencontainers/distribution-spec/blob/main/spec.md
 * @see https://distribution.github.io/distribution/spec/auth/token/
 */
export function openRepository(
  repository: string,
  login: Login | undefined,
  { registries, fetch }: RegistryOptions,
): Repository {
  const registry = repository.slice(0, repository.indexOf('/'));
  const name = repository.slice(registry.length + 1);
  const base = new URL(`${isLoopback(registry) ? 'http' : 'https'}://${registry}/v2/${name}/`);
  const signal = AbortSignal.timeout(PULL_LIMIT_MS);
  let authorization: string | undefined;

  const refuseUnlisted = (url: URL, why: string): void => {
    if (!registries.includes(url.host))
      throw invalidSpec(
        `${why} ${url.host}, which is not among the registries that may be asked; add it to the setting oci-registries.`,
      );
    const isPlain = url.protocol === 'http:' && isLoopback(url.host) && isLoopback(registry);
    if (url.protocol !== 'https:' && !isPlain)
      throw invalidSpec(`${why} ${url.host} without https; that is done on this machine alone.`);
  };

  const send = async (url: URL, headers: Readonly<Record<string, string>>): Promise<Response> => {
    try {
      // Asked for as it is, since its digest is taken.
      return await fetch(url, { headers: { ...headers, 'accept-encoding': 'identity' }, redirect: 'manual', signal });
    } catch (cause) {
      throw unavailable(url.host, signal.aborted ? `no answer within ${PULL_LIMIT_MS / 1000} s` : 'no answer', cause);
    }
  };

  const follow = async (start: URL, accept: string): Promise<Response> => {
    let url = start;
    for (let hops = 0; hops <= MAX_REDIRECTS; hops += 1) {
      refuseUnlisted(url, hops === 0 ? 'The code is at' : `Registry ${registry} sends on to`);
      // Where the storage of a registry is elsewhere, the address itself is the permission.
      const isOwn = url.host === base.host;
      const answer = await send(url, { accept, ...(isOwn && authorization !== undefined && { authorization }) });
      if (![301, 302, 303, 307, 308].includes(answer.status)) return answer;
      await answer.body?.cancel();
      const location = answer.headers.get('location') ?? '';
      if (!URL.canParse(location, url.href)) throw invalidSpec(`Registry ${registry} sends on to nowhere.`);
      url = new URL(location, url);
    }
    throw invalidSpec(`Registry ${registry} sends on more than ${MAX_REDIRECTS} times.`);
  };

  /** @returns undefined: there is nothing to try again with */
  const authorize = async (challenge: string): Promise<string | undefined> => {
    const basic = login && `Basic ${Buffer.from(`${login.username}:${login.password}`).toString('base64')}`;
    if (/^basic\b/i.test(challenge)) return basic;
    const realm = /\brealm="([^"]*)"/i.exec(challenge)?.[1] ?? '';
    if (!/^bearer\b/i.test(challenge) || !URL.canParse(realm)) return undefined;
    const url = new URL(realm);
    refuseUnlisted(url, `Registry ${registry} gives out tokens at`);
    const service = /\bservice="([^"]*)"/i.exec(challenge)?.[1];
    if (service !== undefined) url.searchParams.set('service', service);
    url.searchParams.set('scope', `repository:${name}:pull`);
    const answer = await send(url, { accept: 'application/json', ...(basic && { authorization: basic }) });
    if (!answer.ok) {
      await answer.body?.cancel();
      throw refusedBy(url.host, answer.status, 'a token');
    }
    const token = tokenIn(await bodyOf(answer, MAX_TOKEN_BYTES, `The token of ${url.host}`, signal));
    if (token === undefined) throw invalidSpec(`${url.host} answered without a token.`);
    return `Bearer ${token}`;
  };

  return {
    get: async (path, mostBytes, accept) => {
      const url = new URL(path, base);
      let answer = await follow(url, accept);
      if (answer.status === 401 && authorization === undefined) {
        await answer.body?.cancel();
        authorization = await authorize(answer.headers.get('www-authenticate') ?? '');
        if (authorization !== undefined) answer = await follow(url, accept);
      }
      if (answer.status === 200) return bodyOf(answer, mostBytes, `${path} of ${repository}`, signal);
      await answer.body?.cancel();
      throw refusedBy(registry, answer.status, `${path} of ${name}`);
    },
  };
}

export const isLoopback = (host: string): boolean => /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/i.test(host);

/** Stops reading as soon as it is too long: a body may have no end. */
async function bodyOf(answer: Response, mostBytes: number, about: string, signal: AbortSignal): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const chunk of answer.body ?? []) {
      bytes += chunk.byteLength;
      // Leaving the loop ends the connection.
      if (bytes > mostBytes) throw invalidSpec(`${about} is longer than the ${mostBytes} bytes that it may have.`);
      chunks.push(chunk);
    }
  } catch (cause) {
    if (cause instanceof PipelineError) throw cause;
    const host = new URL(answer.url).host;
    throw unavailable(host, signal.aborted ? `it took longer than ${PULL_LIMIT_MS / 1000} s` : 'it broke off', cause);
  }
  return Buffer.concat(chunks);
}

function tokenIn(body: Uint8Array): string | undefined {
  try {
    const { token, access_token: accessToken } = JSON.parse(Buffer.from(body).toString('utf8')) as Record<
      string,
      unknown
    >;
    const found = token ?? accessToken;
    // What is no token must not become a header of its own.
    return typeof found === 'string' && /^[\x21-\x7e]+$/.test(found) ? found : undefined;
  } catch {
    return undefined;
  }
}

function refusedBy(host: string, status: number, what: string): PipelineError {
  if (status === 401 || status === 403)
    return new PipelineError({
      class: 'denied',
      reason: 'AccessDenied',
      message: `Registry ${host} refuses ${what} (${status}). Name a Secret that may read it as function.code.ociRef.pullSecret`,
    });
  if (status === 404)
    return new PipelineError({
      class: 'dependency',
      reason: 'DependencyNotReady',
      message: `Registry ${host} has no ${what}. Push the artifact, or correct function.code.ociRef`,
    });
  if (status === 429 || status >= 500) return unavailable(host, `status ${status}`);
  return invalidSpec(`Registry ${host} answers ${status} for ${what}; correct function.code.ociRef.`);
}

function unavailable(host: string, why: string, cause?: unknown): PipelineError {
  const message = `Registry ${host} cannot be asked for the code: ${why}`;
  return new PipelineError({ class: 'transient', reason: 'RegistryUnavailable', message }, { cause });
}
