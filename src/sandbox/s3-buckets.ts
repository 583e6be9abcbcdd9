import { AwsError } from './aws-error.ts';
import { propagating, type Propagating } from './propagation.ts';
import { createObjectStore, type ObjectStore, type Versioning } from './s3-objects.ts';
import { createUploadBook, type UploadBook } from './s3-uploads.ts';
import type { SandboxContext } from './service.ts';
import type { XmlNode } from './wire/xml.ts';

/** A bucket with its configuration; sub-resources are kept as they were sent. Undefined is "not configured". */
export type Bucket = {
  readonly name: string;
  readonly account: string;
  readonly region: string;
  readonly createdAtMs: number;
  readonly objects: ObjectStore;
  /** Uploads in parts that are not completed; they keep no bucket from being deleted. */
  readonly uploads: UploadBook;
  /** The text as it was put; other services see a new one only once it has propagated. */
  readonly policy: Propagating<string | undefined>;
  tags: ReadonlyMap<string, string> | undefined;
  versioning: Versioning;
  publicAccessBlock: XmlNode | undefined;
  ownershipControls: XmlNode | undefined;
  encryption: XmlNode | undefined;
  lifecycle: XmlNode | undefined;
};

/** All buckets of the partition: names are shared by every account in it. */
export type BucketBook = {
  readonly find: (name: string) => Bucket | undefined;
  /** @throws NoSuchBucket */
  readonly get: (name: string) => Bucket;
  readonly add: (bucket: { readonly name: string; readonly account: string; readonly region: string }) => Bucket;
  /** @throws BucketNotEmpty while it holds any version or delete marker */
  readonly remove: (name: string) => void;
  /** An account's own, by name. */
  readonly list: (account: string) => readonly Bucket[];
};

/** What S3 gives every new bucket since April 2023. */
const ALL_BLOCKED: XmlNode = {
  BlockPublicAcls: 'true',
  IgnorePublicAcls: 'true',
  BlockPublicPolicy: 'true',
  RestrictPublicBuckets: 'true',
};
const OWNER_ENFORCED: XmlNode = { Rule: { ObjectOwnership: 'BucketOwnerEnforced' } };

/** The encryption a bucket reports when none was put, and goes back to when its own is deleted. */
export const DEFAULT_ENCRYPTION: XmlNode = {
  Rule: { ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' }, BucketKeyEnabled: 'false' },
};

/** No buckets. */
export function createBucketBook(context: SandboxContext): BucketBook {
  const buckets = new Map<string, Bucket>();

  const get = (name: string): Bucket => {
    const bucket = buckets.get(name);
    if (bucket === undefined) {
      throw new AwsError(404, 'NoSuchBucket', 'The specified bucket does not exist', { BucketName: name });
    }
    return bucket;
  };

  return {
    find: (name) => buckets.get(name),
    get,
    add: (wanted) => {
      const bucket: Bucket = {
        ...wanted,
        createdAtMs: context.clock.now(),
        objects: createObjectStore(context.clock, context.ids),
        uploads: createUploadBook(context.clock, context.ids),
        policy: propagating<string | undefined>(undefined, 'policy', context),
        tags: undefined,
        versioning: undefined,
        publicAccessBlock: ALL_BLOCKED,
        ownershipControls: OWNER_ENFORCED,
        encryption: DEFAULT_ENCRYPTION,
        lifecycle: undefined,
      };
      buckets.set(wanted.name, bucket);
      return bucket;
    },
    remove: (name) => {
      const { objects } = get(name);
      if (objects.versions().length > 0) {
        const hint = objects.current().length > 0 ? '' : '. You must delete all versions in the bucket.';
        const message = `The bucket you tried to delete is not empty${hint}`;
        throw new AwsError(409, 'BucketNotEmpty', message, { BucketName: name });
      }
      buckets.delete(name);
    },
    list: (owner) =>
      [...buckets.values()].filter(({ account }) => account === owner).sort((a, b) => (a.name < b.name ? -1 : 1)),
  };
}
