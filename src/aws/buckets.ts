import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteBucketLifecycleCommand,
  DeleteBucketPolicyCommand,
  DeleteObjectsCommand,
  GetBucketEncryptionCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketOwnershipControlsCommand,
  GetBucketPolicyCommand,
  GetBucketTaggingCommand,
  GetBucketVersioningCommand,
  GetPublicAccessBlockCommand,
  HeadBucketCommand,
  ListObjectVersionsCommand,
  PutBucketEncryptionCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketOwnershipControlsCommand,
  PutBucketPolicyCommand,
  PutBucketTaggingCommand,
  PutBucketVersioningCommand,
  PutPublicAccessBlockCommand,
  type BucketLocationConstraint,
  type CreateBucketConfiguration,
  type LifecycleRule as SdkLifecycleRule,
  type ListObjectVersionsCommandOutput,
  type ObjectOwnership,
  type S3Client,
  type ServerSideEncryption,
  type Tag,
} from '@aws-sdk/client-s3';
import { PipelineError } from '../core/fault.ts';
import type { LifecycleRule, Tags } from '../core/observed.ts';
import type { Buckets, Identity, StoredObject } from '../core/ports.ts';
import { absentOn, type Call } from './calls.ts';
import { fromPolicyJson, toPolicyJson } from './policy-json.ts';

export type BucketsOptions = {
  readonly s3: S3Client;
  readonly call: Call;
  readonly region: string;
  readonly identity: Identity;
};

/**
 * Buckets of S3. Every call says whose bucket it expects, so that a name which has passed to another account is refused.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-owner-condition.html
 */
