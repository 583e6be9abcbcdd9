import { AwsError, notImplemented } from './aws-error.ts';
import { isValidBucketName } from './s3-bucket-name.ts';
import type { BucketBook } from './s3-buckets.ts';
import { emptyReply, xmlBody } from './s3-reply.ts';
import { tagsOf } from './s3-tags.ts';
import type { Call, Reply } from './service.ts';
import { element, textAt, type XmlNode } from './wire/xml.ts';

/**
 * Creates a bucket, or says whose it is. In us-east-1 a bucket of one's own can be created again.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html
 */
export function createBucket(call: Call, name: string, book: BucketBook, account: string): Reply {
  if (!isValidBucketName(name)) {
    throw new AwsError(400, 'InvalidBucketName', 'The specified bucket is not valid.', { BucketName: name });
  }
  if (call.headers['x-amz-bucket-object-lock-enabled']?.toLowerCase() === 'true') {
    throw notImplemented('s3:CreateBucket with Object Lock');
  }
  const configuration = call.body.length === 0 ? undefined : xmlBody(call, 'CreateBucketConfiguration');
  const region = regionOf(configuration, call.region);
  const tags = tagsOf(element(configuration, 'Tags'));
  const location = { location: region === 'us-east-1' ? `/${name}` : `http://${name}.s3.amazonaws.com/` };

  const existing = book.find(name);
  if (existing === undefined) {
    const bucket = book.add({ name, account, region });
    if (tags.size > 0) bucket.tags = tags;
    const ownership = call.headers['x-amz-object-ownership'];
    if (ownership !== undefined) bucket.ownershipControls = { Rule: { ObjectOwnership: ownership } };
    return emptyReply(200, location);
  }
  if (existing.account !== account) {
    const message =
      'The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please select a different name and try again.';
    throw new AwsError(409, 'BucketAlreadyExists', message, { BucketName: name });
  }
  if (existing.region === 'us-east-1' && region === 'us-east-1') return emptyReply(200, location);
  const message = 'Your previous request to create the named bucket succeeded and you already own it.';
  throw new AwsError(409, 'BucketAlreadyOwnedByYou', message, { BucketName: name });
}

function regionOf(configuration: XmlNode | undefined, endpointRegion: string): string {
  const sent = textAt(configuration, 'LocationConstraint');
  const constraint = sent === '' ? undefined : sent;
  if (constraint === 'us-east-1' || (constraint !== undefined && !/^EU$|^[a-z]{2,5}(-[a-z]+)+-\d$/.test(constraint))) {
    throw new AwsError(400, 'InvalidLocationConstraint', 'The specified location-constraint is not valid', {
      LocationConstraint: constraint,
    });
  }
  const region = constraint === 'EU' ? 'eu-west-1' : (constraint ?? 'us-east-1');
  // Only the endpoint of us-east-1 creates buckets elsewhere.
  if (endpointRegion !== 'us-east-1' && region !== endpointRegion) {
    const message = `The ${constraint ?? 'unspecified'} location constraint is incompatible for the region specific endpoint this request was sent to.`;
    throw new AwsError(400, 'IllegalLocationConstraintException', message);
  }
  return region;
}
