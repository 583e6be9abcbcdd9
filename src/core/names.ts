import { createHash } from 'node:crypto';
import type { PackageType } from './function-code.ts';

/** Everything that a pipeline's names are made of: the same identity always gives the same names. */
export type PipelineIdentity = {
  readonly partition: string;
  readonly account: string;
  readonly region: string;
  /** Tells apart two installations in one account: 1 to 8 of a-z, 0-9 and dash. */
  readonly installation: string;
  readonly namespace: string;
  readonly name: string;
};

/** `namespace/name`, as it is shown to people and written into tags. */
export const pipelineKey = (identity: Pick<PipelineIdentity, 'namespace' | 'name'>): string =>
  `${identity.namespace}/${identity.name}`;

export const INSTALLATION = /^[a-z0-9]([a-z0-9-]{0,6}[a-z0-9])?$/;

/** Number of bucket names that are tried before `BucketNameTaken`. */
export const BUCKET_SALTS = 8;

const BUCKET_LOGICAL_ID = 'SESMessageStoreBucket';

/**
 * The logical id under which discovery lists the bucket: Sparta's `CloudFormationResourceName`.
 * @see https://godoc.org/github.com/mweagle/Sparta#CloudFormationResourceName
 */
export function bucketLogicalId(logicalName: string): string {
  return BUCKET_LOGICAL_ID + createHash('sha1').update(BUCKET_LOGICAL_ID).update(logicalName).digest('hex');
}

/**
 * Candidates for the bucket's name, first choice first: at most 63 characters each, and nobody who does not know the
 * account can guess that they will be wanted.
 */
export function bucketNames(identity: PipelineIdentity, logicalName: string): readonly string[] {
  const { partition, account, region, installation, namespace, name } = identity;
  const id = bucketLogicalId(logicalName).slice(BUCKET_LOGICAL_ID.length, BUCKET_LOGICAL_ID.length + 10);
  const start = name.slice(0, 17).replace(/-+$/, '');
  return Array.from({ length: BUCKET_SALTS }, (_, salt) => {
    const parts = [partition, account, region, installation, namespace, name, logicalName, String(salt)];
    return `${start}-${BUCKET_LOGICAL_ID.toLowerCase()}${id}-${base36(parts).slice(0, 13)}`;
  });
}

/** Path of every role of an installation, where no other is forced: an IAM policy can be scoped to it. */
export const rolePath = (installation: string): string => `/ses-lambda-pipeline/${installation}/`;

/** At most 64 characters; role names are unique in an account whatever the region and path, so the region is in the hash. */
export function roleName(identity: PipelineIdentity): string {
  return readableName(identity, ['role']);
}

/** At most 64 characters; the package type is in the hash, since a function cannot change it. */
export function functionName(identity: PipelineIdentity, packageType: PackageType): string {
  return readableName(identity, ['function', packageType]);
}

export function functionArn({ partition, region, account }: PipelineIdentity, name: string): string {
  return `arn:${partition}:lambda:${region}:${account}:function:${name}`;
}

/** The function that an ARN names, whichever version or alias of it. */
export const withoutQualifier = (arn: string): string => arn.split(':').slice(0, 7).join(':');

export function roleArn(identity: PipelineIdentity, path: string): string {
  return `arn:${identity.partition}:iam::${identity.account}:role${path}${roleName(identity)}`;
}

/**
 * What the names of a pipeline's rules begin with; at most 32 characters, so that a rule's name stays within 63.
 * The dot in the long form keeps it apart from every short one: no namespace has a dot in it.
 */
export function rulePrefix(identity: Pick<PipelineIdentity, 'installation' | 'namespace' | 'name'>): string {
  const { installation, namespace, name } = identity;
  const short = `${installation}_${namespace}_${name}_`;
  if (short.length <= MAX_RULE_PREFIX) return short;
  const hash = hex([installation, namespace, name]).slice(0, 10);
  const room = MAX_RULE_PREFIX - installation.length - hash.length - '_.-_'.length;
  const fromNamespace = namespace.slice(0, Math.floor(room / 2));
  return `${installation}_${fromNamespace}.${name.slice(0, room - fromNamespace.length)}-${hash}_`;
}

const MAX_RULE_PREFIX = 32;

/**
 * What {@link rulePrefix} made, read back from the name of a rule: whose it is, or, where the prefix was cut, as much of
 * it as the name tells.
 *
 * @returns undefined for a rule that no pipeline of the installation can have
 */
export function ownerOfRule(
  installation: string,
  ruleName: string,
): { readonly namespace: string; readonly name: string; readonly prefix: string } | undefined {
  const [first, ...parts] = ruleName.split('_');
  const rule = parts.pop();
  if (first !== installation || rule === undefined || rule === '') return undefined;
  const prefix = `${[first, ...parts].join('_')}_`;
  const [namespace = '', name = ''] = parts.length === 1 ? (parts[0] ?? '').split('.') : parts;
  if (parts.length > 2 || namespace === '' || name === '') return undefined;
  const cut = parts.length === 1;
  const ours = cut ? /-[0-9a-f]{10}$/.test(name) : rulePrefix({ installation, namespace, name }) === prefix;
  return ours ? { namespace, name, prefix } : undefined;
}

/** What the names of all rules begin with that an installation makes, from the prefix of one of its pipelines. */
export const installationMark = (prefix: string): string => prefix.slice(0, prefix.indexOf('_') + 1);

/** Ends the second name of a rule set. No manifest may use such a name, so what stands there is a clone. */
export const GREEN = '-green';

/** A rule is ours when its name is our prefix and a name without underscore: the only names that we ever make. */
export function isRuleOf(prefix: string, ruleName: string): boolean {
  return ruleName.startsWith(prefix) && ruleName.length > prefix.length && !ruleName.slice(prefix.length).includes('_');
}

export function ruleArn(identity: PipelineIdentity, ruleSet: string, rule: string): string {
  const { partition, region, account } = identity;
  return `arn:${partition}:ses:${region}:${account}:receipt-rule-set/${ruleSet}:receipt-rule/${rule}`;
}

/** First characters of the SHA-256 of the parts; parts cannot run into each other. */
export function hex(parts: readonly string[]): string {
  return digest(parts).toString('hex');
}

function base36(parts: readonly string[]): string {
  return BigInt(`0x${hex(parts)}`)
    .toString(36)
    .padStart(50, '0');
}

function digest(parts: readonly string[]): Buffer {
  return createHash('sha256').update(JSON.stringify(parts)).digest();
}

const NAME_HASH = 10;

function readableName(identity: PipelineIdentity, kind: readonly string[]): string {
  const { partition, account, region, installation, namespace, name } = identity;
  const hash = hex([...kind, partition, account, region, installation, namespace, name]).slice(0, NAME_HASH);
  return `${cutName(`${installation}-${namespace}-${name}`)}-${hash}`;
}

const LONGEST_CUT = 64 - NAME_HASH - 1;
const cutName = (text: string): string => text.slice(0, LONGEST_CUT).replace(/-+$/, '');

/**
 * Patterns, with `*` for any characters, that every name of a role or function fits which pipelines of the namespaces have.
 *
 * @param namespaces with `*` at the end of one: all that begin so. Undefined: all
 */
export function namePatterns(installation: string, namespaces: readonly string[] | undefined): readonly string[] {
  if (namespaces === undefined) return [`${installation}-*`];
  const patterns = namespaces.map((namespace) => {
    const start = namespace.endsWith('*') ? namespace.slice(0, -1) : `${namespace}-`;
    return `${`${installation}-${start}`.slice(0, LONGEST_CUT)}*`;
  });
  return [...new Set(patterns)];
}
