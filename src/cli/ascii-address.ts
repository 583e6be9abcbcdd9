import { domainToASCII } from 'node:url';

/** An address with its domain as SES and DNS know it: `user@xn--bcher-kva.example` for `user@bücher.example`. */
export function asciiAddress(address: string): string {
  const at = address.lastIndexOf('@') + 1;
  const domain = address.slice(at);
  return address.slice(0, at) + (domainToASCII(domain) || domain);
}
