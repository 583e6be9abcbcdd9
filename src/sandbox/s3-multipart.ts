import { createHash } from 'node:crypto';
import { AwsError } from './aws-error.ts';
import { checksumElement, checksumElements, checksumsOf, compositeChecksum } from './s3-checksums.ts';
import { refuseLongKey } from './s3-object-errors.ts';
import { encryptionOf, headersToKeep, refuseHeaders, unquoted, versionHeader } from './s3-object-headers.ts';
import type { ObjectRequest } from './s3-object-operations.ts';
import { emptyReply, malformedXml, xmlBody, xmlReply } from './s3-reply.ts';
import type { BucketRequest } from './s3-bucket-settings.ts';
import type { Part, Upload } from './s3-uploads.ts';
import type { Call, Reply } from './service.ts';
import { elements, textAt, type XmlNode } from './wire/xml.ts';

/** @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html */
const MAX_PART_NUMBER = 10_000;
const MIN_PART_BYTES = 5 * 1024 * 1024;

/** An object in parts. https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html */
export function createMultipartUpload({ call, bucket, key }: ObjectRequest): Reply {
  refuseLongKey(key);
  refuseHeaders('CreateMultipartUpload', call);
  const upload = bucket.uploads.start(key, headersToKeep(call, bucket));
  const algorithm = call.headers['x-amz-checksum-algorithm'];
  const reply = xmlReply('InitiateMultipartUploadResult', { Bucket: bucket.name, Key: key, UploadId: upload.id });
  return {
    ...reply,
    headers: {
      ...reply.headers,
      ...encryptionOf(upload.headers),
      ...(algorithm === undefined ? {} : { 'x-amz-checksum-algorithm': algorithm }),
    },
  };
}

export function uploadPart(request: ObjectRequest): Reply {
  const { call } = request;
  const upload = uploadOf(request);
  const number = Number(call.query.get('partNumber'));
  if (!Number.isInteger(number) || number < 1 || number > MAX_PART_NUMBER) {
    const message = `Part number must be an integer between 1 and ${MAX_PART_NUMBER}, inclusive`;
    throw new AwsError(400, 'InvalidArgument', message, { ArgumentName: 'partNumber' });
  }
  const part = upload.put(number, call.body, checksumsOf(call));
  return emptyReply(200, { etag: `"${part.etag}"`, ...encryptionOf(upload.headers), ...part.checksums });
}

/** Puts the listed parts together; parts that are not listed are dropped with the upload. */
export function completeMultipartUpload(request: ObjectRequest): Reply {
  const { call, bucket, key } = request;
  const upload = uploadOf(request);
  if (call.headers['if-none-match'] === '*' && bucket.objects.get(key)?.content !== undefined) {
    throw new AwsError(412, 'PreconditionFailed', 'At least one of the pre-conditions you specified did not hold');
  }
  const parts = chosenParts(call, upload);
  const digests = Buffer.concat(parts.map(({ etag }) => Buffer.from(etag, 'hex')));
  const checksums = checksumsTogether(parts);
  const put = bucket.objects.put(
    {
      key,
      body: Buffer.concat(parts.map(({ body }) => body)),
      etag: `${createHash('md5').update(digests).digest('hex')}-${parts.length}`,
      headers: upload.headers,
      checksums,
    },
    bucket.versioning,
  );
  bucket.uploads.end(upload.id);
  const reply = xmlReply('CompleteMultipartUploadResult', {
    Location: `http://${bucket.name}.s3.${bucket.region}.amazonaws.com/${encodeURIComponent(key)}`,
    Bucket: bucket.name,
    Key: key,
    ETag: `"${put.content.etag}"`,
    ...checksumElements(checksums),
  });
  return { ...reply, headers: { ...reply.headers, ...encryptionOf(upload.headers), ...versionHeader(bucket, put) } };
}

export function abortMultipartUpload(request: ObjectRequest): Reply {
  request.bucket.uploads.end(uploadOf(request).id);
  return emptyReply(204);
}

