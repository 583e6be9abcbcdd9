import { generateKeyPairSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { certificate, distinguishedName } from '../../src/sandbox/wire/x509.ts';

/** A private key and the certificate that goes with it, both as PEM. */
export type Credential = { readonly certificate: string; readonly key: string };

/** Who may sign in: certificates of this authority name a user and his groups. */
export type Authority = {
  readonly certificate: string;
  /** A credential of a user, good for a day. */
  issue(user: string, groups: readonly string[]): Credential;
};

/**
 * An authority for the client certificates that Kubernetes takes a user (CN) and his groups (O) from.
 *
 * @see https://kubernetes.io/docs/reference/access-authn-authz/authentication/#x509-client-certificates
 */
export function createAuthority(nowMs: number = Date.now()): Authority {
  const own = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const issuer = distinguishedName('test clients');
  let lastSerial = 0xff;
  const certify = (subject: Buffer, subjectKey: KeyObject): string => {
    lastSerial += 1;
    const period = { fromMs: nowMs - DAY_MS, untilMs: nowMs + DAY_MS };
    return certificate({ serial: lastSerial, issuer, subject, subjectKey, signingKey: own.privateKey, ...period });
  };

  return {
    certificate: certify(issuer, own.publicKey),
    issue: (user, groups) => {
      const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      return {
        certificate: certify(distinguishedName(user, groups), publicKey),
        key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      };
    },
  };
}

const DAY_MS = 86_400_000;
