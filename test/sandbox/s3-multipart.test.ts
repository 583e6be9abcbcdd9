import {
  AbortMultipartUploadCommand,
  ChecksumAlgorithm,
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteBucketCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';
import { clientsOf, codeOf, REGION, runningSandbox } from './support/running-sandbox.ts';

const Bucket = 'mail-bodies';
const Key = 'big.eml';
const FIVE_MIB = Buffer.alloc(5 * 1024 * 1024, 'mail');

/** An upload that has begun in a bucket of its own. */
async function begunUpload() {
  const sandbox = await runningSandbox();
  const { s3 } = clientsOf(sandbox);
  await s3.send(new CreateBucketCommand({ Bucket, CreateBucketConfiguration: { LocationConstraint: REGION } }));
  const { UploadId } = await s3.send(
    new CreateMultipartUploadCommand({ Bucket, Key, ContentType: 'message/rfc822', Metadata: { origin: 'test' } }),
  );
  const part = async (PartNumber: number, Body: Buffer) => {
    const { ETag } = await s3.send(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body }));
    return { PartNumber, ETag };
  };
  const complete = (...Parts: readonly { PartNumber: number; ETag: string | undefined }[]) =>
    s3.send(new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts: [...Parts] } }));
  return { sandbox, s3, UploadId, part, complete };
}

describe('an object in parts', () => {
  it('exists once it is completed, with its headers and an ETag of its parts', async () => {
    const { sandbox, s3, part, complete } = await begunUpload();
    const first = await part(1, FIVE_MIB);
    const second = await part(2, Buffer.from('end'));
    expect(sandbox.s3.objects(Bucket)).toEqual([]);

    await complete(first, second);

    const read = await s3.send(new GetObjectCommand({ Bucket, Key }));
    expect(read).toMatchObject({ ContentType: 'message/rfc822', Metadata: { origin: 'test' } });
    expect(read.ETag).toMatch(/^"[0-9a-f]{32}-2"$/);
    expect(
      Buffer.from((await read.Body?.transformToByteArray()) ?? []).equals(
        Buffer.concat([FIVE_MIB, Buffer.from('end')]),
      ),
    ).toBe(true);
    expect((await s3.send(new ListMultipartUploadsCommand({ Bucket }))).Uploads).toBeUndefined();
  });

  it('takes the last of two parts with one number, and drops what is not listed', async () => {
    const { sandbox, part, complete } = await begunUpload();
    const older = await part(1, Buffer.from('older'));
    const newer = await part(1, Buffer.from('newer'));
    await part(7, Buffer.from('unlisted'));

    await expect(codeOf(complete(older))).resolves.toBe('400 InvalidPart');
    await complete(newer);

    expect(Buffer.from(sandbox.s3.readObject(Bucket, Key) ?? []).toString()).toBe('newer');
  });

  it('shows its parts and the upload until it is aborted', async () => {
    const { s3, UploadId, part } = await begunUpload();
    await part(2, Buffer.from('two'));
    await part(1, Buffer.from('one'));

    const { Parts } = await s3.send(new ListPartsCommand({ Bucket, Key, UploadId }));
    expect(Parts?.map(({ PartNumber, Size }) => [PartNumber, Size])).toEqual([
      [1, 3],
      [2, 3],
    ]);
    expect((await s3.send(new ListMultipartUploadsCommand({ Bucket }))).Uploads).toMatchObject([{ Key, UploadId }]);
    await s3.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }));

    expect(await codeOf(s3.send(new ListPartsCommand({ Bucket, Key, UploadId })))).toBe('404 NoSuchUpload');
  });

  it('does not keep its bucket from being deleted', async () => {
    const { s3, part } = await begunUpload();
    await part(1, Buffer.from('one'));

    await expect(s3.send(new DeleteBucketCommand({ Bucket }))).resolves.toBeDefined();
  });

  it.each([
    ['parts out of order', '400 InvalidPartOrder', [2, 1]],
    ['a part twice', '400 InvalidPartOrder', [1, 1]],
    ['a part that never came', '400 InvalidPart', [1, 3]],
    ['a part too small that is not the last', '400 EntityTooSmall', [1, 2]],
    ['no part at all', '400 MalformedXML', []],
  ])('refuses %s', async (_what, code, numbers) => {
    const { part, complete } = await begunUpload();
    const sent = [await part(1, Buffer.from('one')), await part(2, Buffer.from('two'))];
    const unknown = { ETag: '"0"' };

    const parts = numbers.map((PartNumber) => ({ PartNumber, ...(sent[PartNumber - 1] ?? unknown) }));
    expect(await codeOf(complete(...parts))).toBe(code);
  });

  it('is asked for by the right number and id', async () => {
    const { s3, part } = await begunUpload();
    const elsewhere = { Bucket, Key, UploadId: 'no-such-upload', PartNumber: 1, Body: 'x' };

    expect(await codeOf(part(10_001, Buffer.from('x')))).toBe('400 InvalidArgument');
    expect(await codeOf(s3.send(new UploadPartCommand(elsewhere)))).toBe('404 NoSuchUpload');
  });
});

describe('a checksum', () => {
  it.each(Object.values(ChecksumAlgorithm).filter((name) => /^(CRC|SHA1$|SHA256$)/.test(name)))(
    'by %s that is wrong is refused',
    async (ChecksumAlgorithm) => {
      const { s3 } = await begunUpload();
      const header = `Checksum${ChecksumAlgorithm}`;

      expect(
        await codeOf(
          s3.send(new PutObjectCommand({ Bucket, Key, Body: 'mail', ChecksumAlgorithm, [header]: 'AAAAAA==' })),
        ),
      ).toBe('400 BadDigest');
    },
  );

  // The check values of these algorithms: https://reveng.sourceforge.io/crc-catalogue/all.htm
  it.each([
    ['ChecksumCRC32', 'cbf43926'],
    ['ChecksumCRC32C', 'e3069283'],
    ['ChecksumCRC64NVME', 'ae8b14860a799888'],
  ])('%s that is right comes back', async (member, hex) => {
    const { s3 } = await begunUpload();
    const checksum = Buffer.from(hex, 'hex').toString('base64');

    await s3.send(new PutObjectCommand({ Bucket, Key, Body: '123456789', [member]: checksum }));

    expect(await s3.send(new GetObjectCommand({ Bucket, Key, ChecksumMode: 'ENABLED' }))).toMatchObject({
      [member]: checksum,
    });
  });

  it('of an object in parts is that of its parts', async () => {
    const { s3 } = await begunUpload();
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key, ChecksumAlgorithm: 'SHA256' }));
    const sent = await s3.send(
      new UploadPartCommand({ Bucket, Key, UploadId, PartNumber: 1, Body: 'one', ChecksumAlgorithm: 'SHA256' }),
    );
    const Parts = [{ PartNumber: 1, ETag: sent.ETag, ChecksumSHA256: sent.ChecksumSHA256 }];

    const done = await s3.send(
      new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts } }),
    );

    expect(done.ChecksumSHA256).toMatch(/^[A-Za-z0-9+/]{43}=-1$/);
    expect((await s3.send(new ListObjectsV2Command({ Bucket }))).KeyCount).toBe(1);
  });
});
