import { sign, type KeyObject } from 'node:crypto';

/** What a certificate says, and who signs it. */
export type CertificateContent = {
  /** 0x100 to 0x7fff. */
  readonly serial: number;
  readonly issuer: Buffer;
  readonly subject: Buffer;
  readonly subjectKey: KeyObject;
  /** P-256. */
  readonly signingKey: KeyObject;
  readonly fromMs: number;
  /** Before 2050. */
  readonly untilMs: number;
  /** Names and IPv4 addresses that a server goes by. */
  readonly serverNames?: readonly string[];
};

/**
 * A certificate as PEM. Node makes keys and signatures but no certificates, hence the few lines of DER.
 * @see https://datatracker.ietf.org/doc/html/rfc5280#section-4.1
 */
export function certificate(content: CertificateContent): string {
  const signed = sequence(
    ...(content.serverNames === undefined ? [] : [VERSION_3]),
    integer(content.serial),
    ECDSA_WITH_SHA256,
    content.issuer,
    sequence(utcTime(content.fromMs), utcTime(content.untilMs)),
    content.subject,
    content.subjectKey.export({ type: 'spki', format: 'der' }),
    ...(content.serverNames === undefined ? [] : [der(0xa3, sequence(alternativeNames(content.serverNames)))]),
  );
  return pem('CERTIFICATE', sequence(signed, ECDSA_WITH_SHA256, bitString(sign('sha256', signed, content.signingKey))));
}

/** The name of a certificate's subject or issuer. */
export function distinguishedName(commonName: string, organizations: readonly string[] = []): Buffer {
  const part = (kind: Buffer, value: string): Buffer => der(0x31, sequence(kind, utf8(value)));
  return sequence(...organizations.map((value) => part(ORGANIZATION, value)), part(COMMON_NAME, commonName));
}

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

/** Only version 3 has extensions. */
const VERSION_3 = der(0xa0, der(0x02, Buffer.from([2])));
const ECDSA_WITH_SHA256 = sequence(der(0x06, Buffer.from('2a8648ce3d040302', 'hex')));
const COMMON_NAME = der(0x06, Buffer.from('550403', 'hex'));
const ORGANIZATION = der(0x06, Buffer.from('55040a', 'hex'));
const SUBJECT_ALTERNATIVE_NAME = der(0x06, Buffer.from('551d11', 'hex'));

/** https://datatracker.ietf.org/doc/html/rfc5280#section-4.2.1.6 */
function alternativeNames(names: readonly string[]): Buffer {
  const parts = names.map((name) =>
    /^\d+(?:\.\d+){3}$/.test(name) ? der(0x87, Buffer.from(name.split('.').map(Number))) : der(0x82, Buffer.from(name)),
  );
  return sequence(SUBJECT_ALTERNATIVE_NAME, der(0x04, sequence(...parts)));
}

function pem(label: string, bytes: Buffer): string {
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
}
