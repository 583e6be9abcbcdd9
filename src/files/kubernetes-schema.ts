import { defineMappingTag, defineScalarTag, defineSequenceTag, mapTag, NOT_RESOLVED, Schema, seqTag } from 'js-yaml';

const TAG = 'tag:yaml.org,2002:';
const NULLS = new Set(['', '~', 'null', 'Null', 'NULL']);
const TRUES = new Set(['y', 'Y', 'yes', 'Yes', 'YES', 'true', 'True', 'TRUE', 'on', 'On', 'ON']);
const FALSES = new Set(['n', 'N', 'no', 'No', 'NO', 'false', 'False', 'FALSE', 'off', 'Off', 'OFF']);
const INFINITIES = /^[+-]?\.(inf|Inf|INF)$/;
const NANS = /^\.(nan|NaN|NAN)$/;
const RADIXES: readonly (readonly [RegExp, number])[] = [
  [/^([+-]?)0[xX]([0-9a-fA-F]+)$/, 16],
  [/^([+-]?)0[oO]([0-7]+)$/, 8],
  [/^([+-]?)0[bB]([01]+)$/, 2],
  [/^([+-]?)0([0-7]+)$/, 8],
];
const DECIMAL = /^[+-]?\d+$/;
const FLOAT = /^[+-]?(\.\d+|\d+(\.\d*)?)([eE][+-]?\d+)?$/;

const nothing = defineScalarTag(`${TAG}null`, {
  implicit: true,
  resolve: (text) => (NULLS.has(text) ? null : NOT_RESOLVED),
  identify: (value) => value === null,
});

const bool = defineScalarTag(`${TAG}bool`, {
  implicit: true,
  resolve: (text) => TRUES.has(text) || (FALSES.has(text) ? false : NOT_RESOLVED),
  identify: (value) => typeof value === 'boolean',
});

const int = defineScalarTag(`${TAG}int`, {
  implicit: true,
  resolve: (text) => integerOf(text) ?? NOT_RESOLVED,
  identify: Number.isInteger,
});

const float = defineScalarTag(`${TAG}float`, {
  implicit: true,
  resolve: (text) => integerOf(text) ?? floatOf(text) ?? NOT_RESOLVED,
  identify: (value) => typeof value === 'number',
});

const text = defineScalarTag(`${TAG}str`, { resolve: (text) => text, identify: (value) => typeof value === 'string' });

/** A date stays the text it is: JSON has no dates. */
const timestamp = defineScalarTag(`${TAG}timestamp`, { resolve: (text) => text, identify: () => false });

const binary = defineScalarTag(`${TAG}binary`, {
  resolve: (text) => Buffer.from(text, 'base64').toString('utf8'),
  identify: () => false,
});

/** Tags that nobody knows are passed over. */
const unknownScalar = defineScalarTag('', { matchByTagPrefix: true, resolve: (text) => text, identify: () => false });
const unknownSequence = defineSequenceTag('', { ...seqTag, matchByTagPrefix: true });

const mapping = {
  ...mapTag,
  addPair: (carrier: Record<string, unknown>, key: unknown, value: unknown): string =>
    key === null ? 'a key may not be null' : mapTag.addPair(carrier, key, value),
};
const map = defineMappingTag(`${TAG}map`, mapping);
const unknownMapping = defineMappingTag('', { ...mapping, matchByTagPrefix: true });

/**
 * YAML as kubectl reads it: YAML 1.1 booleans (`yes`, `on`, `y`), octals as `0644` and `0o644`, underscores in
 * numbers, no base 60, dates as text; every key becomes a string. Merge keys (`<<`) are left to the reader. Unlike kubectl's parser, and like the
 * API server's strict validation, it refuses a key that stands twice.
 *
 * @see https://github.com/kubernetes-sigs/yaml
 */
export const KUBERNETES_SCHEMA = new Schema([
  text,
  seqTag,
  map,
  nothing,
  bool,
  int,
  float,
  timestamp,
  binary,
  unknownScalar,
  unknownSequence,
  unknownMapping,
]);

function integerOf(text: string): number | undefined {
  const digits = numeral(text);
  if (digits === undefined) return undefined;
  for (const [pattern, radix] of RADIXES) {
    const match = pattern.exec(digits);
    if (match !== null) return (match[1] === '-' ? -1 : 1) * Number.parseInt(match[2] ?? '', radix) + 0;
  }
  return DECIMAL.test(digits) ? Number(digits) + 0 : undefined;
}

function floatOf(text: string): number | undefined {
  if (INFINITIES.test(text)) return text.startsWith('-') ? -Infinity : Infinity;
  if (NANS.test(text)) return Number.NaN;
  const digits = numeral(text);
  if (digits === undefined || !FLOAT.test(digits)) return undefined;
  const value = Number(digits);
  return Number.isFinite(value) ? value + 0 : undefined;
}

/** The text without the underscores that numbers may hold, if it begins as a number does. */
function numeral(text: string): string | undefined {
  return /^([0-9+-]|\.[0-9])/.test(text) ? text.replaceAll('_', '') : undefined;
}
