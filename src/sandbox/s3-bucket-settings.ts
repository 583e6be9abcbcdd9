import { AwsError } from './aws-error.ts';
import { parsePolicy, type PolicyDocument } from './policy/document.ts';
import { DEFAULT_ENCRYPTION, type Bucket } from './s3-buckets.ts';
import { lifecycleOf } from './s3-lifecycle.ts';
import { emptyReply, malformedXml, xmlBody, xmlReply } from './s3-reply.ts';
import { tagsOf } from './s3-tags.ts';
import type { Call, Reply } from './service.ts';
import { element, elements, textAt, type XmlNode } from './wire/xml.ts';

/** What an operation on an existing bucket gets; whether the caller may do it is settled before. */
export type BucketRequest = { readonly call: Call; readonly bucket: Bucket };
export type BucketOperation = (request: BucketRequest) => Reply;

/** The sub-resources of a bucket. Every Put replaces the whole of one; a Get of an unset one has its own error code. */
export function settingOperations(principalExists: (arn: string) => boolean) {
  return {
    ...tagging,
    ...policyOperations(principalExists),
    ...publicAccessBlock,
    ...ownershipControls,
    ...encryption,
    ...versioning,
    ...lifecycle,
  } satisfies Readonly<Record<string, BucketOperation>>;
}

const tagging = {
  PutBucketTagging: ({ call, bucket }: BucketRequest): Reply => {
    bucket.tags = tagsOf(element(xmlBody(call, 'Tagging'), 'TagSet'));
    return emptyReply(204);
  },
  GetBucketTagging: ({ bucket }: BucketRequest): Reply => {
    const tags = bucket.tags;
    if (tags === undefined || tags.size === 0) throw notConfigured(bucket, 'NoSuchTagSet', 'The TagSet does not exist');
    return xmlReply('Tagging', { TagSet: { Tag: [...tags].map(([Key, Value]) => ({ Key, Value })) } });
  },
  DeleteBucketTagging: ({ bucket }: BucketRequest): Reply => {
    bucket.tags = undefined;
    return emptyReply(204);
  },
};

const MAX_POLICY_BYTES = 20 * 1024;

const policyOperations = (principalExists: (arn: string) => boolean) => ({
  PutBucketPolicy: ({ call, bucket }: BucketRequest): Reply => {
    const text = call.body.toString('utf8');
    if (call.body.length > MAX_POLICY_BYTES) {
      throw new AwsError(400, 'PolicyTooLarge', `Policies must not exceed ${MAX_POLICY_BYTES} bytes in size.`);
    }
    const parsed = parsePolicy(text, 'resource');
    if (!parsed.ok) throw malformedPolicy(parsed.why);
    refuseUnfit(parsed.document, bucket, principalExists);
    if (textAt(bucket.publicAccessBlock, 'BlockPublicPolicy') === 'true' && isPublic(parsed.document)) {
      const why = 'public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access';
      throw new AwsError(403, 'AccessDenied', `s3:PutBucketPolicy on ${bucket.name} is not allowed because ${why}.`);
    }
    bucket.policy.set(text);
    return emptyReply(204);
  },
  GetBucketPolicy: ({ bucket }: BucketRequest): Reply => {
    const text = bucket.policy.latest();
    if (text === undefined) throw notConfigured(bucket, 'NoSuchBucketPolicy', 'The bucket policy does not exist');
    return { status: 200, headers: { 'content-type': 'application/json' }, body: text };
  },
  DeleteBucketPolicy: ({ bucket }: BucketRequest): Reply => {
    bucket.policy.set(undefined);
    return emptyReply(204);
  },
});

/** A policy may speak of its own bucket only, and of principals that exist. */
function refuseUnfit(document: PolicyDocument, bucket: Bucket, principalExists: (arn: string) => boolean): void {
  for (const { resources, principals } of document.statements) {
    const own = new RegExp(`^(\\*|arn:[a-z-]+:s3:::${bucket.name.replaceAll('.', String.raw`\.`)}([/*?].*)?)$`);
    const foreign = resources?.patterns.find((resource) => !own.test(resource));
    if (foreign !== undefined) throw malformedPolicy(`Policy has invalid resource: ${foreign}`);
    const missing = principals?.aws.find((principal) => !principalExists(principal));
    if (missing !== undefined) throw malformedPolicy(`Invalid principal in policy: "AWS":"${missing}"`);
  }
}

// The keys that pin a statement for everybody to callers one knows.
const PINNING_KEYS = new Set([
  'aws:sourcearn',
  'aws:sourceaccount',
  'aws:principalarn',
  'aws:principalaccount',
  'aws:principalorgid',
]);

/** @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html#access-control-block-public-access-policy-status */
function isPublic(document: PolicyDocument): boolean {
  return document.statements.some(
    ({ effect, principals, conditions }) =>
      effect === 'Allow' &&
      principals?.everyone === true &&
      !conditions.some(
        ({ key, values, operator }) => PINNING_KEYS.has(key) && !/Not|Null/.test(operator) && !values.includes('*'),
      ),
  );
}

const PUBLIC_ACCESS_FLAGS = ['BlockPublicAcls', 'IgnorePublicAcls', 'BlockPublicPolicy', 'RestrictPublicBuckets'];

