import {
  DeleteObjectsCommand,
  ListObjectVersionsCommand,
  type ListObjectVersionsCommandOutput,
  type S3Client,
} from '@aws-sdk/client-s3';
import type { Buckets, StoredObject } from '../core/ports.ts';
import { bucketNamed, type OwnBucket } from './bucket-owner.ts';
import { absentOn, type Call } from './calls.ts';

const MOST_AT_ONCE = 1_000;

/** What lies in a bucket: objects, their versions and delete markers. */
export function bucketObjects(s3: S3Client, call: Call, own: OwnBucket): Pick<Buckets, 'list' | 'deleteObjects'> {
  return {
    list: async (name, limit) => {
      const bucket = await own(name);
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
          call('ListObjectVersions', bucketNamed(name), () => s3.send(command)),
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
        ...(await own(name)),
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
      await absentOn(['NoSuchBucket'], call('DeleteObjects', bucketNamed(name), send));
    },
  };
}

function storedObjects(page: ListObjectVersionsCommandOutput | undefined): StoredObject[] {
  return [...(page?.Versions ?? []), ...(page?.DeleteMarkers ?? [])].map(({ Key, VersionId }) => ({
    key: Key ?? '',
    ...(VersionId !== undefined && { versionId: VersionId }),
  }));
}
