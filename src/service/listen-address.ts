/** Where a server listens. An undefined host means every address of the machine, IPv4 and IPv6. */
export type ListenAddress = { readonly host: string | undefined; readonly port: number };

const ADDRESS = /^(\[[0-9a-fA-F:.]{2,45}\]|[A-Za-z0-9.-]{0,253}):(\d{1,5})$/;

/** Reads `:8080`, `127.0.0.1:8080` or `[::1]:8080`; port 0 takes a free one. Undefined when it is none of these. */
export function parseListenAddress(text: string): ListenAddress | undefined {
  const [, host = '', digits = ''] = ADDRESS.exec(text) ?? [];
  const port = Number(digits);
  if (digits === '' || port > 65_535) return undefined;
  return { host: host === '' ? undefined : host.replace(/^\[|\]$/g, ''), port };
}

/** The same, back as text. */
export function showListenAddress({ host, port }: ListenAddress): string {
  return `${host?.includes(':') === true ? `[${host}]` : (host ?? '')}:${port}`;
}
