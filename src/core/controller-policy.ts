import { API_GROUP } from './api-group.ts';
import { actionsOf, type ActionGroupName } from './aws-actions.ts';
import { namePatterns, rolePath } from './names.ts';
import type { PolicyDocument, Statement } from './policy-document.ts';
import { andBelow, type PolicyScope } from './policy-scope.ts';

/** Characters of a managed policy, white space aside. @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html */
export const MAX_MANAGED_POLICY = 6_144;

/** Actions that IAM ties to no resource, as the Service Authorization Reference has it: `Resource` is `*` for no others. */
export const WITHOUT_RESOURCE: readonly string[] = actionsOf(['receiptRules', 'search', 'networks']);

/**
 * The least a controller can do its work with, as an identity policy: a test judges every call of ours by it, and fails
 * for an action that no call has needed.
 */
export function controllerPolicy(scope: PolicyScope): PolicyDocument {
  return {
    Version: '2012-10-17',
    Statement: [
      allow('ReceiptRules', ['receiptRules'], ['*'], inOurRegions(scope)),
      // It shows the whole account, and what a tenant's namespaces are is nothing that IAM could narrow it by.
      ...(scope.namespaces === undefined ? [allow('FindWhatNobodyNames', ['search'], ['*'])] : []),
      ...bucketStatements(scope),
      ...roleStatements(scope),
      ...functionStatements(scope),
      ...givenStatements(scope),
    ],
  };
}

/** For a controller with a tenants file: it works as the roles named there and needs no right of its own. */
export function tenantsPolicy(
  roleArns: readonly string[],
  { sessionTags }: { /** Whether an entry has some. */ readonly sessionTags: boolean },
): PolicyDocument {
  const actions = actionsOf(['tenants'], sessionTags ? 'all' : 'always');
  return {
    Version: '2012-10-17',
    Statement: [{ Sid: 'WorkAsTenants', Effect: 'Allow', Action: actions, Resource: roleArns }],
  };
}

/** Buckets of all installations: their names, which are the seed's, do not tell them apart. */
export const OUR_BUCKETS = '*-sesmessagestorebucket*';

const s3 = ({ partition }: PolicyScope, what: string): string => `arn:${partition}:s3:::${what}`;

function bucketStatements(scope: PolicyScope): Statement[] {
  const { account, buckets = [], codeBuckets = [] } = scope;
  const inOurAccount = { StringEquals: { 's3:ResourceAccount': account } };
  const ours = [s3(scope, OUR_BUCKETS)];
  const keysOf = (bucket: string): string => s3(scope, `${bucket}/*`);
  return [
    allow('MakeBuckets', ['newBucket'], ours),
    allow('OurBuckets', ['bucket', 'ownBucket'], ours, inOurAccount),
    allow('EmptyOurBuckets', ['objects'], [keysOf(OUR_BUCKETS)], inOurAccount),
    ...whereNamed(
      'ExistingBuckets',
      ['bucket'],
      buckets.map((bucket) => s3(scope, bucket)),
      inOurAccount,
    ),
    ...whereNamed('ReadCode', ['codeObjects', 'codeVersions'], codeBuckets.map(keysOf)),
  ];
}

function roleStatements(scope: PolicyScope): Statement[] {
  const { partition, account, installation, namespaces, roleArns = [], permissionsBoundaryArn: boundary } = scope;
  const path = scope.rolePath ?? rolePath(installation);
  const iam = (what: string): string => `arn:${partition}:iam::${account}:${what}`;
  const names = namePatterns(installation, namespaces);
  const ours = namespaces === undefined ? [iam(`role${path}*`)] : names.map((name) => iam(`role${path}${name}`));
  const underBoundary = boundary === undefined ? {} : { 'iam:PermissionsBoundary': boundary };
  return [
    // What is not there has no path that IAM could judge by.
    allow(
      'LookForRoles',
      ['roleSearch'],
      names.map((name) => iam(`role/${name}`)),
    ),
    allow('MakeRoles', ['newRole'], ours, markedBy(scope, 'aws:RequestTag', underBoundary)),
    allow('OurRoles', ['roleSearch', 'role'], ours),
    // With a boundary only under it; taking it off would widen the role, so that is nobody's right then.
    ...(boundary === undefined
      ? [allow('RightsOfOurRoles', ['roleGrants', 'boundaryRemoval'], ours)]
      : [allow('RightsOfOurRoles', ['roleGrants'], ours, { StringEquals: underBoundary })]),
    // IAM judges by the profile, which does not say whose role is in it: no tenant could be kept from those of others.
    ...(namespaces === undefined ? [allow('TakeRolesOutOfProfiles', ['profiles'], [iam('instance-profile/*')])] : []),
    allow('PassRolesToLambda', ['passedRoles'], [...ours, ...roleArns], {
      StringEquals: { 'iam:PassedToService': 'lambda.amazonaws.com' },
    }),
  ];
}