const publicAccessBlock = {
  PutPublicAccessBlock: ({ call, bucket }: BucketRequest): Reply => {
    const sent = xmlBody(call, 'PublicAccessBlockConfiguration');
    const flags = PUBLIC_ACCESS_FLAGS.map((name) => [name, textAt(sent, name) ?? 'false'] as const);
    if (flags.some(([, value]) => !/^(true|false)$/i.test(value))) throw malformedXml('a flag is true or false');
    bucket.publicAccessBlock = Object.fromEntries(flags.map(([name, value]) => [name, value.toLowerCase()]));
    return emptyReply(200);
  },
  GetPublicAccessBlock: ({ bucket }: BucketRequest): Reply => {
    const message = 'The public access block configuration was not found';
    return setting(
      bucket,
      'publicAccessBlock',
      'PublicAccessBlockConfiguration',
      'NoSuchPublicAccessBlockConfiguration',
      message,
    );
  },
  DeletePublicAccessBlock: ({ bucket }: BucketRequest): Reply => {
    bucket.publicAccessBlock = undefined;
    return emptyReply(204);
  },
};

const ownershipControls = {
  PutBucketOwnershipControls: ({ call, bucket }: BucketRequest): Reply => {
    const sent = xmlBody(call, 'OwnershipControls');
    const ownership = textAt(sent, 'Rule', 'ObjectOwnership') ?? '';
    if (!['BucketOwnerEnforced', 'BucketOwnerPreferred', 'ObjectWriter'].includes(ownership)) {
      throw malformedXml('ObjectOwnership is BucketOwnerEnforced, BucketOwnerPreferred or ObjectWriter');
    }
    bucket.ownershipControls = sent;
    return emptyReply(200);
  },
  GetBucketOwnershipControls: ({ bucket }: BucketRequest): Reply => {
    const message = 'The bucket ownership controls were not found';
    return setting(bucket, 'ownershipControls', 'OwnershipControls', 'OwnershipControlsNotFoundError', message);
  },
  DeleteBucketOwnershipControls: ({ bucket }: BucketRequest): Reply => {
    bucket.ownershipControls = undefined;
    return emptyReply(204);
  },
};

const encryption = {
  PutBucketEncryption: ({ call, bucket }: BucketRequest): Reply => {
    const rules = elements(xmlBody(call, 'ServerSideEncryptionConfiguration'), 'Rule');
    const [rule] = rules;
    const byDefault = element(rule, 'ApplyServerSideEncryptionByDefault');
    const algorithm = textAt(byDefault, 'SSEAlgorithm') ?? '';
    const keyId = textAt(byDefault, 'KMSMasterKeyID');
    if (rules.length !== 1 || typeof byDefault !== 'object')
      throw malformedXml('one Rule with its default is expected');
    if (!['AES256', 'aws:kms', 'aws:kms:dsse'].includes(algorithm)) {
      throw malformedXml('SSEAlgorithm is AES256, aws:kms or aws:kms:dsse');
    }
    if (algorithm === 'AES256' && keyId !== undefined) {
      throw new AwsError(
        400,
        'InvalidArgument',
        'a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse',
      );
    }
    const BucketKeyEnabled = textAt(rule, 'BucketKeyEnabled') ?? 'false';
    bucket.encryption = { Rule: { ApplyServerSideEncryptionByDefault: byDefault, BucketKeyEnabled } };
    return emptyReply(200);
  },
  GetBucketEncryption: ({ bucket }: BucketRequest): Reply => {
    const message = 'The server side encryption configuration was not found';
    const code = 'ServerSideEncryptionConfigurationNotFoundError';
    return setting(bucket, 'encryption', 'ServerSideEncryptionConfiguration', code, message);
  },
  DeleteBucketEncryption: ({ bucket }: BucketRequest): Reply => {
    bucket.encryption = DEFAULT_ENCRYPTION;
    return emptyReply(204);
  },
};

const versioning = {
  PutBucketVersioning: ({ call, bucket }: BucketRequest): Reply => {
    const status = textAt(xmlBody(call, 'VersioningConfiguration'), 'Status');
    if (status !== 'Enabled' && status !== 'Suspended') {
      const message = 'The Versioning element must be specified: Enabled or Suspended';
      throw new AwsError(400, 'IllegalVersioningConfigurationException', message);
    }
    bucket.versioning = status;
    return emptyReply(200);
  },
  GetBucketVersioning: ({ bucket }: BucketRequest): Reply =>
    xmlReply('VersioningConfiguration', { Status: bucket.versioning }),
};

const lifecycle = {
  PutBucketLifecycleConfiguration: ({ call, bucket }: BucketRequest): Reply => {
    bucket.lifecycle = lifecycleOf(xmlBody(call, 'LifecycleConfiguration'));
    return emptyReply(200, LIFECYCLE_HEADERS);
  },
  GetBucketLifecycleConfiguration: ({ bucket }: BucketRequest): Reply => {
    const message = 'The lifecycle configuration does not exist';
    const found = setting(bucket, 'lifecycle', 'LifecycleConfiguration', 'NoSuchLifecycleConfiguration', message);
    return { ...found, headers: { ...found.headers, ...LIFECYCLE_HEADERS } };
  },
  DeleteBucketLifecycle: ({ bucket }: BucketRequest): Reply => {
    bucket.lifecycle = undefined;
    return emptyReply(204);
  },
};

const LIFECYCLE_HEADERS = { 'x-amz-transition-default-minimum-object-size': 'all_storage_classes_128K' };

type XmlSetting = 'publicAccessBlock' | 'ownershipControls' | 'encryption' | 'lifecycle';

function setting(bucket: Bucket, name: XmlSetting, root: string, missingCode: string, missing: string): Reply {
  const node: XmlNode | undefined = bucket[name];
  if (node === undefined) throw notConfigured(bucket, missingCode, missing);
  return xmlReply(root, typeof node === 'string' ? {} : node);
}

function notConfigured(bucket: Bucket, code: string, message: string): AwsError {
  return new AwsError(404, code, message, { BucketName: bucket.name });
}

function malformedPolicy(why: string): AwsError {
  return new AwsError(400, 'MalformedPolicy', why);
}
