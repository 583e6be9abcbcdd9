import type { XMLParser } from 'fast-xml-parser';
import { xmlParser } from './packages.ts';

/** A tree that can be written as XML. `undefined` members are left out; a map becomes the entries of the query protocol. */
export type XmlValue =
  | string
  | number
  | boolean
  | undefined
  | readonly XmlValue[]
  | ReadonlyMap<string, XmlValue>
  | { readonly [name: string]: XmlValue };

/** How an array is written: `flattened` repeats the element (S3), `member` wraps the items (query protocol). */
export type ArrayStyle = 'flattened' | 'member';

/** A parsed XML element: text, or members. A repeated element is an array; `elements` reads either form. */
export type XmlNode = string | { readonly [name: string]: XmlNode | readonly XmlNode[] };

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

/** Text safe between tags and in attributes. Carriage returns are written as a reference, or a parser would lose them. */
function escapeXml(text: string): string {
  return text
    .replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? character)
    .replaceAll('\r', '&#xD;')
    .replaceAll(NOT_XML, '\u{FFFD}');
}

// XML 1.0 has no way to write these, not even as a reference.
// oxlint-disable-next-line no-control-regex -- control characters are the very thing looked for
const NOT_XML = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/g;

/** One element and all below it. */
export function toXml(name: string, value: XmlValue, arrays: ArrayStyle): string {
  if (value === undefined) return '';
  if (isList(value)) {
    if (arrays === 'flattened') return value.map((item) => toXml(name, item, arrays)).join('');
    return `<${name}>${value.map((item) => toXml('member', item, arrays)).join('')}</${name}>`;
  }
  if (isMap(value))
    return `<${name}>${[...value].map(([key, each]) => entryToXml(key, each, arrays)).join('')}</${name}>`;
  if (isMembers(value)) return `<${name}>${membersToXml(value, arrays)}</${name}>`;
  return `<${name}>${escapeXml(String(value))}</${name}>`;
}

const entryToXml = (key: string, value: XmlValue, arrays: ArrayStyle): string => toXml('entry', { key, value }, arrays);

/** The members of an object, without an element around them. */
function membersToXml(members: Readonly<Record<string, XmlValue>>, arrays: ArrayStyle): string {
  return Object.entries(members)
    .map(([name, value]) => toXml(name, value, arrays))
    .join('');
}

/** A whole document: the root carries the namespace its service's clients expect. */
export function xmlDocument(
  root: string,
  namespace: string,
  members: Readonly<Record<string, XmlValue>>,
  arrays: ArrayStyle,
): string {
  const attribute = namespace === '' ? '' : ` xmlns="${escapeXml(namespace)}"`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${root}${attribute}>${membersToXml(members, arrays)}</${root}>`;
}

let parser: XMLParser | undefined;

function createParser(): XMLParser {
  return new (xmlParser().XMLParser)({
    ignoreAttributes: true,
    ignoreDeclaration: true,
    parseTagValue: false,
    trimValues: false,
    // The parser leaves numeric references alone, which SDKs send for line breaks: they are decoded here instead.
    processEntities: false,
  });
}

/**
 * The content of the root element, or undefined when `text` is not XML or has another root. Values stay strings. A
 * document with a DOCTYPE is refused: no AWS client sends one, and entities are how XML is abused.
 */
export function parseXml(text: string, root: string): XmlNode | undefined {
  const found = text.includes('<!DOCTYPE') ? undefined : parsed(text)?.[root];
  return found === undefined ? undefined : valueOf(found);
}

function parsed(text: string): Readonly<Record<string, XmlNode | undefined>> | undefined {
  if (xmlParser().XMLValidator.validate(text) !== true) return undefined;
  try {
    parser ??= createParser();
    return parser.parse(text) as Record<string, XmlNode>;
  } catch {
    // The parser throws on names such as `__proto__`.
    return undefined;
  }
}

/** Text between elements is indentation; text alone is a value and keeps its spaces. */
function valueOf(node: XmlNode): XmlNode {
  if (typeof node === 'string') return decodeReferences(node);
  const members = Object.entries(node).filter(([name]) => name !== '#text');
  return Object.fromEntries(
    members.map(([name, value]) => [name, isNodes(value) ? value.map(valueOf) : valueOf(value)]),
  );
}

function decodeReferences(text: string): string {
  return text.replaceAll(
    /&(?:#x([0-9a-fA-F]{1,6})|#(\d{1,7})|(amp|lt|gt|quot|apos));/g,
    (reference, hex, decimal, name) => {
      if (name !== undefined) return NAMED[name] ?? reference;
      const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
      return code <= 0x10ffff ? String.fromCodePoint(code) : reference;
    },
  );
}

const NAMED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** All elements of that name directly below `node`; none when it is absent or text. */
export function elements(node: XmlNode | undefined, name: string): readonly XmlNode[] {
  if (node === undefined || typeof node === 'string') return [];
  const found = node[name];
  if (found === undefined) return [];
  return isNodes(found) ? found : [found];
}

/** The first element along a path of names. */
export function element(node: XmlNode | undefined, ...path: readonly string[]): XmlNode | undefined {
  return path.reduce<XmlNode | undefined>((current, name) => elements(current, name)[0], node);
}

/** The text of the element at a path; undefined when it is absent or has members. */
export function textAt(node: XmlNode | undefined, ...path: readonly string[]): string | undefined {
  const found = element(node, ...path);
  return typeof found === 'string' ? found : undefined;
}

function isList(value: XmlValue): value is readonly XmlValue[] {
  return Array.isArray(value);
}

function isMap(value: XmlValue): value is ReadonlyMap<string, XmlValue> {
  return value instanceof Map;
}

function isMembers(value: XmlValue): value is { readonly [name: string]: XmlValue } {
  return typeof value === 'object' && !Array.isArray(value);
}

function isNodes(value: XmlNode | readonly XmlNode[]): value is readonly XmlNode[] {
  return Array.isArray(value);
}
