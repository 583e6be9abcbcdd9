import type { Clock, Dns, MailIdentities, MxAnswer, Ports, Verification } from '../core/ports.ts';

/** What SES and DNS have said about the way of mail to one place, shared by all pipelines in it. */
export type MailRoutingLooks = {
  /** Answers from `asOfMs` or later; where nobody answers, the last one there was. */
  readonly planning: (asOfMs: number) => Pick<Ports, 'mailIdentities' | 'dns'>;
};

export type MailRoutingLooksOptions = {
  readonly ports: Pick<Ports, 'mailIdentities' | 'dns'>;
  readonly clock: Pick<Clock, 'now'>;
};

/** What has failed is asked again after so long: until then nobody waits for it, in the lane or for DNS. */
const AFTER_FAILURE_MS = 5 * 60_000;

const FORGOTTEN_AFTER_MS = 24 * 60 * 60_000;

/**
 * Every call to SES takes a second of the lane, so what one pipeline has asked for all know. What is not known is asked
 * for at once, which is when a recipient is new; what has grown old is asked for together, all names in one call.
 */
export function createMailRoutingLooks({ ports, clock }: MailRoutingLooksOptions): MailRoutingLooks {
  const identities = rememberedIdentities(ports.mailIdentities, clock);
  const dns = rememberedMx(ports.dns, clock);
  return { planning: (asOfMs) => ({ mailIdentities: identities(asOfMs), dns: dns(asOfMs) }) };
}

type States = ReadonlyMap<string, Verification | undefined>;

function rememberedIdentities(ports: MailIdentities, clock: Pick<Clock, 'now'>) {
  let failed: { readonly atMs: number; readonly error: unknown } | undefined;
  let takenAtMs = Number.NEGATIVE_INFINITY;
  let states: States = new Map();
  /** Names that were wanted since the last look at all: the next one asks for no others. */
  let wanted = new Set<string>();
  let listed: { readonly atMs: number; readonly domains: readonly string[] } | undefined;
  let turn: Promise<unknown> = Promise.resolve();

  /** One after the other: who comes second finds what the first has asked for. */
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const done = turn.then(work);
    turn = done.catch(() => {});
    return done;
  };

  const call = async <T>(asOfMs: number, send: () => Promise<T>): Promise<T> => {
    const isFresh = failed !== undefined && failed.atMs >= asOfMs && clock.now() < failed.atMs + AFTER_FAILURE_MS;
    if (isFresh) throw failed?.error;
    try {
      const answer = await send();
      failed = undefined;
      return answer;
    } catch (error) {
      failed = { atMs: clock.now(), error };
      throw error;
    }
  };

  const ask = async (names: readonly string[]): Promise<States> => {
    const found = await ports.verification(names);
    return new Map(names.map((name) => [name, found.get(name)]));
  };

  const verification = async (names: readonly string[], asOfMs: number): Promise<ReadonlyMap<string, Verification>> => {
    const startedAtMs = clock.now();
    const old = takenAtMs < asOfMs;
    const all = old ? [...new Set([...wanted, ...names])].sort() : names.filter((name) => !states.has(name));
    for (const name of names) wanted.add(name);
    const isKnown = names.every((name) => states.has(name));
    if (all.length > 0)
      try {
        const answered = await call(asOfMs, () => ask(all));
        if (old) {
          takenAtMs = startedAtMs;
          wanted = new Set(names);
        }
        states = old ? answered : new Map([...states, ...answered]);
      } catch (error) {
        if (!isKnown) throw error;
      }
    return new Map(names.flatMap((name) => presentIn(states, name)));
  };

  const domains = async (asOfMs: number): Promise<readonly string[]> => {
    if (listed !== undefined && listed.atMs >= asOfMs) return listed.domains;
    const atMs = clock.now();
    try {
      listed = { atMs, domains: await call(asOfMs, () => ports.domains()) };
    } catch (error) {
      if (listed === undefined) throw error;
    }
    return listed.domains;
  };

  return (asOfMs: number): MailIdentities => ({
    verification: (names) => inTurn(() => verification(names, asOfMs)),
    domains: () => inTurn(() => domains(asOfMs)),
  });
}

function presentIn(states: States, name: string): [string, Verification][] {
  const state = states.get(name);
  return state === undefined ? [] : [[name, state]];
}

function rememberedMx(ports: Dns, clock: Pick<Clock, 'now'>) {
  const known = new Map<string, { readonly atMs: number; readonly untilMs: number; readonly answer: MxAnswer }>();
  const asked = new Map<string, Promise<MxAnswer>>();

  const ask = async (domain: string): Promise<MxAnswer> => {
    const atMs = clock.now();
    const answer = await ports.mx(domain);
    const answered = answer.kind !== 'unanswered';
    const kept = answered ? answer : (known.get(domain)?.answer ?? answer);
    known.set(domain, { atMs, untilMs: answered ? Number.POSITIVE_INFINITY : atMs + AFTER_FAILURE_MS, answer: kept });
    for (const [name, entry] of known) if (entry.atMs < atMs - FORGOTTEN_AFTER_MS) known.delete(name);
    return kept;
  };

  return (asOfMs: number): Dns => ({
    mx: async (domain) => {
      const before = known.get(domain);
      if (before !== undefined && before.atMs >= asOfMs && clock.now() < before.untilMs) return before.answer;
      const answer = asked.get(domain) ?? ask(domain).finally(() => asked.delete(domain));
      asked.set(domain, answer);
      return answer;
    },
  });
}
