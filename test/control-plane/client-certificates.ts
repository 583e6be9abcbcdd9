import { generateKeyPairSync, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

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
 * Node makes keys and signatures but no certificates, hence the few lines of DER.
 * @see https://kubernetes.io/docs/reference/access-authn-authz/authentication/#x509-client-certificates
 */
export function createAuthority(nowMs: number = Date.now()): Authority {
  const own = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const name = distinguishedName('test clients', []);
  const certify = (subject: Buffer, subjectKey: KeyObject, serial: number): string => {
    const validity = sequence(utcTime(nowMs - DAY_MS), utcTime(nowMs + DAY_MS));
    const publicKey = subjectKey.export({ type: 'spki', format: 'der' });
    const content = sequence(integer(serial), ECDSA_WITH_SHA256, name, validity, subject, publicKey);
    const signature = sign('sha256', content, own.privateKey);
    return pem('CERTIFICATE', sequence(content, ECDSA_WITH_SHA256, bitString(signature)));
  };

  let lastSerial = 0x100;
  return {
    certificate: certify(name, own.publicKey, lastSerial),
    issue: (user, groups) => {
      const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      lastSerial += 1;
      return {
        certificate: certify(distinguishedName(user, groups), publicKey, lastSerial),
        key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      };
    },
  };
}

const DAY_MS = 86_400_000;

/** One DER value: its tag, the length of its content in as few bytes as possible, its content. */
function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), content]);
  if (length < 0x100) return Buffer.concat([Buffer.from([tag, 0x81, length]), content]);
  return Buffer.concat([Buffer.from([tag, 0x82, length >> 8, length & 0xff]), content]);
}

const sequence = (...parts: readonly Uint8Array[]): Buffer => der(0x30, ...parts);
/** A number of two bytes; DER allows no leading zeros. @param value 0x100 to 0x7fff */
const integer = (value: number): Buffer => der(0x02, Buffer.from([value >> 8, value & 0xff]));
const bitString = (bytes: Uint8Array): Buffer => der(0x03, Buffer.from([0]), bytes);
const utf8 = (text: string): Buffer => der(0x0c, Buffer.from(text));
const utcTime = (atMs: number): Buffer =>
  der(0x17, Buffer.from(`${new Date(atMs).toISOString().slice(2, 19).replaceAll(/[-T:]/g, '')}Z`));

const ECDSA_WITH_SHA256 = sequence(der(0x06, Buffer.from('2a8648ce3d040302', 'hex')));
const COMMON_NAME = der(0x06, Buffer.from('550403', 'hex'));
const ORGANIZATION = der(0x06, Buffer.from('55040a', 'hex'));

function distinguishedName(commonName: string, organizations: readonly string[]): Buffer {
  const part = (kind: Buffer, value: string): Buffer => der(0x31, sequence(kind, utf8(value)));
  return sequence(...organizations.map((value) => part(ORGANIZATION, value)), part(COMMON_NAME, commonName));
}

function pem(label: string, bytes: Buffer): string {
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
}
