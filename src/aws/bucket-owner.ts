import type { Identity } from '../core/ports.ts';

/** Names a bucket in a call, and whose it has to be. */
export type OwnBucket = (name: string) => Promise<{ readonly Bucket: string; readonly ExpectedBucketOwner: string }>;

/**
 * Every call on a bucket says whose it expects, so that a name which has passed to another account is refused.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-owner-condition.html
 */
export function ownBuckets(identity: Identity): OwnBucket {
  return async (name) => ({ Bucket: name, ExpectedBucketOwner: (await identity.caller()).account });
}

export function bucketNamed(name: string): string {
  return `bucket "${name}"`;
}
