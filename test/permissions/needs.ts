import type { Need } from '../../src/sandbox/call-needs.ts';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import { ACTIONS as S3_ACTIONS, addressOf } from '../../src/sandbox/s3-request.ts';
import type { Call } from '../../src/sandbox/service.ts';

export type { Need } from '../../src/sandbox/call-needs.ts';

/** All that IAM judges a call by, as the account is when the call comes in. */
export function needsOf(operation: string, call: Call, sandbox: Sandbox): readonly Need[] {
  return operation.startsWith('s3:') ? s3Needs(operation.slice('s3:'.length), call) : sandbox.needsOf(operation, call);
}

/** S3 of the sandbox asks itself, and only about sessions of roles. */
function s3Needs(name: string, call: Call): readonly Need[] {
  const { bucket = '', key } = addressOf(call) ?? {};
  const arn = `arn:aws:s3:::${bucket}`;
  const { principal, region } = call;
  const account = principal.kind === 'service' ? principal.sourceAccount : principal.account;
  const context = { 's3:resourceaccount': account, 'aws:requestedregion': region };
  if (name === 'CreateBucket') {
    // Tags in the call are a right of their own. @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html
    const tagged = call.body.toString('utf8').includes('<Tag>');
    return ['s3:CreateBucket', ...(tagged ? ['s3:TagResource'] : [])].map((action) => ({
      action,
      resource: arn,
      context: { 'aws:requestedregion': region },
    }));
  }
  if (name === 'DeleteObjects') {
    const keys = [...call.body.toString('utf8').matchAll(/<Key>([^<]*)<\/Key>(<VersionId>)?/g)];
    return keys.map(([, each, version]) => ({
      action: version === undefined ? 's3:DeleteObject' : 's3:DeleteObjectVersion',
      resource: `${arn}/${each}`,
      context,
    }));
  }
  const action = Object.entries(S3_ACTIONS).find(([operation]) => operation === name)?.[1] ?? `s3:${name}`;
  return [{ action, resource: key === undefined ? arn : `${arn}/${key}`, context }];
}
