import type { PolicyBook } from './iam-policies.ts';
import { MAX_ROLES, type RoleBook } from './iam-roles.ts';
import type { QueryOperation } from './query-service.ts';
import { homeOf } from './service.ts';

/** What every account begins with. @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html */
const QUOTAS: Readonly<Record<string, number>> = {
  AccessKeysPerUserQuota: 2,
  AssumeRolePolicySizeQuota: 2048,
  AttachedPoliciesPerGroupQuota: 10,
  AttachedPoliciesPerRoleQuota: 10,
  AttachedPoliciesPerUserQuota: 10,
  GroupPolicySizeQuota: 5120,
  GroupsPerUserQuota: 10,
  GroupsQuota: 300,
  InstanceProfilesQuota: 1000,
  PoliciesQuota: 1500,
  PolicySizeQuota: 6144,
  PolicyVersionsInUseQuota: 10_000,
  RolePolicySizeQuota: 10_240,
  RolesQuota: MAX_ROLES,
  ServerCertificatesQuota: 20,
  SigningCertificatesPerUserQuota: 2,
  UserPolicySizeQuota: 2048,
  UsersQuota: 5000,
  VersionsPerPolicyQuota: 5,
};

/** What the sandbox has none of. */
const NONE: Readonly<Record<string, number>> = {
  AccountAccessKeysPresent: 0,
  AccountMFAEnabled: 0,
  AccountSigningCertificatesPresent: 0,
  GlobalEndpointTokenVersion: 1,
  Groups: 0,
  InstanceProfiles: 0,
  MFADevices: 0,
  MFADevicesInUse: 0,
  Providers: 0,
  ServerCertificates: 0,
  Users: 0,
};

/** What an account has of IAM, and how much it may have. */
export function accountOperations(roles: RoleBook, policies: PolicyBook): Readonly<Record<string, QueryOperation>> {
  return {
    GetAccountSummary: (_params, call) => {
      const { account } = homeOf(call);
      const own = policies.list(account).length;
      const counts = { Policies: own, PolicyVersionsInUse: own, Roles: roles.of(account).list().length };
      return { SummaryMap: new Map(Object.entries({ ...QUOTAS, ...NONE, ...counts })) };
    },
  };
}
