import {
  CopyObjectCommand,
  CreateBucketCommand,
  GetObjectCommand,
  ListObjectsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  type CopyObjectCommandInput,
} from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';
import { clientsOf, codeOf, REGION, runningSandbox } from './support/running-sandbox.ts';

const Bucket = 'mail-bodies';

/** A bucket with one object, `in/a mail.eml`. */
async function bucketWithObject() {
  const sandbox = await runningSandbox();
  const { s3 } = clientsOf(sandbox);
  await s3.send(new CreateBucketCommand({ Bucket, CreateBucketConfiguration: { LocationConstraint: REGION } }));
  const Key = 'in/a mail.eml';
  const { ETag } = await s3.send(
    new PutObjectCommand({ Bucket, Key, Body: 'first', ContentType: 'message/rfc822', Metadata: { origin: 'test' } }),
  );
  const copy = (input: Partial<CopyObjectCommandInput> = {}) =>
    s3.send(new CopyObjectCommand({ Bucket, Key: 'done/a.eml', CopySource: `${Bucket}/in/a%20mail.eml`, ...input }));
  const read = async (Key: string) => {
    const found = await s3.send(new GetObjectCommand({ Bucket, Key }));
    return { body: await found.Body?.transformToString(), type: found.ContentType, metadata: found.Metadata };
  };
  return { sandbox, s3, Key, ETag, copy, read };
}

describe('CopyObject', () => {
  it('copies body, type and metadata', async () => {
    const { ETag, copy, read } = await bucketWithObject();

    const { CopyObjectResult } = await copy();

    expect(CopyObjectResult?.ETag).toBe(ETag);
    expect(await read('done/a.eml')).toEqual({ body: 'first', type: 'message/rfc822', metadata: { origin: 'test' } });
  });

  it('replaces the metadata when told to', async () => {
    const { copy, read } = await bucketWithObject();

    await copy({ MetadataDirective: 'REPLACE', ContentType: 'text/plain' });

    expect(await read('done/a.eml')).toEqual({ body: 'first', type: 'text/plain', metadata: {} });
  });

  it('reaches an older version', async () => {
    const { s3, Key, copy, read } = await bucketWithObject();
    await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }));
    const { VersionId } = await s3.send(new PutObjectCommand({ Bucket, Key, Body: 'second' }));
    await s3.send(new PutObjectCommand({ Bucket, Key, Body: 'third' }));

    const copied = await copy({ CopySource: `${Bucket}/in/a%20mail.eml?versionId=${VersionId}` });

    expect(copied.CopySourceVersionId).toBe(VersionId);
    expect((await read('done/a.eml')).body).toBe('second');
  });

  it.each<[string, string, Partial<CopyObjectCommandInput>]>([
    ['a key that is not there', '404 NoSuchKey', { CopySource: `${Bucket}/nothing` }],
    ['a bucket that is not there', '404 NoSuchBucket', { CopySource: 'nowhere-at-all/key' }],
    ['an object onto itself', '400 InvalidRequest', { Key: 'in/a mail.eml' }],
    ['a source without a key', '400 InvalidArgument', { CopySource: Bucket }],
    ['a source that has changed', '412 PreconditionFailed', { CopySourceIfMatch: '"0"' }],
  ])('refuses %s', async (_what, code, input) => {
    const { copy } = await bucketWithObject();

    expect(await codeOf(copy(input))).toBe(code);
  });
});

describe('the older listing', () => {
  it('pages by the last key', async () => {
    const { s3 } = await bucketWithObject();
    for (const Key of ['x', 'y', 'z']) await s3.send(new PutObjectCommand({ Bucket, Key, Body: 'mail' }));

    const first = await s3.send(new ListObjectsCommand({ Bucket, MaxKeys: 2 }));
    const second = await s3.send(new ListObjectsCommand({ Bucket, Marker: first.Contents?.at(-1)?.Key }));

    expect(first.IsTruncated).toBe(true);
    expect([first, second].map(({ Contents }) => Contents?.map(({ Key }) => Key))).toEqual([
      ['in/a mail.eml', 'x'],
      ['y', 'z'],
    ]);
  });
});
