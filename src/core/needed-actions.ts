import { API_GROUP } from './api-group.ts';
import { actionsOf, type ActionGroupName } from './aws-actions.ts';
import { bucketNames, functionArn, functionName, roleArn, rolePath, type PipelineIdentity } from './names.ts';
import type { ManifestSpec } from './manifest.ts';
import { eachIn, namedIn, type NamedThings } from './policy-scope.ts';
import type { Question } from './probes.ts';
import { aliasArn } from './publishing.ts';

/** What is known of the pipelines that somebody will work on. */
export type Needs = NamedThings & {
  /** What every role of theirs carries. */
  readonly permissionsBoundaryArn?: string;
  /** Where the roles are; undefined: where the installation has them. */
  readonly rolePath?: string;
  /** Buckets of code of which a version is named: `function.code.s3.version`. */
  readonly codeVersionBuckets?: readonly string[];
  /** Functions under names of their own of which versions are published: `function.publish`. */
  readonly publishedFunctions?: readonly string[];
  /** What sessions carry, which policies see as `aws:PrincipalTag/<key>`. */
  readonly sessionTags?: Readonly<Record<string, string>>;
  /** Whether it is about the role of a tenant, with which nobody looks for what no manifest names. */
  readonly tenant?: boolean;
};

/** What manifests name, and which of it they need more for. */
export function needsIn(specs: readonly ManifestSpec[], partition: string): Needs {
  return {
    ...namedIn(specs, partition),
    codeVersionBuckets: eachIn(specs, ({ function: { code } }) =>
      code.s3?.version === undefined ? undefined : code.s3.bucket,
    ),
    publishedFunctions: eachIn(specs, ({ function: fn }) => (fn.publish ? fn.name : undefined)),
  };
}

/** A question, and whether every pipeline needs the answer to be yes in the course of its life. */
export type NeededActions = Question & { readonly always: boolean };

/**
 * What IAM has to be asked to know whether somebody may work on pipelines. Each question is about one thing, and a policy
 * may name things of that kind: one of ours stands for all.
 */
export function neededActions(identity: PipelineIdentity, needs: Needs = {}): readonly NeededActions[] {
  const context = contextOf(identity, needs);
  const about = [...aboutOurs(identity, needs), ...aboutNamed(identity, needs)];
  return about.flatMap(({ groups, resource, named = false }) =>
    (['always', 'sometimes'] as const)
      .map((which) => ({
        always: which === 'always' || named,
        actions: actionsOf(groups, which),
        resources: [resource],
        context,
      }))
      .filter(({ actions }) => actions.length > 0),
  );
}

/** `named`: only some pipelines need it, but the ones at hand do. */
type About = { readonly groups: readonly ActionGroupName[]; readonly resource: string; readonly named?: boolean };

function aboutOurs(identity: PipelineIdentity, needs: Needs): readonly About[] {
  const { partition, account } = identity;
  const [bucket = ''] = bucketNames(identity, 'Special');
  const bucketArn = `arn:${partition}:s3:::${bucket}`;
  const role = roleArn(identity, needs.rolePath ?? rolePath(identity.installation));
  const mayLackBoundary = needs.permissionsBoundaryArn === undefined;
  return [
    { groups: needs.tenant === true ? ['receiptRules'] : ['receiptRules', 'search'], resource: '*' },
    { groups: ['newBucket', 'bucket', 'ownBucket'], resource: bucketArn },
    { groups: ['objects'], resource: `${bucketArn}/object` },
    // One that is not there yet has no path.
    { groups: ['roleSearch'], resource: roleArn(identity, '/') },
    { groups: ['roleSearch', 'newRole', 'role', 'roleGrants', 'passedRoles'], resource: role },
    ...(mayLackBoundary ? [{ groups: ['boundaryRemoval'], resource: role } as const] : []),
    // No tenant may.
    ...(needs.tenant === true
      ? []
      : [{ groups: ['profiles'], resource: `arn:${partition}:iam::${account}:instance-profile/somebodys` } as const]),
    ...aboutFunction(identity, functionName(identity, 'Zip')),
    { groups: ['logGroupSearch'], resource: logsArn(identity, 'log-group::log-stream:') },
  ];
}

const aboutFunction = (identity: PipelineIdentity, name: string): readonly About[] => [
  { groups: ['newFunction', 'fn', 'qualifiedFunction', 'markedFunction'], resource: functionArn(identity, name) },
  { groups: ['logGroup'], resource: logsArn(identity, `log-group:/aws/lambda/${name}:*`) },
];

const logsArn = ({ partition, region, account }: PipelineIdentity, what: string): string =>
  `arn:${partition}:logs:${region}:${account}:${what}`;

function aboutNamed(identity: PipelineIdentity, needs: Needs): readonly About[] {
  const { buckets = [], codeBuckets = [], roleArns = [], functions = [] } = needs;
  const { layers = [], vpc = false, repositories = [], kmsKeys = [] } = needs;
  const { codeVersionBuckets = [], publishedFunctions = [] } = needs;
  const s3 = (what: string): string => `arn:${identity.partition}:s3:::${what}`;
  const each = (names: readonly string[], ...groups: readonly ActionGroupName[]): readonly About[] =>
    names.map((resource) => ({ groups, resource, named: true }));
  return [
    ...buckets.map((bucket) => ({ groups: ['bucket'], resource: s3(bucket) }) as const),
    ...each(
      codeBuckets.map((bucket) => s3(`${bucket}/code.zip`)),
      'codeObjects',
    ),
    ...each(
      codeVersionBuckets.map((bucket) => s3(`${bucket}/code.zip`)),
      'codeVersions',
    ),
    ...each(roleArns, 'passedRoles'),
    ...functions.flatMap((name) => aboutFunction(identity, name)),
    ...publishedFunctions.map(
      (name) => ({ groups: ['qualifiedFunction'], resource: aliasArn(functionArn(identity, name)) }) as const,
    ),
    ...each(layers, 'layers'),
    ...each(vpc ? ['*'] : [], 'networks'),
    ...each(repositories, 'images'),
    ...each(kmsKeys, 'keys', 'keyGrants'),
  ];
}

/** What our calls bring along, and what is true of whatever is ours: policies make conditions of it. */
function contextOf(
  { account, region, installation, namespace }: PipelineIdentity,
  { permissionsBoundaryArn, sessionTags = {} }: Needs,
): Question['context'] {
  const marks = ['aws:RequestTag', 'aws:ResourceTag'].flatMap((key) => [
    [`${key}/${API_GROUP}/installation`, installation],
    [`${key}/${API_GROUP}/namespace`, namespace],
  ]);
  return {
    'aws:RequestedRegion': region,
    ...(Object.fromEntries(marks) as Record<string, string>),
    ...Object.fromEntries(Object.entries(sessionTags).map(([key, value]) => [`aws:PrincipalTag/${key}`, value])),
    's3:ResourceAccount': account,
    'iam:PassedToService': 'lambda.amazonaws.com',
    ...(permissionsBoundaryArn !== undefined && { 'iam:PermissionsBoundary': permissionsBoundaryArn }),
    'kms:ViaService': `lambda.${region}.amazonaws.com`,
    'kms:GrantIsForAWSResource': 'true',
  };
}
