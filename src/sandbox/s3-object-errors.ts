import { AwsError } from './aws-error.ts';

/** What S3 refuses on one key. https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html */
export function noSuchKey(key: string): AwsError {
  return new AwsError(404, 'NoSuchKey', 'The specified key does not exist.', { Key: key });
}

export function noSuchVersion(key: string, versionId: string): AwsError {
  return new AwsError(404, 'NoSuchVersion', 'The specified version does not exist.', {
    Key: key,
    VersionId: versionId,
  });
}

export function preconditionFailed(): AwsError {
  return new AwsError(412, 'PreconditionFailed', 'At least one of the pre-conditions you specified did not hold');
}

const MAX_KEY_BYTES = 1024;

export function refuseLongKey(key: string): void {
  if (Buffer.byteLength(key) > MAX_KEY_BYTES) throw new AwsError(400, 'KeyTooLongError', 'Your key is too long');
}
