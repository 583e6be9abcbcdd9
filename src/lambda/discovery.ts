/** A tag as AWS writes it. */
export type DiscoveredTag = { readonly Key: string; readonly Value: string };

/** An AWS resource that the function depends on. */
export type DiscoveredResource = {
  /** The resource's name, as CloudFormation's `Ref` would give it. */
  readonly Ref: string;
  /** CloudFormation type, such as `AWS::S3::Bucket`. */
  readonly Type: string;
  readonly Tags?: readonly DiscoveredTag[];
};

/** A bucket that holds message bodies. */
export type DiscoveredBucket = DiscoveredResource & {
  readonly DomainName: string;
  readonly WebsiteURL: string;
  /** Prefixes under which bodies are stored, the one in use now first. Absent: bodies lie at the bucket's root. */
  readonly ObjectKeyPrefixes?: readonly string[];
  /** The prefix before the last change; also among {@link ObjectKeyPrefixes}. */
  readonly PreviousObjectKeyPrefix?: string;
};

/** What the function's pipeline consists of: buckets by logical id, and scalars such as `handlerFunc`. */
export type Discovery = { readonly [name: string]: DiscoveredResource | string | number | boolean };

const VARIABLE = 'SES_LAMBDA_PIPELINE_DISCOVERY';
const BUCKET = 'SESMessageStoreBucket';

let cache: { readonly text: string; readonly discovery: Discovery } | undefined;

/**
 * The resources of the pipeline this function belongs to; may be called from anywhere in it, and makes no AWS call.
 * Only a good parse is remembered.
 *
 * @throws {Error} outside a pipeline's function, or when the variable cannot be read.
 */
export function discover(env: { readonly [name: string]: string | undefined } = process.env): Discovery {
  const text = env[VARIABLE];
  if (text === undefined || text === '')
    throw new Error(`${VARIABLE} is not set: this code does not run in the function of a SesLambdaPipeline.`);
  if (cache?.text === text) return cache.discovery;
  const discovery = parseDiscovery(text);
  cache = { text, discovery };
  return discovery;
}

/** The bucket that holds the message bodies: the first whose name begins with `SESMessageStoreBucket`. */
export function bucketOf(discovery: Discovery): DiscoveredBucket | undefined {
  return bucketsOf(discovery)[0];
}

/** Every bucket that may hold message bodies, the one in use first. */
export function bucketsOf(discovery: Discovery): DiscoveredBucket[] {
  return Object.entries(discovery).flatMap(([name, value]) =>
    name.startsWith(BUCKET) && typeof value === 'object' ? [value as DiscoveredBucket] : [],
  );
}

/** Keys under which the body of a message may lie, the likeliest first: prefix and message id, nothing between them. */
export function objectKeys(bucket: DiscoveredBucket, messageId: string): string[] {
  const prefixes = bucket.ObjectKeyPrefixes ?? [];
  return (prefixes.length === 0 ? [''] : prefixes).map((prefix) => prefix + messageId);
}

function parseDiscovery(text: string): Discovery {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(text, 'base64').toString('utf8'));
  } catch (cause) {
    throw new Error(`${VARIABLE} is not JSON in base64.`, { cause });
  }
  if (!isObject(value)) throw new Error(`${VARIABLE} does not hold a JSON object.`);
  for (const [name, entry] of Object.entries(value)) checkEntry(name, entry);
  return value as Discovery;
}

function checkEntry(name: string, entry: unknown): void {
  if (['string', 'number', 'boolean'].includes(typeof entry)) return;
  if (!isObject(entry)) throw new Error(`${VARIABLE}: ${name} is neither a resource nor a scalar.`);
  for (const member of ['Ref', 'Type'])
    if (typeof entry[member] !== 'string') throw new Error(`${VARIABLE}: ${name}.${member} is not a string.`);
  const prefixes = entry['ObjectKeyPrefixes'];
  if (prefixes !== undefined && !(Array.isArray(prefixes) && prefixes.every((prefix) => typeof prefix === 'string')))
    throw new Error(`${VARIABLE}: ${name}.ObjectKeyPrefixes is not a list of strings.`);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
