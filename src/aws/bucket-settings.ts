import {
  DeleteBucketLifecycleCommand,
  DeleteBucketPolicyCommand,
  GetBucketEncryptionCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketOwnershipControlsCommand,
  GetBucketPolicyCommand,
  GetBucketVersioningCommand,
  GetPublicAccessBlockCommand,
  PutBucketEncryptionCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketOwnershipControlsCommand,
  PutBucketPolicyCommand,
  PutBucketVersioningCommand,
  PutPublicAccessBlockCommand,
  type LifecycleRule as SdkLifecycleRule,
  type ObjectOwnership,
  type S3Client,
  type ServerSideEncryption,
} from '@aws-sdk/client-s3';
import type { LifecycleRule } from '../core/observed.ts';
import type { Buckets } from '../core/ports.ts';
import { bucketNamed, type OwnBucket } from './bucket-owner.ts';
import { absentOn, type Call } from './calls.ts';
import { fromPolicyJson, toPolicyJson } from './policy-json.ts';

type BucketSettings = Omit<Buckets, 'head' | 'tags' | 'putTags' | 'create' | 'delete' | 'list' | 'deleteObjects'>;

/**
 * The configurations of a bucket, each read and replaced as a whole. S3 answers an error where one is not set.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_Simple_Storage_Service.html
 */
export function bucketSettings(s3: S3Client, call: Call, own: OwnBucket): BucketSettings {
  return {
    publicAccessBlock: async (name) => {
      const command = new GetPublicAccessBlockCommand(await own(name));
      const found = await absentOn(
        ['NoSuchPublicAccessBlockConfiguration'],
        call('GetPublicAccessBlock', bucketNamed(name), () => s3.send(command)),
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
    putPublicAccessBlock: async (name, block) => {
      const command = new PutPublicAccessBlockCommand({
        ...(await own(name)),
        PublicAccessBlockConfiguration: {
          BlockPublicAcls: block.blockPublicAcls,
          IgnorePublicAcls: block.ignorePublicAcls,
          BlockPublicPolicy: block.blockPublicPolicy,
          RestrictPublicBuckets: block.restrictPublicBuckets,
        },
      });
      await call('PutPublicAccessBlock', bucketNamed(name), () => s3.send(command));
    },
    ownership: async (name) => {
      const command = new GetBucketOwnershipControlsCommand(await own(name));
      const found = await absentOn(
        ['OwnershipControlsNotFoundError'],
        call('GetBucketOwnershipControls', bucketNamed(name), () => s3.send(command)),
      );
      return found?.OwnershipControls?.Rules?.[0]?.ObjectOwnership;
    },
    putOwnership: async (name, ownership) => {
      const command = new PutBucketOwnershipControlsCommand({
        ...(await own(name)),
        OwnershipControls: { Rules: [{ ObjectOwnership: ownership as ObjectOwnership }] },
      });
      await call('PutBucketOwnershipControls', bucketNamed(name), () => s3.send(command));
    },
    encryption: async (name) => {
      const command = new GetBucketEncryptionCommand(await own(name));
      const found = await absentOn(
        ['ServerSideEncryptionConfigurationNotFoundError'],
        call('GetBucketEncryption', bucketNamed(name), () => s3.send(command)),
      );
      const byDefault = found?.ServerSideEncryptionConfiguration?.Rules?.[0]?.ApplyServerSideEncryptionByDefault;
      if (byDefault?.SSEAlgorithm === undefined) return undefined;
      const { SSEAlgorithm: algorithm, KMSMasterKeyID: kmsKeyArn } = byDefault;
      return { algorithm, ...(kmsKeyArn !== undefined && { kmsKeyArn }) };
    },
    putEncryption: async (name, { algorithm, kmsKeyArn }) => {
      const byDefault = { SSEAlgorithm: algorithm as ServerSideEncryption, KMSMasterKeyID: kmsKeyArn };
      const command = new PutBucketEncryptionCommand({
        ...(await own(name)),
        ServerSideEncryptionConfiguration: { Rules: [{ ApplyServerSideEncryptionByDefault: byDefault }] },
      });
      await call('PutBucketEncryption', bucketNamed(name), () => s3.send(command));
    },
    versioning: async (name) => {
      const command = new GetBucketVersioningCommand(await own(name));
      return (await call('GetBucketVersioning', bucketNamed(name), () => s3.send(command))).Status;
    },
    putVersioning: async (name, status) => {
      const command = new PutBucketVersioningCommand({
        ...(await own(name)),
        VersioningConfiguration: { Status: status },
      });
      await call('PutBucketVersioning', bucketNamed(name), () => s3.send(command));
    },
    lifecycle: async (name) => {
      const command = new GetBucketLifecycleConfigurationCommand(await own(name));
      const found = await absentOn(
        ['NoSuchLifecycleConfiguration'],
        call('GetBucketLifecycleConfiguration', bucketNamed(name), () => s3.send(command)),
      );
      return (found?.Rules ?? []).map(fromSdkLifecycleRule);
    },
    putLifecycle: async (name, rules) => {
      const bucket = await own(name);
      if (rules.length === 0) {
        await call('DeleteBucketLifecycle', bucketNamed(name), () => s3.send(new DeleteBucketLifecycleCommand(bucket)));
        return;
      }
      const command = new PutBucketLifecycleConfigurationCommand({
        ...bucket,
        LifecycleConfiguration: { Rules: rules.map(toSdkLifecycleRule) },
      });
      await call('PutBucketLifecycleConfiguration', bucketNamed(name), () => s3.send(command));
    },
    policy: async (name) => {
      const command = new GetBucketPolicyCommand(await own(name));
      const found = await absentOn(
        ['NoSuchBucketPolicy'],
        call('GetBucketPolicy', bucketNamed(name), () => s3.send(command)),
      );
      return found?.Policy === undefined ? undefined : fromPolicyJson(found.Policy);
    },
    putPolicy: async (name, policy) => {
      const bucket = await own(name);
      if (policy.Statement.length === 0) {
        await call('DeleteBucketPolicy', bucketNamed(name), () => s3.send(new DeleteBucketPolicyCommand(bucket)));
        return;
      }
      const command = new PutBucketPolicyCommand({ ...bucket, Policy: toPolicyJson(policy) });
      await call('PutBucketPolicy', bucketNamed(name), () => s3.send(command));
    },
  };
}

function fromSdkLifecycleRule({ ID, ...elements }: SdkLifecycleRule): LifecycleRule {
  return { id: ID ?? '', ...elements };
}

function toSdkLifecycleRule({ id, ...elements }: LifecycleRule): SdkLifecycleRule {
  return { ...(elements as Omit<SdkLifecycleRule, 'ID'>), ID: id === '' ? undefined : id };
}