export function buckets({ s3, call, region, identity }: BucketsOptions): Buckets {
  const at = async (name: string) => ({ Bucket: name, ExpectedBucketOwner: (await identity.caller()).account });

  return {
    head: async (name) => {
      const command = new HeadBucketCommand(await at(name));
      try {
        await call('HeadBucket', named(name), () => s3.send(command));
        return 'accessible';
      } catch (error) {
        const code = error instanceof PipelineError ? error.fault.code : undefined;
        if (code === 'NotFound' || code === 'NoSuchBucket' || code === 'Http404') return 'absent';
        if (code === 'Http403') return 'forbidden';
        throw error;
      }
    },
    tags: async (name) => {
      const command = new GetBucketTaggingCommand(await at(name));
      const found = await absentOn(
        ['NoSuchTagSet'],
        call('GetBucketTagging', named(name), () => s3.send(command)),
      );
      return Object.fromEntries((found?.TagSet ?? []).map(({ Key, Value }) => [Key ?? '', Value ?? '']));
    },
    publicAccessBlock: async (name) => {
      const command = new GetPublicAccessBlockCommand(await at(name));
      const found = await absentOn(
        ['NoSuchPublicAccessBlockConfiguration'],
        call('GetPublicAccessBlock', named(name), () => s3.send(command)),
      );
      const block = found?.PublicAccessBlockConfiguration;
      if (block === undefined) return undefined;
      return {
        blockPublicAcls: block.BlockPublicAcls ?? false,
        ignorePublicAcls: block.IgnorePublicAcls ?? false,
        blockPublicPolicy: block.BlockPublicPolicy ?? false,
        restrictPublicBuckets: block.RestrictPublicBuckets ?? false,
      };
    },
    ownership: async (name) => {
      const command = new GetBucketOwnershipControlsCommand(await at(name));
      const found = await absentOn(
        ['OwnershipControlsNotFoundError'],
        call('GetBucketOwnershipControls', named(name), () => s3.send(command)),
      );
      return found?.OwnershipControls?.Rules?.[0]?.ObjectOwnership;
    },
    encryption: async (name) => {
      const command = new GetBucketEncryptionCommand(await at(name));
      const found = await absentOn(
        ['ServerSideEncryptionConfigurationNotFoundError'],
        call('GetBucketEncryption', named(name), () => s3.send(command)),
      );
      const byDefault = found?.ServerSideEncryptionConfiguration?.Rules?.[0]?.ApplyServerSideEncryptionByDefault;
      if (byDefault?.SSEAlgorithm === undefined) return undefined;
      const { SSEAlgorithm: algorithm, KMSMasterKeyID: kmsKeyArn } = byDefault;
      return { algorithm, ...(kmsKeyArn !== undefined && { kmsKeyArn }) };
    },
    versioning: async (name) => {
      const command = new GetBucketVersioningCommand(await at(name));
      return (await call('GetBucketVersioning', named(name), () => s3.send(command))).Status;
    },
    lifecycle: async (name) => {
      const command = new GetBucketLifecycleConfigurationCommand(await at(name));
      const found = await absentOn(
        ['NoSuchLifecycleConfiguration'],
        call('GetBucketLifecycleConfiguration', named(name), () => s3.send(command)),
      );
      return (found?.Rules ?? []).map(fromSdkLifecycleRule);
    },
    policy: async (name) => {
      const command = new GetBucketPolicyCommand(await at(name));
      const found = await absentOn(
        ['NoSuchBucketPolicy'],
        call('GetBucketPolicy', named(name), () => s3.send(command)),
      );
      return found?.Policy === undefined ? undefined : fromPolicyJson(found.Policy);
    },
    create: async (name, tags) => {
      const command = new CreateBucketCommand({
        Bucket: name,
        CreateBucketConfiguration: toConfiguration(region, tags),
      });
      await call('CreateBucket', named(name), () => s3.send(command));
    },
    putTags: async (name, tags) => {
      const command = new PutBucketTaggingCommand({ ...(await at(name)), Tagging: { TagSet: toTagList(tags) } });
      await call('PutBucketTagging', named(name), () => s3.send(command));
    },
    putPublicAccessBlock: async (name, block) => {
      const command = new PutPublicAccessBlockCommand({
        ...(await at(name)),
        PublicAccessBlockConfiguration: {
          BlockPublicAcls: block.blockPublicAcls,
          IgnorePublicAcls: block.ignorePublicAcls,
          BlockPublicPolicy: block.blockPublicPolicy,
          RestrictPublicBuckets: block.restrictPublicBuckets,
        },
      });
      await call('PutPublicAccessBlock', named(name), () => s3.send(command));
    },
    putOwnership: async (name, ownership) => {
      const command = new PutBucketOwnershipControlsCommand({
        ...(await at(name)),
        OwnershipControls: { Rules: [{ ObjectOwnership: ownership as ObjectOwnership }] },
      });
      await call('PutBucketOwnershipControls', named(name), () => s3.send(command));
    },
    putEncryption: async (name, { algorithm, kmsKeyArn }) => {
      const byDefault = { SSEAlgorithm: algorithm as ServerSideEncryption, KMSMasterKeyID: kmsKeyArn };
      const command = new PutBucketEncryptionCommand({
        ...(await at(name)),
        ServerSideEncryptionConfiguration: { Rules: [{ ApplyServerSideEncryptionByDefault: byDefault }] },
      });
      await call('PutBucketEncryption', named(name), () => s3.send(command));
    },
    putVersioning: async (name, status) => {
      const command = new PutBucketVersioningCommand({
        ...(await at(name)),
        VersioningConfiguration: { Status: status },
      });
      await call('PutBucketVersioning', named(name), () => s3.send(command));
    },
    putLifecycle: async (name, rules) => {
      const bucket = await at(name);
      if (rules.length === 0) {
        await call('DeleteBucketLifecycle', named(name), () => s3.send(new DeleteBucketLifecycleCommand(bucket)));
        return;
      }
      const command = new PutBucketLifecycleConfigurationCommand({
        ...bucket,
        LifecycleConfiguration: { Rules: rules.map(toSdkLifecycleRule) },
      });
      await call('PutBucketLifecycleConfiguration', named(name), () => s3.send(command));
    },
    putPolicy: async (name, policy) => {
      const bucket = await at(name);
      if (policy.Statement.length === 0) {
        await call('DeleteBucketPolicy', named(name), () => s3.send(new DeleteBucketPolicyCommand(bucket)));
        return;
      }
      const command = new PutBucketPolicyCommand({ ...bucket, Policy: toPolicyJson(policy) });
      await call('PutBucketPolicy', named(name), () => s3.send(command));
    },
    list: async (name, limit) => {
      const bucket = await at(name);
      const objects: StoredObject[] = [];
      let marker: Pick<ListObjectVersionsCommandOutput, 'NextKeyMarker' | 'NextVersionIdMarker'> = {};
      while (objects.length < limit) {
        const command = new ListObjectVersionsCommand({
          ...bucket,
          MaxKeys: Math.min(limit - objects.length, MOST_AT_ONCE),
          KeyMarker: marker.NextKeyMarker,
          VersionIdMarker: marker.NextVersionIdMarker,
        });
        const page = await absentOn(
          ['NoSuchBucket'],
          call('ListObjectVersions', named(name), () => s3.send(command)),
        );
        objects.push(...storedObjects(page));
        if (page?.IsTruncated !== true) break;
        marker = page;
      }
      return objects;
    },
    deleteObjects: async (name, objects) => {
      if (objects.length === 0) return; // S3 refuses an empty list
      const command = new DeleteObjectsCommand({
        ...(await at(name)),
        Delete: { Quiet: true, Objects: objects.map(({ key, versionId }) => ({ Key: key, VersionId: versionId })) },
      });
      const send = async (): Promise<void> => {
        const { Errors, $metadata } = await s3.send(command);
        const failed = Errors?.find(({ Code }) => Code !== 'NoSuchKey' && Code !== 'NoSuchVersion');
        // The call succeeds even when single objects stay: only the list tells.
        if (failed !== undefined) {
          const error = new Error(`object "${failed.Key}": ${failed.Message ?? failed.Code}`);
          throw Object.assign(error, { name: failed.Code ?? 'Unknown', $metadata: { requestId: $metadata.requestId } });
        }
      };
      await absentOn(['NoSuchBucket'], call('DeleteObjects', named(name), send));
    },
    delete: async (name) => {
      const command = new DeleteBucketCommand(await at(name));
      await absentOn(
        ['NoSuchBucket'],
        call('DeleteBucket', named(name), () => s3.send(command)),
      );
    },
  };
}

const MOST_AT_ONCE = 1_000;

/** us-east-1 has no location constraint: to name it is an error. */
function toConfiguration(region: string, tags: Tags): CreateBucketConfiguration {
  const location = region === 'us-east-1' ? {} : { LocationConstraint: region as BucketLocationConstraint };
  return { ...location, Tags: toTagList(tags) };
}

function storedObjects(page: ListObjectVersionsCommandOutput | undefined): StoredObject[] {
  return [...(page?.Versions ?? []), ...(page?.DeleteMarkers ?? [])].map(({ Key, VersionId }) => ({
    key: Key ?? '',
    ...(VersionId !== undefined && { versionId: VersionId }),
  }));
}

function fromSdkLifecycleRule({ ID, ...elements }: SdkLifecycleRule): LifecycleRule {
  return { id: ID ?? '', ...elements };
}

function toSdkLifecycleRule({ id, ...elements }: LifecycleRule): SdkLifecycleRule {
  return { ...(elements as Omit<SdkLifecycleRule, 'ID'>), ID: id === '' ? undefined : id };
}

function toTagList(tags: Tags): Tag[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
}

function named(name: string): string {
  return `bucket "${name}"`;
}
