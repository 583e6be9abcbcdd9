/** IAM's name for what an operation needs, where it differs from the operation's. */
const ACTIONS: Readonly<Record<string, string>> = {
  's3:HeadBucket': 's3:ListBucket',
  's3:ListObjectVersions': 's3:ListBucketVersions',
  's3:DeleteObjects': 's3:DeleteObjectVersion',
  's3:GetPublicAccessBlock': 's3:GetBucketPublicAccessBlock',
  's3:PutPublicAccessBlock': 's3:PutBucketPublicAccessBlock',
  's3:GetBucketEncryption': 's3:GetEncryptionConfiguration',
  's3:PutBucketEncryption': 's3:PutEncryptionConfiguration',
  's3:GetBucketLifecycleConfiguration': 's3:GetLifecycleConfiguration',
  's3:PutBucketLifecycleConfiguration': 's3:PutLifecycleConfiguration',
  's3:DeleteBucketLifecycle': 's3:PutLifecycleConfiguration',
};

/** Services quote in their own ways: with nothing, with "…", and SES with `…'. */
const REFUSAL =
  /User:? [`'"]?([^\s`'"]+)[`'"]? is not authorized to perform:? [`'"]?([\w-]+:\w+)[`'"]?(?: on resource:? [`'"]?([^\s`'"]+))?/i;

/**
 * Names the permission that is missing, on what, and who has to grant it. AWS says all of it in the message of most
 * services; S3 often says only "Access Denied", and then the operation tells.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
 */
export function missingPermission(error: {
  readonly action: string;
  readonly resource: string | undefined;
  readonly text: string;
}): string {
  const said = REFUSAL.exec(error.text);
  const who = said?.[1] ?? 'the credentials in use';
  const action = said?.[2] ?? ACTIONS[error.action] ?? error.action;
  const onWhat = said?.[3] ?? error.resource;
  const missing = `${capital(who)} may not ${action}${onWhat === undefined ? '' : ` on ${onWhat}`}`;
  const denial = /explicit deny in an? ([^,.;]+)/i.exec(error.text)?.[1];
  if (denial !== undefined) return `${missing}: an explicit Deny in a ${denial} forbids it. Change that policy.`;
  if (/public polic/i.test(error.text))
    return `${missing}: the policy counts as public, and public policies are blocked.`;
  const about = said !== null && error.resource !== undefined ? ` (needed for ${error.resource})` : '';
  return `${missing}${about}. Allow it in the policy of these credentials.`;
}

function capital(text: string): string {
  return text.startsWith('arn:') ? text : text.charAt(0).toUpperCase() + text.slice(1);
}
