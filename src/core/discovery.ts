import { bucketLogicalId, type PipelineIdentity } from './names.ts';

/** One bucket as a function discovers it: what Sparta's `Discover()` told, and the folders that bodies may lie in. */
export type DiscoveredBucket = {
  readonly DomainName: string;
  readonly Ref: string;
  readonly Tags: readonly { readonly Key: string; readonly Value: string }[];
  readonly Type: 'AWS::S3::Bucket';
  readonly WebsiteURL: string;
  /** Prefixes of the keys, the current one first; absent where every key is just the message id. */
  readonly ObjectKeyPrefixes?: readonly string[];
  /** The prefix before the last change: mail that came earlier lies there. */
  readonly PreviousObjectKeyPrefix?: string;
};

/** Logical id → bucket, and `handlerFunc`. */
export type Discovery = Readonly<Record<string, DiscoveredBucket | string>>;

/** Names that discovery and the log level have in the function's environment. */
export const DISCOVERY_VARIABLE = 'SES_LAMBDA_PIPELINE_DISCOVERY';
export const LOG_LEVEL_VARIABLE = 'SES_LAMBDA_PIPELINE_LOG_LEVEL';

export const LOGICAL_NAME_TAG = 'sparta:logicalBucketName';

export type DiscoveryInput = {
  readonly identity: PipelineIdentity;
  readonly bucketName: string;
  /** Undefined for an existing bucket. */
  readonly logicalName: string | undefined;
  /** Undefined for an image. */
  readonly handler: string | undefined;
  /** The pipeline's prefix first, then those of single rules. */
  readonly objectKeyPrefixes: readonly string[];
  /** What the live function discovers now; keeps the previous prefix known. */
  readonly live: Discovery | undefined;
  /** Prefixes under which live rules store: they stay known until the rules have changed. */
  readonly storedUnder?: readonly string[];
};

/** What the function of a pipeline discovers at run time. */
export function discoveryOf(input: DiscoveryInput): Discovery {
  const { identity, bucketName, logicalName, handler } = input;
  const key = bucketLogicalId(logicalName ?? bucketName);
  const current = input.objectKeyPrefixes[0] ?? '';
  const previous = previousPrefix(input.live?.[key], current);
  const prefixes = [
    ...new Set([
      ...input.objectKeyPrefixes,
      ...(previous === undefined ? [] : [previous]),
      ...keptPrefixes(input.live?.[key], input),
    ]),
  ];
  const bucket: DiscoveredBucket = {
    DomainName: bucketDomainName(identity, bucketName),
    Ref: bucketName,
    Tags: logicalName === undefined ? [] : [{ Key: LOGICAL_NAME_TAG, Value: logicalName }],
    Type: 'AWS::S3::Bucket',
    WebsiteURL: websiteUrl(identity, bucketName),
    ...(prefixes.length === 1 && prefixes[0] === '' ? {} : { ObjectKeyPrefixes: prefixes }),
    ...(previous === undefined ? {} : { PreviousObjectKeyPrefix: previous }),
  };
  return { [key]: bucket, ...(handler === undefined ? {} : { handlerFunc: handler }) };
}

export const encodeDiscovery = (discovery: Discovery): string =>
  Buffer.from(JSON.stringify(discovery), 'utf8').toString('base64');

/** What a live function's environment says, undefined when it says nothing that can be read. */
export function decodeDiscovery(environment: Readonly<Record<string, string>>): Discovery | undefined {
  const encoded = environment[DISCOVERY_VARIABLE];
  if (encoded === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(Buffer.from(encoded, 'base64').toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Discovery) : undefined;
  } catch {
    return undefined;
  }
}

function previousPrefix(live: DiscoveredBucket | string | undefined, current: string): string | undefined {
  if (typeof live !== 'object') return undefined;
  const liveCurrent = live.ObjectKeyPrefixes?.[0] ?? '';
  return liveCurrent === current ? live.PreviousObjectKeyPrefix : liveCurrent;
}

/** A change drops what no rule stores under any more; without one the list stays, or it would never settle. */
function keptPrefixes(
  live: DiscoveredBucket | string | undefined,
  { objectKeyPrefixes, storedUnder = [] }: Pick<DiscoveryInput, 'objectKeyPrefixes' | 'storedUnder'>,
): readonly string[] {
  if (typeof live !== 'object') return storedUnder;
  const known = live.ObjectKeyPrefixes ?? [''];
  const same = known[0] === objectKeyPrefixes[0] && objectKeyPrefixes.every((prefix) => known.includes(prefix));
  return same ? [...known, ...storedUnder] : storedUnder;
}

const dnsSuffix = (partition: string): string => (partition === 'aws-cn' ? 'amazonaws.com.cn' : 'amazonaws.com');

export const bucketDomainName = (identity: PipelineIdentity, bucketName: string): string =>
  `${bucketName}.s3.${dnsSuffix(identity.partition)}`;

/** Regions whose website endpoints are written with a dash. @see https://docs.aws.amazon.com/general/latest/gr/s3.html */
const DASHED = new Set(
  'us-east-1 us-west-1 us-west-2 eu-west-1 ap-southeast-1 ap-southeast-2 ap-northeast-1 sa-east-1 us-gov-west-1'.split(
    ' ',
  ),
);

export function websiteUrl(identity: PipelineIdentity, bucketName: string): string {
  const separator = DASHED.has(identity.region) ? '-' : '.';
  return `http://${bucketName}.s3-website${separator}${identity.region}.${dnsSuffix(identity.partition)}`;
}
