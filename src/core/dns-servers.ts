/** Whom to ask where mail is sent: addresses of DNS servers, with a port or without, or nobody. */
export type DnsServers = 'none' | readonly string[];

/** What may stand in a list of them, as `readDnsServers` takes it. */
export const DNS_SERVERS_ALLOWED = 'none, or IP addresses separated by commas, such as 1.1.1.1 or [::1]:5353';

/** Undefined for what is neither `none` nor a list of addresses. @see https://nodejs.org/api/dns.html#dnssetserversservers */
export function readDnsServers(text: string): DnsServers | undefined {
  if (text === 'none') return text;
  const servers = [...new Set(text.split(',').map((server) => server.trim()))];
  return servers.every(isServer) ? servers : undefined;
}

// By hand: zod has both checks, but every command reads this file, and few of them need zod at all.
const isV4 = (text: string): boolean => /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/.test(text);
const isV6 = (text: string): boolean => /^[\da-f:.]+$/i.test(text) && URL.canParse(`http://[${text}]`);
const isPort = (text: string): boolean => Number(text) >= 1 && Number(text) <= 65_535;

function isServer(text: string): boolean {
  if (isV4(text) || isV6(text)) return true;
  const [, v6, v4, port = '53'] = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d{1,5}))?$/.exec(text) ?? [];
  return isPort(port) && (v6 === undefined ? isV4(v4 ?? '') : isV6(v6));
}
