import { LOGICAL_NAME_TAG } from './discovery.ts';
import type { ManifestSpec } from './manifest.ts';
import type { PipelineIdentity } from './names.ts';
import type { BucketEncryption, LifecycleRule, Tags } from './observed.ts';
import { ownerTags } from './ownership.ts';

export const EXPIRY_RULE_ID = 'ses-lambda-pipeline-expire';

export type DesiredBucket =
  | {
      readonly kind: 'own';
      readonly name: string;
      readonly logicalName: string;
      readonly tags: Tags;
      readonly encryption: BucketEncryption;
      readonly versioned: boolean;
      /** Our rule; undefined: bodies are kept. */
      readonly expiry: LifecycleRule | undefined;
    }
  | { readonly kind: 'existing'; readonly name: string };

/** The bucket of the bodies, under the name that was chosen for it. */
export function desiredBucket(spec: ManifestSpec, identity: PipelineIdentity, name: string): DesiredBucket {
  const storage = spec.messageBodyStorage;
  if (storage.logicalName === undefined) return { kind: 'existing', name };
  return {
    kind: 'own',
    name,
    logicalName: storage.logicalName,
    tags: { ...ownerTags(identity), [LOGICAL_NAME_TAG]: storage.logicalName },
    encryption:
      storage.encryption === undefined
        ? { algorithm: 'AES256' }
        : { algorithm: 'aws:kms', kmsKeyArn: storage.encryption.kmsKeyArn },
    versioned: storage.versioned,
    expiry: storage.expireAfterDays === undefined ? undefined : expiryRule(storage.expireAfterDays, storage.versioned),
  };
}

/** @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html */
function expiryRule(days: number, versioned: boolean): LifecycleRule {
  return {
    id: EXPIRY_RULE_ID,
    Status: 'Enabled',
    Filter: { Prefix: '' },
    Expiration: { Days: days },
    ...(versioned ? { NoncurrentVersionExpiration: { NoncurrentDays: days } } : {}),
  };
}
