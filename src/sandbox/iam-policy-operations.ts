import { AwsError } from './aws-error.ts';
import {
  descriptionOf,
  pageOf,
  pathOf,
  permissionPolicyOf,
  policyNameOf,
  refuseTooManyTags,
  tagsOf,
} from './iam-input.ts';
import { tagList, urlEncode } from './iam-output.ts';
import type { CustomerPolicy, PolicyBook } from './iam-policies.ts';
import type { Role, RoleBook } from './iam-roles.ts';
import { requiredString, type QueryOperation } from './query-service.ts';
import { homeOf } from './service.ts';
import { stringParam } from './wire/query-protocol.ts';

const MAX_POLICY_CHARACTERS = 6144;
const VERSION = 'v1';

/** Policies an account writes itself, such as the boundary of its roles. */
export function customerPolicyOperations(
  roles: RoleBook,
  policies: PolicyBook,
): Readonly<Record<string, QueryOperation>> {
  const usersOf = (arn: string): readonly Role[] =>
    roles
      .of(arn.split(':')[4] ?? '')
      .list()
      .filter(({ permissions }) => permissions.latest().attached.has(arn));
  const boundedBy = (arn: string): readonly Role[] =>
    roles
      .of(arn.split(':')[4] ?? '')
      .list()
      .filter(({ permissions }) => permissions.latest().boundaryArn === arn);
  const described = (policy: CustomerPolicy) => ({
    PolicyName: policy.name,
    PolicyId: policy.id,
    Arn: policy.arn,
    Path: policy.path,
    DefaultVersionId: VERSION,
    AttachmentCount: usersOf(policy.arn).length,
    PermissionsBoundaryUsageCount: boundedBy(policy.arn).length,
    IsAttachable: true,
    CreateDate: new Date(policy.createdAtMs).toISOString(),
    UpdateDate: new Date(policy.createdAtMs).toISOString(),
  });

  return {
    CreatePolicy: (params, call) => {
      const document = permissionPolicyOf(params);
      if (document.replaceAll(/\s/g, '').length > MAX_POLICY_CHARACTERS) {
        throw new AwsError(409, 'LimitExceeded', `Cannot exceed quota for PolicySize: ${MAX_POLICY_CHARACTERS}`);
      }
      const tags = tagsOf(params);
      refuseTooManyTags('Policy', tags.size);
      const { account } = homeOf(call);
      const wanted = {
        name: policyNameOf(params),
        path: pathOf(params),
        description: descriptionOf(params),
        document,
        tags,
      };
      const policy = policies.add(account, wanted);
      return { Policy: { ...described(policy), Tags: tags.size === 0 ? undefined : tagList(tags) } };
    },
    GetPolicy: (params) => {
      const policy = policies.get(requiredString(params, 'PolicyArn'));
      const Tags = policy.tags.size === 0 ? undefined : tagList(policy.tags);
      return { Policy: { ...described(policy), Description: policy.description, Tags } };
    },
    GetPolicyVersion: (params) => {
      const { arn, document, createdAtMs } = policies.get(requiredString(params, 'PolicyArn'));
      const version = requiredString(params, 'VersionId');
      if (version !== VERSION) {
        throw new AwsError(
          404,
          'NoSuchEntity',
          `Policy ${arn} version ${version} does not exist or is not attachable.`,
        );
      }
      return {
        PolicyVersion: {
          Document: urlEncode(document),
          VersionId: VERSION,
          IsDefaultVersion: true,
          CreateDate: new Date(createdAtMs).toISOString(),
        },
      };
    },
    ListPolicies: (params, call) => {
      const prefix = stringParam(params, 'PathPrefix') ?? '/';
      const onlyAttached = stringParam(params, 'OnlyAttached') === 'true';
      // AWS's own are over a thousand, of which the sandbox knows the few that matter to it: it lists none of them.
      const found = policies
        .list(homeOf(call).account)
        .filter(({ path, arn }) => path.startsWith(prefix) && (!onlyAttached || usersOf(arn).length > 0));
      const page = pageOf(params, stringParam(params, 'Scope') === 'AWS' ? [] : found);
      return { Policies: page.items.map(described), ...page.rest };
    },
    ListEntitiesForPolicy: (params) => {
      const { arn } = policies.get(requiredString(params, 'PolicyArn'));
      const users = stringParam(params, 'PolicyUsageFilter') === 'PermissionsBoundary' ? boundedBy(arn) : usersOf(arn);
      const page = pageOf(params, users);
      const PolicyRoles = page.items.map(({ name, id }) => ({ RoleName: name, RoleId: id }));
      return { PolicyGroups: [], PolicyUsers: [], PolicyRoles, ...page.rest };
    },
    DeletePolicy: (params) => {
      const { arn } = policies.get(requiredString(params, 'PolicyArn'));
      if (usersOf(arn).length + boundedBy(arn).length > 0) {
        throw new AwsError(409, 'DeleteConflict', 'Cannot delete a policy attached to entities.');
      }
      policies.remove(arn);
      return undefined;
    },
  };
}
