import type { Principal } from './service.ts';

/** The session of a role, as IAM and STS name it: without the role's path. */
export function sessionArn({
  roleArn,
  sessionName,
}: Pick<Extract<Principal, { kind: 'role' }>, 'roleArn' | 'sessionName'>): string {
  const [, partition = '', , , account = ''] = roleArn.split(':');
  return `arn:${partition}:sts::${account}:assumed-role/${roleArn.slice(roleArn.lastIndexOf('/') + 1)}/${sessionName}`;
}
