import { AssumeRoleCommand, type STSClient } from '@aws-sdk/client-sts';
import { PipelineError } from '../core/fault.ts';
import type { RoleSession } from '../core/tenancy.ts';
import type { Call } from './calls.ts';
import type { CredentialProvider } from './clients.ts';

/**
 * Credentials of a role, asked for anew each time: whoever takes it remembers them, as every client of the SDK does
 * until five minutes before they expire.
 *
 * @param sts has the credentials that the role trusts
 * @see https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html (role chaining ends after an hour, the default)
 */
export function assumedRole(sts: STSClient, session: RoleSession, call: Call): CredentialProvider {
  const { roleArn, sessionName, externalId, tags } = session;
  return async () => {
    const command = new AssumeRoleCommand({
      RoleArn: roleArn,
      RoleSessionName: sessionName,
      ExternalId: externalId,
      Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
    });
    const { Credentials } = await call('AssumeRole', `role ${roleArn}`, () => sts.send(command));
    const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } = Credentials ?? {};
    if (AccessKeyId === undefined || SecretAccessKey === undefined || SessionToken === undefined)
      throw new PipelineError({
        class: 'transient',
        reason: 'AwsUnavailable',
        operation: 'sts:AssumeRole',
        message: `STS answered sts:AssumeRole for role ${roleArn} without credentials.`,
      });
    return {
      accessKeyId: AccessKeyId,
      secretAccessKey: SecretAccessKey,
      sessionToken: SessionToken,
      ...(Expiration !== undefined && { expiration: Expiration }),
    };
  };
}
