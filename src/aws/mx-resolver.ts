import { Resolver } from 'node:dns/promises';
import type { Dns, MxAnswer } from '../core/ports.ts';

export type MxResolverOptions = {
  /** Addresses of DNS servers, with a port or without; none: those of this machine. */
  readonly servers?: readonly string[];
  /** Default 3 s, after which a question counts as unanswered. */
  readonly timeoutMs?: number;
};

const TIMEOUT_MS = 3_000;
const AT_ONCE = 5;

/** Asks nobody. */
export const NO_DNS: Dns = { mx: () => Promise.resolve({ kind: 'not-asked' }) };

/**
 * MX records by DNS, five questions at once. A question is asked once and answered within its time: the resolver's own
 * limit is for each of its tries.
 * @see https://nodejs.org/api/dns.html#class-dnspromisesresolver
 */
export function mxResolver({ servers = [], timeoutMs = TIMEOUT_MS }: MxResolverOptions = {}): Dns {
  const waiting: (() => void)[] = [];
  let asking = 0;

  const ask = async (domain: string): Promise<MxAnswer> => {
    const resolver = new Resolver({ timeout: timeoutMs, tries: 1 });
    if (servers.length > 0) resolver.setServers(servers);
    const timer = setTimeout(() => resolver.cancel(), timeoutMs);
    try {
      const records = await resolver.resolveMx(domain);
      return {
        kind: 'records',
        records: records.map(({ exchange, priority }) => ({ exchange, preference: priority })),
      };
    } catch (error) {
      return answerOf(error);
    } finally {
      clearTimeout(timer);
    }
  };

  return {
    mx: async (domain) => {
      if (asking >= AT_ONCE) await new Promise<void>((resolve) => waiting.push(resolve));
      else asking += 1;
      try {
        return await ask(domain);
      } finally {
        // The place goes to the next in line, or is free.
        const next = waiting.shift();
        if (next === undefined) asking -= 1;
        else next();
      }
    },
  };
}

/** @see https://nodejs.org/api/dns.html#error-codes */
function answerOf(error: unknown): MxAnswer {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENODATA') return { kind: 'records', records: [] };
  if (code === 'ENOTFOUND') return { kind: 'no-such-domain' };
  return { kind: 'unanswered' };
}
