import {
  CreateBucketCommand,
  DeleteBucketCommand,
  GetBucketTaggingCommand,
  HeadBucketCommand,
  PutBucketTaggingCommand,
  type BucketLocationConstraint,
  type CreateBucketConfiguration,
  type S3Client,
  type Tag,
} from '@aws-sdk/client-s3';
import { PipelineError } from '../core/fault.ts';
import type { Tags } from '../core/observed.ts';
import type { Buckets, Identity } from '../core/ports.ts';
import { bucketObjects } from './bucket-objects.ts';
import { bucketNamed, ownBuckets } from './bucket-owner.ts';
import { bucketSettings } from './bucket-settings.ts';
import { absentOn, type Call } from './calls.ts';

type BucketsOptions = {
  readonly s3: S3Client;
  readonly call: Call;
  readonly region: string;
  readonly identity: Identity;
};

/** Buckets of S3: made, marked and removed here, their settings and objects beside it. */
export function buckets({ s3, call, region, identity }: BucketsOptions): Buckets {
  const own = ownBuckets(identity);

  return {
    ...bucketSettings(s3, call, own),
    ...bucketObjects(s3, call, own),
    head: async (name) => {
      const command = new HeadBucketCommand(await own(name));
      try {
        await call('HeadBucket', bucketNamed(name), () => s3.send(command));
        return 'accessible';
      } catch (error) {
        const code = error instanceof PipelineError ? error.fault.code : undefined;
        if (code === 'NotFound' || code === 'NoSuchBucket' || code === 'Http404') return 'absent';
        if (code === 'Http403') return 'forbidden';
        throw error;
      }
    },
    tags: async (name) => {
      const command = new GetBucketTaggingCommand(await own(name));
      const found = await absentOn(
        ['NoSuchTagSet'],
        call('GetBucketTagging', bucketNamed(name), () => s3.send(command)),
      );
      return Object.fromEntries((found?.TagSet ?? []).map(({ Key, Value }) => [Key ?? '', Value ?? '']));
    },
    putTags: async (name, tags) => {
      const command = new PutBucketTaggingCommand({ ...(await own(name)), Tagging: { TagSet: toTagList(tags) } });
      await call('PutBucketTagging', bucketNamed(name), () => s3.send(command));
    },
    create: async (name, tags) => {
      const command = new CreateBucketCommand({
        Bucket: name,
        CreateBucketConfiguration: toConfiguration(region, tags),
      });
      await call('CreateBucket', bucketNamed(name), () => s3.send(command));
    },
    delete: async (name) => {
      const command = new DeleteBucketCommand(await own(name));
      await absentOn(
        ['NoSuchBucket'],
        call('DeleteBucket', bucketNamed(name), () => s3.send(command)),
      );
    },
  };
}

/** us-east-1 has no location constraint: to name it is an error. */
function toConfiguration(region: string, tags: Tags): CreateBucketConfiguration {
  const location = region === 'us-east-1' ? {} : { LocationConstraint: region as BucketLocationConstraint };
  return { ...location, Tags: toTagList(tags) };
}

function toTagList(tags: Tags): Tag[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
}
