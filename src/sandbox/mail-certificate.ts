import { generateKeyPairSync } from 'node:crypto';
import { certificate, distinguishedName } from './wire/x509.ts';

/** A private key and the certificate that goes with it, both as PEM. */
export type ServerCertificate = { readonly certificate: string; readonly key: string };

const YEAR_MS = 365 * 86_400_000;

/** A certificate for this machine's own names, signed by itself; a client that trusts it can verify the connection. */
export function selfSignedCertificate(nowMs: number): ServerCertificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const name = distinguishedName('ses-lambda-pipeline sandbox');
  return {
    certificate: certificate({
      serial: 0x100 + (Math.floor(nowMs / 1000) % 0x7e00), // a client that keeps the last one sees that it is another
      issuer: name,
      subject: name,
      subjectKey: publicKey,
      signingKey: privateKey,
      fromMs: nowMs - 86_400_000,
      untilMs: nowMs + YEAR_MS,
      serverNames: ['localhost', '127.0.0.1'],
    }),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}
