import { desiredAsync, desiredSettings } from './desired-settings.ts';
import { invalidSpec } from './fault.ts';
import { functionNameOf } from './function-names.ts';
import { pipelineKey, roleArn, roleName, rolePath, type PipelineIdentity } from './names.ts';
import { ownerTags } from './ownership.ts';
import type { Pipeline } from './pipeline.ts';
import { LAMBDA_TRUST, rolePolicy, type PolicyDocument, type Privilege } from './policy-document.ts';
import type { NewRole } from './ports.ts';
import { rightsFor } from './role-rights.ts';

export const ROLE_POLICY_NAME = 'ses-lambda-pipeline';

export type DesiredRole =
  | {
      readonly kind: 'own';
      readonly arn: string;
      readonly role: NewRole;
      readonly policy: PolicyDocument;
      readonly managedPolicyArns: readonly string[];
    }
  | { readonly kind: 'existing'; readonly arn: string };

/** @throws {PipelineError} `invalid` for a token that nobody knows, with the field's path */
export function desiredRole(
  { manifest, identity, roleLimits }: Pick<Pipeline, 'manifest' | 'identity' | 'roleLimits'>,
  bucketName: string,
): DesiredRole {
  const { spec } = manifest;
  const path = roleLimits?.rolePath ?? rolePath(identity.installation);
  if (spec.role.existingArn !== undefined) return { kind: 'existing', arn: spec.role.existingArn };
  const privileges = spec.role.privileges.map((privilege, index): Privilege => ({
    actions: privilege.actions,
    resource: resolveTokens(privilege.resource, identity, bucketName, `spec.role.privileges[${index}].resource`),
  }));
  const settings = desiredSettings(spec.function, functionNameOf(spec, identity));
  const rights = rightsFor({ ...settings, async: desiredAsync(spec.function) }, identity);
  return {
    kind: 'own',
    arn: roleArn(identity, path),
    role: {
      name: roleName(identity),
      path,
      description: `Runs the function of SesLambdaPipeline ${pipelineKey(identity)}`,
      trust: LAMBDA_TRUST,
      tags: ownerTags(identity),
      permissionsBoundaryArn: roleLimits?.permissionsBoundaryArn ?? spec.role.permissionsBoundaryArn,
    },
    policy: rolePolicy(identity, functionNameOf(spec, identity), privileges, rights),
    managedPolicyArns: spec.role.managedPolicyArns,
  };
}

function resolveTokens(resource: string, identity: PipelineIdentity, bucketName: string, path: string): string {
  const bucketArn = `arn:${identity.partition}:s3:::${bucketName}`;
  const tokens: Readonly<Record<string, string>> = {
    'bucket.arn': bucketArn,
    'bucket.arnAllKeys': `${bucketArn}/*`,
    'bucket.name': bucketName,
    account: identity.account,
    region: identity.region,
    partition: identity.partition,
  };
  return resource.replace(/\$\{([^}]*)\}/g, (_, token: string) => {
    const value = Object.hasOwn(tokens, token) ? tokens[token] : undefined;
    if (value !== undefined) return value;
    const known = Object.keys(tokens).map((name) => `\${${name}}`);
    throw invalidSpec(`${path}: unknown token \${${token}}; known are ${known.join(', ')}`);
  });
}
