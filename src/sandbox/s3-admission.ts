import { AwsError } from './aws-error.ts';
import type { S3Access } from './s3-access.ts';
import type { Bucket } from './s3-buckets.ts';
import { ACTIONS, type S3OperationName } from './s3-request.ts';
import type { Call, Principal } from './service.ts';

/** A call that has found its bucket. */
export type AdmissionRequest = {
  readonly name: S3OperationName;
  readonly call: Call;
  readonly bucket: Bucket;
  readonly key: string | undefined;
  readonly access: S3Access;
};

/** Everything that can keep a caller out of an existing bucket, in the order in which S3 looks at it. */
export function admit(request: AdmissionRequest): void {
  const { name, call, bucket, key } = request;
  const expectedOwner = call.headers['x-amz-expected-bucket-owner'];
  if (expectedOwner !== undefined && expectedOwner !== bucket.account) {
    throw accessDenied(bucket, 'Access Denied: the bucket has another owner than the one expected.');
  }
  // A batch is judged key by key where it is carried out.
  if (name !== 'DeleteObjects') judge(request);
  if (call.region !== bucket.region && name !== 'GetBucketLocation') throw redirect(bucket);
  if (key !== undefined && (name === 'GetObject' || name === 'HeadObject')) hideMissingKey(request, key);
}

function judge({ name, call, bucket, key, access }: AdmissionRequest): void {
  const { principal, query } = call;
  // However wrong a policy is, its account's root can mend it.
  if (name.endsWith('BucketPolicy') && principal.kind === 'root' && principal.account === bucket.account) return;
  const action = `${ACTIONS[name]}${key !== undefined && query.has('versionId') ? 'Version' : ''}`;
  const context = { 's3:prefix': query.get('prefix') ?? undefined };
  const verdict = access.inBucket({ principal, bucket, action, key, context });
  if (verdict.decision !== 'allow') throw notAuthorized(principal, bucket, verdict.why);
}

/** Who may not list a bucket is not told that a key is missing: 403 instead of 404. */
function hideMissingKey({ call, bucket, access }: AdmissionRequest, key: string): void {
  if (bucket.objects.get(key, call.query.get('versionId') ?? undefined)?.content !== undefined) return;
  const verdict = access.inBucket({ principal: call.principal, bucket, action: 's3:ListBucket' });
  if (verdict.decision !== 'allow') throw notAuthorized(call.principal, bucket, verdict.why);
}

/** Since 2024 S3 tells callers of the bucket's own account why; others are told nothing. */
function notAuthorized(principal: Principal, bucket: Bucket, why: string): AwsError {
  const isOwn = principal.kind !== 'service' && principal.account === bucket.account;
  return accessDenied(bucket, isOwn ? `Access Denied: ${why}` : 'Access Denied');
}

function accessDenied(bucket: Bucket, message: string): AwsError {
  return new AwsError(403, 'AccessDenied', message, { region: bucket.region });
}

function redirect(bucket: Bucket): AwsError {
  const message =
    'The bucket you are attempting to access must be addressed using the specified endpoint. Please send all future requests to this endpoint.';
  const members = { Bucket: bucket.name, Endpoint: `s3.${bucket.region}.amazonaws.com`, region: bucket.region };
  return new AwsError(301, 'PermanentRedirect', message, members);
}