export function listParts(request: ObjectRequest): Reply {
  const { call, bucket, key } = request;
  const upload = uploadOf(request);
  const after = Number(call.query.get('part-number-marker') ?? '0');
  const limit = Math.min(Number(call.query.get('max-parts') ?? '1000'), 1000);
  const rest = [...upload.parts.values()].filter(({ number }) => number > after).sort((a, b) => a.number - b.number);
  const page = rest.slice(0, limit);
  return xmlReply('ListPartsResult', {
    Bucket: bucket.name,
    Key: key,
    UploadId: upload.id,
    StorageClass: 'STANDARD',
    PartNumberMarker: after,
    NextPartNumberMarker: page.at(-1)?.number ?? 0,
    MaxParts: limit,
    IsTruncated: rest.length > page.length,
    Part: page.map((part) => ({
      PartNumber: part.number,
      LastModified: new Date(part.lastModifiedMs).toISOString(),
      ETag: `"${part.etag}"`,
      Size: part.body.length,
      ...checksumElements(part.checksums),
    })),
  });
}

export function listMultipartUploads({ call, bucket }: BucketRequest): Reply {
  const prefix = call.query.get('prefix') ?? '';
  return xmlReply('ListMultipartUploadsResult', {
    Bucket: bucket.name,
    KeyMarker: '',
    UploadIdMarker: '',
    Prefix: prefix,
    MaxUploads: 1000,
    IsTruncated: false,
    Upload: bucket.uploads
      .list()
      .filter(({ key }) => key.startsWith(prefix))
      .map(({ key, id, startedAtMs }) => ({
        Key: key,
        UploadId: id,
        StorageClass: 'STANDARD',
        Initiated: new Date(startedAtMs).toISOString(),
      })),
  });
}

function uploadOf({ call, bucket, key }: ObjectRequest): Upload {
  const id = call.query.get('uploadId') ?? '';
  const upload = bucket.uploads.find(key, id);
  if (upload !== undefined) return upload;
  const message =
    'The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.';
  throw new AwsError(404, 'NoSuchUpload', message, { UploadId: id });
}

function chosenParts(call: Call, upload: Upload): readonly Part[] {
  const wanted = elements(xmlBody(call, 'CompleteMultipartUpload'), 'Part');
  if (wanted.length === 0) throw malformedXml('at least one Part is expected');
  const parts = wanted.map((each) => partOf(each, upload));
  if (parts.some(({ number }, index) => number <= (parts[index - 1]?.number ?? 0))) {
    const message = 'The list of parts was not in ascending order. Parts must be ordered by part number.';
    throw new AwsError(400, 'InvalidPartOrder', message, { UploadId: upload.id });
  }
  if (parts.slice(0, -1).some(({ body }) => body.length < MIN_PART_BYTES)) {
    throw new AwsError(400, 'EntityTooSmall', 'Your proposed upload is smaller than the minimum allowed size', {
      MinSizeAllowed: String(MIN_PART_BYTES),
    });
  }
  return parts;
}

function partOf(node: XmlNode, upload: Upload): Part {
  const part = upload.parts.get(Number(textAt(node, 'PartNumber')));
  const same =
    part !== undefined &&
    unquoted(textAt(node, 'ETag') ?? '') === part.etag &&
    Object.entries(part.checksums).every(
      ([header, value]) => (textAt(node, checksumElement(header)) ?? value) === value,
    );
  if (same) return part;
  const message =
    "One or more of the specified parts could not be found. The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.";
  throw new AwsError(400, 'InvalidPart', message, { UploadId: upload.id });
}

/** Only an algorithm that every part was sent with says something of the whole. */
function checksumsTogether(parts: readonly Part[]): Readonly<Record<string, string>> {
  const together: Record<string, string> = {};
  for (const header of Object.keys(parts[0]?.checksums ?? {})) {
    const values = parts.flatMap(({ checksums }) => checksums[header] ?? []);
    const composite = values.length === parts.length ? compositeChecksum(header, values) : undefined;
    if (composite !== undefined) together[header] = composite;
  }
  return together;
}
