import { z } from 'zod';
import { DNS_SERVERS_ALLOWED, readDnsServers } from '../core/dns-servers.ts';
import { parseDurationMs } from '../core/duration.ts';
import { parseListenAddress } from './listen-address.ts';

/** What help and the reference say about a setting, beside its description and default. */
export type SettingMeta = {
  /** Stands for the value in `--flag <placeholder>`. */
  readonly placeholder: string;
  /** What is allowed, as it follows "must be". */
  readonly allowed: string;
  /** The variable, where it is not the flag's name. */
  readonly variable?: string;
  /** Means nothing without a cluster. */
  readonly kubernetesOnly?: true;
};

/** A setting from the text of its flag or variable; `read` gives undefined for what is not allowed. */
function fromText<Value>(meta: SettingMeta, read: (text: string) => Value | undefined) {
  return z
    .string()
    .transform((text, context): Value => {
      const value = read(text.trim());
      if (value !== undefined) return value;
      context.addIssue({ code: 'custom', message: `must be ${meta.allowed}` });
      return z.NEVER;
    })
    .meta(meta);
}

/** Written as `30s`, `10m`, `1h30m`; becomes milliseconds. */
export function duration(least: string, most: string) {
  const [leastMs = 0, mostMs = 0] = [parseDurationMs(least), parseDurationMs(most)];
  const allowed = `a duration from ${least} to ${most}, such as 30s, 10m or 1h30m`;
  return fromText({ placeholder: 'duration', allowed }, (text) => {
    const ms = parseDurationMs(text);
    return ms !== undefined && ms >= leastMs && ms <= mostMs ? ms : undefined;
  });
}

export function wholeNumber(least: number, most: number) {
  return fromText({ placeholder: 'number', allowed: `a whole number from ${least} to ${most}` }, (text) => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    return value >= least && value <= most ? value : undefined;
  });
}

export function decimal(least: number, most: number) {
  return fromText({ placeholder: 'number', allowed: `a number from ${least} to ${most}` }, (text) => {
    const value = /^\d{1,9}(\.\d{1,9})?$/.test(text) ? Number(text) : Number.NaN;
    return value >= least && value <= most ? value : undefined;
  });
}

export function onOrOff() {
  return fromText({ placeholder: 'boolean', allowed: 'true or false' }, (text) => BOOLEANS.get(text.toLowerCase()));
}

const BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['false', false],
]);

export function oneOf<const Choice extends string>(...choices: readonly Choice[]) {
  const allowed = `${choices.slice(0, -1).join(', ')} or ${choices.at(-1)}`;
  return fromText({ placeholder: choices.join('|'), allowed }, (text) => choices.find((choice) => choice === text));
}

/** Text of a form that a pattern or a function knows. */
export function textLike(meta: SettingMeta, isAllowed: (text: string) => boolean) {
  return fromText(meta, (text) => (isAllowed(text) ? text : undefined));
}

export function dnsServers() {
  return fromText({ placeholder: 'addresses', allowed: DNS_SERVERS_ALLOWED }, readDnsServers);
}

/** Separated by commas, or the flag given several times; each once. */
export function listOf(meta: SettingMeta, isAllowed: (text: string) => boolean) {
  return fromText(meta, (text): readonly string[] | undefined => {
    const items = text.split(',').map((item) => item.trim());
    return items.every(isAllowed) ? [...new Set(items)] : undefined;
  });
}

/** `undefined` inside the box means switched off. */
export function listenAddress() {
  const allowed = 'host:port, :port for every address of the machine, or off';
  return fromText({ placeholder: 'address', allowed }, (text) => {
    if (text === 'off') return { listen: undefined };
    const listen = parseListenAddress(text);
    return listen === undefined ? undefined : { listen };
  });
}