function functionStatements(scope: PolicyScope): Statement[] {
  const { partition, account, regions, installation, namespaces, functions = [] } = scope;
  const names = [...namePatterns(installation, namespaces), ...functions];
  const arns = names.flatMap((name) =>
    regions.map((region) => `arn:${partition}:lambda:${region}:${account}:function:${name}`),
  );
  const logGroups = regions.map((region) => `arn:${partition}:logs:${region}:${account}:log-group:*`);
  return [
    allow('MakeFunctions', ['newFunction'], arns, markedBy(scope, 'aws:RequestTag')),
    allow('OurFunctions', ['fn', 'qualifiedFunction'], arns.flatMap(andBelow)),
    allow('OurLogGroups', ['logGroup'], arns.map(logGroupOf).flatMap(andBelow)),
    allow('FindLogGroups', ['logGroupSearch'], logGroups),
    allow('OurMarkedFunctions', ['markedFunction'], arns, markedBy(scope, 'aws:ResourceTag')),
  ];
}

const logGroupOf = (functionArn: string): string =>
  functionArn.replace(':lambda:', ':logs:').replace(':function:', ':log-group:/aws/lambda/');

/** What functions are given: Lambda asks whether the caller may use it, and uses keys with the caller's rights. */
function givenStatements(scope: PolicyScope): Statement[] {
  const { layers = [], vpc = false, repositories = [], kmsKeys = [] } = scope;
  const throughLambda = { 'kms:ViaService': scope.regions.map((region) => `lambda.${region}.amazonaws.com`) };
  return [
    ...whereNamed('UseLayers', ['layers'], layers),
    ...whereNamed('SeeNetworks', ['networks'], vpc ? ['*'] : [], inOurRegions(scope)),
    ...whereNamed('PullImages', ['images'], repositories),
    ...whereNamed('UseKeys', ['keys'], kmsKeys, { StringEquals: throughLambda }),
    ...whereNamed('GrantKeysToLambda', ['keyGrants'], kmsKeys, {
      Bool: { 'kms:GrantIsForAWSResource': 'true' },
      StringEquals: throughLambda,
    }),
  ];
}

type Conditions = Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;

const inOurRegions = ({ regions }: PolicyScope): Conditions => ({ StringEquals: { 'aws:RequestedRegion': regions } });

/** Tags of ours in the call, or on what it is about. */
function markedBy(
  { installation, namespaces }: PolicyScope,
  key: 'aws:RequestTag' | 'aws:ResourceTag',
  others: Readonly<Record<string, string>> = {},
): Conditions {
  const mark = (name: string): string => `${key}/${API_GROUP}/${name}`;
  return {
    StringEquals: { [mark('installation')]: installation, ...others },
    ...(namespaces !== undefined && { StringLike: { [mark('namespace')]: namespaces } }),
  };
}

const allow = (
  sid: string,
  groups: readonly ActionGroupName[],
  resources: readonly string[],
  conditions?: Conditions,
): Statement => ({
  Sid: sid,
  Effect: 'Allow',
  Action: actionsOf(groups),
  Resource: resources,
  ...(conditions !== undefined && { Condition: conditions }),
});

/** A statement about nothing would be refused by IAM. */
const whereNamed = (...statement: Parameters<typeof allow>): Statement[] =>
  statement[2].length === 0 ? [] : [allow(...statement)];
