/**
 * Documents of the AWS managed policies the sandbox knows. Any other AWS managed policy can be attached and grants
 * nothing here (as a boundary it lets nothing through), since its document is not known.
 *
 * @see https://docs.aws.amazon.com/aws-managed-policy/latest/reference/policy-list.html
 */
export function managedPolicyDocument(policyArn: string): string {
  const name = policyArn.replace(/^arn:[a-z-]+:iam::aws:policy\//, '');
  return JSON.stringify({ Version: '2012-10-17', Statement: KNOWN[name] ?? NOTHING });
}

/** True for an ARN of AWS's own policies; only these exist in the sandbox. */
export function isManagedPolicyArn(policyArn: string): boolean {
  return /^arn:[a-z-]+:iam::aws:policy\/[\w+=,.@/-]+$/.test(policyArn);
}

type Grant = { readonly Effect: 'Allow' | 'Deny'; readonly Action: readonly string[]; readonly Resource: string };

// A policy needs a statement, so "grants nothing" is an Allow of an action that does not exist.
const NOTHING: Grant = { Effect: 'Allow', Action: ['sandbox:Nothing'], Resource: '*' };

const KNOWN: Readonly<Record<string, Grant>> = {
  'service-role/AWSLambdaBasicExecutionRole': {
    Effect: 'Allow',
    Action: ['logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:PutLogEvents'],
    Resource: '*',
  },
  AmazonS3ReadOnlyAccess: {
    Effect: 'Allow',
    Action: ['s3:Get*', 's3:List*', 's3:Describe*', 's3-object-lambda:Get*', 's3-object-lambda:List*'],
    Resource: '*',
  },
  AmazonS3FullAccess: { Effect: 'Allow', Action: ['s3:*', 's3-object-lambda:*'], Resource: '*' },
  AdministratorAccess: { Effect: 'Allow', Action: ['*'], Resource: '*' },
};
