import type { RoleBook } from './iam-roles.ts';
import { parsePolicy, type PolicyDocument } from './policy/document.ts';
import { evaluate, type PolicyPrincipal, type Verdict } from './policy/evaluate.ts';
import { principalTags } from './principal-tags.ts';
import type { Bucket } from './s3-buckets.ts';
import type { Principal, SandboxContext } from './service.ts';
import { textAt } from './wire/xml.ts';

/** Who may do what. */
export type S3Access = {
  /** May `principal` do this? `key` undefined asks about the bucket itself. */
  readonly inBucket: (question: BucketQuestion) => Verdict;
  /** May `principal` do what needs no bucket yet: list all, create one. `bucketName` undefined asks about all. */
  readonly inAccount: (principal: Principal, action: string, bucketName: string | undefined) => Verdict;
};

type BucketQuestion = {
  readonly principal: Principal;
  readonly bucket: Bucket;
  readonly action: string;
  readonly key?: string | undefined;
  /** Condition keys beyond those of the principal, lower case. */
  readonly context?: Readonly<Record<string, string | undefined>>;
};

/**
 * Own account: the role's policies or the bucket's allow, either denies. Others: the bucket's policy alone.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/how-s3-evaluates-access-control.html
 */
export function createS3Access(context: SandboxContext, roles: Pick<RoleBook, 'judge'>): S3Access {
  const inAccount: S3Access['inAccount'] = (principal, action, bucketName) => {
    switch (principal.kind) {
      case 'root':
        return { decision: 'allow', why: 'the caller is the account itself' };
      case 'service':
        return { decision: 'none', why: `${principal.service} acts in buckets only` };
      case 'role':
        return roles.judge(principal.roleArn, {
          action,
          resource: `arn:${context.partition}:s3:::${bucketName ?? '*'}`,
          context: conditionsOf(principal),
        });
    }
  };

  const inBucket: S3Access['inBucket'] = ({ principal, bucket, action, key, context: extra }) => {
    const resource = `arn:${context.partition}:s3:::${bucket.name}${key === undefined ? '' : `/${key}`}`;
    const conditions = { ...conditionsOf(principal), 's3:resourceaccount': bucket.account, ...extra };
    const policy = evaluate({
      documents: documentOf(bucket),
      principal: policyPrincipal(principal, context),
      action,
      resource,
      context: conditions,
    });
    if (policy.decision === 'deny') return policy;

    switch (principal.kind) {
      case 'service':
        return policy.decision === 'allow' ? keyAllows(bucket, principal.service, policy) : policy;
      case 'root':
        if (policy.decision === 'allow' || principal.account !== bucket.account) return policy;
        return { decision: 'allow', why: `account ${bucket.account} owns the bucket` };
      case 'role': {
        const own = roles.judge(principal.roleArn, { action, resource, context: conditions });
        if (own.decision === 'deny' || principal.account === bucket.account) {
          return own.decision === 'none' ? policy : own;
        }
        return policy.decision === 'allow' ? own : policy;
      }
    }
  };

  return { inBucket, inAccount };
}

/** The key behind `aws:kms` without a key id is AWS's, and no service principal may use it. */
function keyAllows(bucket: Bucket, service: string, allowed: Verdict): Verdict {
  const path = ['Rule', 'ApplyServerSideEncryptionByDefault'];
  const algorithm = textAt(bucket.encryption, ...path, 'SSEAlgorithm') ?? 'AES256';
  const keyId = textAt(bucket.encryption, ...path, 'KMSMasterKeyID');
  if (!algorithm.startsWith('aws:kms') || keyId !== undefined) return allowed;
  return {
    decision: 'deny',
    why: `bucket ${bucket.name} is encrypted with the key aws/s3, whose policy does not admit ${service}: use AES256 or a key of your own`,
  };
}

function documentOf(bucket: Bucket): readonly PolicyDocument[] {
  const text = bucket.policy.visible();
  if (text === undefined) return [];
  const parsed = parsePolicy(text, 'resource');
  if (!parsed.ok) throw new Error(`The stored policy of bucket ${bucket.name} cannot be read: ${parsed.why}`);
  return [parsed.document];
}

function policyPrincipal(principal: Principal, context: SandboxContext): PolicyPrincipal {
  switch (principal.kind) {
    case 'service':
      return { kind: 'service', service: principal.service };
    case 'role':
      return { kind: 'aws', account: principal.account, arn: principal.roleArn };
    case 'root':
      return {
        kind: 'aws',
        account: principal.account,
        arn: `arn:${context.partition}:iam::${principal.account}:root`,
      };
  }
}

function conditionsOf(principal: Principal): Readonly<Record<string, string | undefined>> {
  // Loopback stands for the TLS a real client would have: a policy that demands TLS is not what keeps it out.
  const common = { 'aws:securetransport': 'true' };
  if (principal.kind !== 'service') {
    const arn = principal.kind === 'role' ? principal.roleArn : undefined;
    return {
      ...common,
      ...principalTags(principal),
      'aws:principalaccount': principal.account,
      'aws:principalarn': arn,
    };
  }
  return {
    ...common,
    'aws:sourceaccount': principal.sourceAccount,
    'aws:sourcearn': principal.sourceArn,
    // Older guides let SES in by `aws:Referer` = account id.
    'aws:referer': principal.sourceAccount,
    'aws:principalisawsservice': 'true',
    'aws:principalservicename': principal.service,
  };
}
