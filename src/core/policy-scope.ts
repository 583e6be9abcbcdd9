import type { ManifestSpec } from './manifest.ts';
import type { Tenant } from './tenancy.ts';

/** What pipelines name and do not make; ARNs and names, or patterns of them with `*` for any characters. */
export type NamedThings = {
  /** Existing buckets that take bodies: `messageBodyStorage.bucketName`. */
  readonly buckets?: readonly string[];
  /** Buckets that function code comes from: `function.code.s3`. */
  readonly codeBuckets?: readonly string[];
  /** Existing roles of functions: `role.existingArn`. */
  readonly roleArns?: readonly string[];
  /** Functions under names of their own: `function.name`. */
  readonly functions?: readonly string[];
  /** Layer versions: `function.layers`. */
  readonly layers?: readonly string[];
  /** Whether functions are in a VPC: `function.vpc`. */
  readonly vpc?: boolean;
  /** Repositories of images in ECR: `function.code.imageUri`. */
  readonly repositories?: readonly string[];
  /** Keys of environments: `function.kmsKeyArn`. */
  readonly kmsKeys?: readonly string[];
};

/** Where a controller works, and what it may touch that it does not make itself. */
export type PolicyScope = NamedThings & {
  readonly partition: string;
  readonly account: string;
  readonly regions: readonly string[];
  readonly installation: string;
  /** Every role that it makes has to carry this boundary. Undefined: it may make roles without one. */
  readonly permissionsBoundaryArn?: string;
  /** Where the roles that it makes are; undefined: where the installation has them. */
  readonly rolePath?: string;
  /** Whose pipelines, as in the tenants file: a namespace, or how its name begins with `*` at the end. Undefined: all. */
  readonly namespaces?: readonly string[];
};

/**
 * The ARN of a function or log group and of what is below it: versions and aliases, which Lambda judges by their own ARN
 * when the call has a qualifier, or log streams. A pattern with `*` at the end fits these already; with `*` behind the
 * name of one, `orders` would be `orders-archive` too.
 *
 * @see https://github.com/aws/aws-cdk/pull/19318
 * @see https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatchlogs.html
 */
export const andBelow = (arn: string): readonly string[] => (arn.endsWith('*') ? [arn] : [arn, `${arn}:*`]);

/** What manifests name: nothing else has to be allowed beyond what pipelines make themselves. */
export function namedIn(specs: readonly ManifestSpec[], partition: string): NamedThings {
  const each = (of: (spec: ManifestSpec) => string | readonly string[] | undefined) => eachIn(specs, of);
  return {
    buckets: each(({ messageBodyStorage }) => messageBodyStorage.bucketName),
    codeBuckets: each((spec) => spec.function.code.s3?.bucket),
    roleArns: each(({ role }) => role.existingArn),
    functions: each((spec) => spec.function.name),
    layers: each((spec) => spec.function.layers),
    vpc: specs.some((spec) => spec.function.vpc !== undefined),
    repositories: each((spec) => repositoryOf(spec.function.code.imageUri, partition)),
    kmsKeys: each((spec) => spec.function.kmsKeyArn),
  };
}

/** What some of the manifests say, once. */
export const eachIn = (
  specs: readonly ManifestSpec[],
  of: (spec: ManifestSpec) => string | readonly string[] | undefined,
): readonly string[] => [...new Set(specs.flatMap((spec) => of(spec) ?? []))];

/** What the entry of the tenants file lets pipelines name. IAM's `*` goes across `:` and `/`, that of the file does not. */
export function namedBy({ allow }: Tenant, partition: string): NamedThings {
  return {
    buckets: allow.buckets,
    codeBuckets: allow.codeBuckets,
    roleArns: allow.roles,
    functions: allow.functions,
    layers: allow.layers,
    vpc: allow.networks.length > 0,
    repositories: [...new Set(allow.images.flatMap((image) => repositoryOf(image, partition) ?? []))],
    kmsKeys: allow.kmsKeys,
  };
}

export const makesRole = ({ role }: ManifestSpec): boolean => role.existingArn === undefined;

/** What every role that the pipelines make carries; undefined when one has none, or another. */
export function boundaryOfAll(specs: readonly ManifestSpec[]): string | undefined {
  const [first, ...others] = new Set(specs.filter(makesRole).map(({ role }) => role.permissionsBoundaryArn));
  return others.length === 0 ? first : undefined;
}

/** All of both. */
export function together(a: NamedThings, b: NamedThings): NamedThings {
  const both = (of: (one: NamedThings) => readonly string[] | undefined): readonly string[] => [
    ...new Set([a, b].flatMap((one) => of(one) ?? [])),
  ];
  return {
    buckets: both(({ buckets }) => buckets),
    codeBuckets: both(({ codeBuckets }) => codeBuckets),
    roleArns: both(({ roleArns }) => roleArns),
    functions: both(({ functions }) => functions),
    layers: both(({ layers }) => layers),
    vpc: a.vpc === true || b.vpc === true,
    repositories: both(({ repositories }) => repositories),
    kmsKeys: both(({ kmsKeys }) => kmsKeys),
  };
}

/** The repository of `<account>.dkr.ecr.<region>.amazonaws.com/<name>`, whatever tag or digest comes after it. */
function repositoryOf(image: string | undefined, partition: string): string | undefined {
  const [, account, region, name] = /^([^./]+)\.dkr\.ecr\.([^./]+)\.[^/]+\/([^:@]+)/.exec(image ?? '') ?? [];
  return name === undefined ? undefined : `arn:${partition}:ecr:${region}:${account}:repository/${name}`;
}
