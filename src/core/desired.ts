import { asksForAdoption } from './annotations.ts';
import {
  discoveryOf,
  encodeDiscovery,
  DISCOVERY_VARIABLE,
  LOG_LEVEL_VARIABLE,
  LOGICAL_NAME_TAG,
  type Discovery,
} from './discovery.ts';
import {
  desiredAsync,
  desiredFunctionTags,
  desiredLogGroup,
  desiredSettings,
  settingsElsewhere,
  settingsWarnings,
  type DesiredLogGroup,
} from './desired-settings.ts';
import { PipelineError } from './fault.ts';
import { ALIAS, ALIAS_TAG, aliasArn, publishingOf, type Publishing } from './publishing.ts';
import { imageElsewhere, warnOfTag } from './image-uri.ts';
import type { FunctionCode, PackageType } from './function-code.ts';
import type { AsyncSettings, FunctionConfiguration } from './function-configuration.ts';
import type { FunctionInputs } from './function-inputs.ts';
import { intervalMsOf } from './interval.ts';
import { STORAGE_RULE, type Manifest, type ManifestSpec, type ReceiptRuleSpec } from './manifest.ts';
import {
  functionArn,
  functionName,
  hex,
  pipelineKey,
  roleArn,
  roleName,
  rolePath,
  rulePrefix,
  type PipelineIdentity,
} from './names.ts';
import type { BucketEncryption, LifecycleRule, Tags } from './observed.ts';
import { ownerTags } from './ownership.ts';
import { actionsOf, arnsElsewhere, storeAction } from './rule-actions.ts';
import type { RuleBlock, RuleInSet } from './rule-block.ts';
import { LAMBDA_TRUST, rolePolicy, type PolicyDocument, type Privilege } from './policy-document.ts';
import type { NewRole } from './ports.ts';
import { rightsFor } from './role-rights.ts';
import { greenNameOf } from './twin-sets.ts';
import { normalisePrefix } from './object-key-prefix.ts';
import type { ReceiptRule } from './receipt-rule.ts';
import { lowerCaseDomain, recipientsOverlap, union } from './recipients.ts';

/** A pipeline as it was asked for: the manifest, who it is on AWS, and at hand what its function needs. */
export type Pipeline = FunctionInputs & {
  readonly manifest: Manifest;
  readonly identity: PipelineIdentity;
  /** What is forced on the role that it makes. */
  readonly roleLimits?: RoleLimits;
  /** Milliseconds since 1970; left out where nobody knows, as for files. */
  readonly createdAtMs?: number;
};

export type RoleLimits = Readonly<{ permissionsBoundaryArn?: string | undefined; rolePath?: string | undefined }>;

export type DesiredBucket =
  | {
      readonly kind: 'own';
      readonly name: string;
      readonly logicalName: string;
      readonly tags: Tags;
      readonly encryption: BucketEncryption;
      readonly versioned: boolean;
      /** Our rule; undefined: bodies are kept. */
      readonly expiry: LifecycleRule | undefined;
    }
  | { readonly kind: 'existing'; readonly name: string };

export type DesiredRole =
  | {
      readonly kind: 'own';
      readonly arn: string;
      readonly role: NewRole;
      readonly policy: PolicyDocument;
      readonly managedPolicyArns: readonly string[];
    }
  | { readonly kind: 'existing'; readonly arn: string };

export type DesiredFunction = {
  readonly name: string;
  readonly arn: string;
  readonly architecture: string;
  readonly tags: Tags;
  readonly configuration: FunctionConfiguration;
  /** Undefined: Lambda's defaults. */
  readonly async: AsyncSettings | undefined;
  /** Undefined: as many runs at once as the account has left. */
  readonly reservedConcurrency: number | undefined;
  /** Undefined: the group is Lambda's affair. */
  readonly logGroup: DesiredLogGroup | undefined;
  readonly code: FunctionCode;
  readonly packageType: PackageType;
  /** Undefined: the rules call the function itself. */
  readonly publishing: Publishing | undefined;
};

/** Every AWS resource of a pipeline spelled out. */
export type Desired = {
  readonly identity: PipelineIdentity;
  /** `namespace/name`. */
  readonly key: string;
  readonly createdAtMs: number | undefined;
  readonly bucket: DesiredBucket;
  readonly role: DesiredRole;
  readonly function: DesiredFunction;
  /** Its name is that under which the set is in use, see `homeOf`. */
  readonly ruleSet: ManifestSpec['ruleSet'];
  /** The other name of the set: where a rollout is built, or has left what there was before. */
  readonly twin: string | undefined;
  /** How long that is kept; undefined: whatever the controller's setting says. */
  readonly intervalMs: number | undefined;
  readonly block: RuleBlock;
  /** Rules of ours under names that we did not make; each is granted by its own ARN. */
  readonly existingRules: readonly RuleInSet[];
  /** What the manifest calls the rules that it takes over, by their name on AWS. */
  readonly takenOverAs: ReadonlyMap<string, string>;
  /** Rules that were ours until the manifest stopped listing them: they stay, and keep their grant while they stand. */
  readonly formerRules: readonly RuleInSet[];
  readonly discovery: Discovery;
  readonly managementPolicy: ManifestSpec['managementPolicy'];
  /** Whether what stands under our names and bears nobody's mark becomes ours. */
  readonly adopts: boolean;
  /** What is allowed but worth a second look, one sentence each. */
  readonly warnings: readonly string[];
};

export const ROLE_POLICY_NAME = 'ses-lambda-pipeline';
export const EXPIRY_RULE_ID = 'ses-lambda-pipeline-expire';
export const CODE_SOURCE_TAG = 'ses-lambda-pipeline.dev/code-source';

/** All values of the environment together. @see https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html */
const MAX_ENVIRONMENT_BYTES = 4096;

/**
 * What a manifest asks for, resource by resource.
 *
 * @param bucketName the name that was chosen among the candidates, see `chooseBucket`
 * @param live what the live function discovers now, so that the previous prefix stays known
 * @param storedUnder prefixes under which live rules store now: the function has to find mail there until they change
 * @throws {PipelineError} `invalid` with the field's path: unknown token, environment too large, an ARN elsewhere
 */
export function desiredPipeline(
  pipeline: Pipeline,
  bucketName: string,
  live: Discovery | undefined,
  storedUnder: readonly string[] = [],
): Desired {
  const { manifest, identity } = pipeline;
  const { spec } = manifest;
  const key = pipelineKey(identity);
  refuseWhatAwsWould(spec, identity);
  const discovery = discoveryOf({
    identity,
    bucketName,
    logicalName: spec.messageBodyStorage.logicalName,
    handler: spec.function.code.imageUri === undefined ? spec.function.handler : undefined,
    objectKeyPrefixes: prefixesOf(spec),
    live,
    storedUnder,
  });
  const role = desiredRole(pipeline, bucketName);
  return {
    identity,
    key,
    createdAtMs: pipeline.createdAtMs,
    bucket: desiredBucket(spec, identity, bucketName),
    role,
    function: desiredFunction(pipeline, role.arn, discovery),
    ruleSet: spec.ruleSet,
    twin: spec.ruleSet.rollout === 'BlueGreen' ? greenNameOf(spec.ruleSet.name) : undefined,
    intervalMs: intervalMsOf(manifest),
    block: desiredBlock(spec, identity, bucketName),
    existingRules: existingRuleNames(spec).map((name) => ({ ruleSet: spec.ruleSet.name, name })),
    takenOverAs: new Map(
      spec.receiptRules.flatMap(({ name, ruleName }) => (ruleName === undefined ? [] : [[ruleName, name]])),
    ),
    formerRules: [],
    discovery,
    managementPolicy: spec.managementPolicy,
    adopts: asksForAdoption(manifest),
    warnings: [...warningsOf(spec), ...(pipeline.warnings ?? [])],
  };
}

/** @throws {PipelineError} what the API server cannot judge and AWS would refuse, or nobody could undo */
function refuseWhatAwsWould(spec: ManifestSpec, { installation }: PipelineIdentity): void {
  const [elsewhere] = [...arnsElsewhere(spec), ...settingsElsewhere(spec), ...imageElsewhere(spec)];
  if (elsewhere !== undefined) throw invalid(elsewhere);
  for (const [index, { ruleName }] of spec.receiptRules.entries())
    if (ruleName?.startsWith(`${installation}_`) === true)
      throw invalid(
        `spec.receiptRules[${index}].ruleName: ${ruleName} is a name that ses-lambda-pipeline itself makes; leave ruleName out, or name a rule that somebody else made`,
      );
}

function prefixesOf(spec: ManifestSpec): string[] {
  const own = spec.receiptRules.flatMap((rule) => rule.storage?.objectKeyPrefix ?? []);
  return [...new Set([spec.messageBodyStorage.objectKeyPrefix, ...own].map(normalisePrefix))];
}

function desiredBucket(spec: ManifestSpec, identity: PipelineIdentity, name: string): DesiredBucket {
  const storage = spec.messageBodyStorage;
  if (storage.logicalName === undefined) return { kind: 'existing', name };
  return {
    kind: 'own',
    name,
    logicalName: storage.logicalName,
    tags: { ...ownerTags(identity), [LOGICAL_NAME_TAG]: storage.logicalName },
    encryption:
      storage.encryption === undefined
        ? { algorithm: 'AES256' }
        : { algorithm: 'aws:kms', kmsKeyArn: storage.encryption.kmsKeyArn },
    versioned: storage.versioned,
    expiry: storage.expireAfterDays === undefined ? undefined : expiryRule(storage.expireAfterDays, storage.versioned),
  };
}

/** @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html */
function expiryRule(days: number, versioned: boolean): LifecycleRule {
  return {
    id: EXPIRY_RULE_ID,
    Status: 'Enabled',
    Filter: { Prefix: '' },
    Expiration: { Days: days },
    ...(versioned ? { NoncurrentVersionExpiration: { NoncurrentDays: days } } : {}),
  };
}

/** @throws {PipelineError} for a token that is none */
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
    throw invalid(`${path}: unknown token \${${token}}; known are ${known.join(', ')}`);
  });
}

function desiredFunction(pipeline: Pipeline, role: string, discovery: Discovery): DesiredFunction {
  const { manifest, identity, code } = pipeline;
  const fn = manifest.spec.function;
  const environment = {
    ...fn.environment,
    ...pipeline.environment,
    [DISCOVERY_VARIABLE]: encodeDiscovery(discovery),
    [LOG_LEVEL_VARIABLE]: fn.logLevel,
  };
  const bytes = Object.entries(environment).reduce((sum, [name, value]) => sum + Buffer.byteLength(name + value), 0);
  if (bytes > MAX_ENVIRONMENT_BYTES)
    throw invalid(
      `spec.function.environment: all variables together take ${bytes} bytes, with those of environmentFrom and those that discovery needs; Lambda allows ${MAX_ENVIRONMENT_BYTES}. Move large values to the code or to S3`,
    );
  const packageType = packageTypeOf(manifest.spec);
  const ofZip = packageType === 'Zip' ? fn : undefined;
  const name = functionNameOf(manifest.spec, identity);
  return {
    name,
    arn: functionArn(identity, name),
    architecture: fn.architecture,
    tags: {
      ...desiredFunctionTags(fn, identity),
      ...(code.kind === 's3' ? { [CODE_SOURCE_TAG]: codeSource(code) } : {}),
      ...(fn.publish ? { [ALIAS_TAG]: ALIAS } : {}),
    },
    packageType,
    publishing: publishingOf(fn),
    configuration: {
      runtime: ofZip?.runtime,
      handler: ofZip?.handler,
      memorySize: fn.memorySize,
      timeout: fn.timeout,
      description: fn.description === '' ? `${pipelineKey(identity)}: ${ofZip?.handler ?? 'image'}` : fn.description,
      roleArn: role,
      environment,
      ...desiredSettings(fn, name),
    },
    async: desiredAsync(fn),
    reservedConcurrency: fn.reservedConcurrency,
    logGroup: desiredLogGroup(fn, name, identity),
    code,
  };
}

/** Lambda does not tell where a zip came from, so the source is remembered as a tag. */
function codeSource(code: FunctionCode & { kind: 's3' }): string {
  return hex([code.bucket, code.key, code.version ?? '']).slice(0, 32);
}

/** The function that the manifest names, or the one that we make. */
export const functionNameOf = (spec: ManifestSpec, identity: PipelineIdentity): string =>
  spec.function.name ?? functionName(identity, packageTypeOf(spec));

export const packageTypeOf = ({ function: { code } }: ManifestSpec): PackageType =>
  code.imageUri === undefined ? 'Zip' : 'Image';

/**
 * What our function of the other package type is called, which may be there while this one takes its place.
 *
 * @returns undefined for a function under a name of its own: there is no other
 */
export const otherFunctionNameOf = (spec: ManifestSpec, identity: PipelineIdentity): string | undefined =>
  spec.function.name === undefined
    ? functionName(identity, packageTypeOf(spec) === 'Zip' ? 'Image' : 'Zip')
    : undefined;

/** What the rules invoke: the function, or its alias. */
function invokedArn(spec: ManifestSpec, identity: PipelineIdentity): string {
  const arn = functionArn(identity, functionNameOf(spec, identity));
  return spec.function.publish ? aliasArn(arn) : arn;
}

/** Names of rules that the manifest takes over, in its own rule set. */
export const existingRuleNames = ({ receiptRules }: Pick<ManifestSpec, 'receiptRules'>): readonly string[] =>
  receiptRules.flatMap(({ ruleName }) => ruleName ?? []);

/** The rules of a pipeline; a bucket's name is needed only for those that are written. */
export function desiredBlock(spec: ManifestSpec, identity: PipelineIdentity, bucketName: string): RuleBlock {
  const prefix = rulePrefix(identity);
  const head = spec.messageBodyStorage.placement === 'HeadRule' ? storageRule(spec, prefix, bucketName) : undefined;
  return {
    owner: pipelineKey(identity),
    prefix,
    existingRules: existingRuleNames(spec),
    bucketName,
    position: spec.ruleSet.position,
    priority: spec.ruleSet.priority,
    storageRule: head,
    rules: spec.receiptRules.map((rule) => ({
      name: rule.ruleName ?? prefix + rule.name,
      enabled: rule.enabled,
      tlsPolicy: rule.tlsPolicy,
      scanEnabled: rule.scanEnabled,
      recipients: rule.recipients.map(lowerCaseDomain),
      actions: actionsOf(rule, spec, {
        bucketName,
        functionArn: invokedArn(spec, identity),
        stores: rule.storage?.disabled !== true && !(head !== undefined && isStoredByHead(rule, spec)),
      }),
    })),
  };
}

/** The one rule that stores for all that need nothing of their own: enabled ones, with its TLS policy and scan. */
function storageRule(spec: ManifestSpec, prefix: string, bucketName: string): ReceiptRule | undefined {
  const stored = spec.receiptRules.filter((rule) => isStoredByHead(rule, spec));
  if (stored.length === 0) return undefined;
  return {
    name: prefix + STORAGE_RULE,
    enabled: true,
    ...headSettings(spec),
    recipients: stored.map((rule): readonly string[] => rule.recipients.map(lowerCaseDomain)).reduce(union),
    actions: [storeAction(undefined, spec, bucketName)],
  };
}

function isStoredByHead(rule: ReceiptRuleSpec, spec: ManifestSpec): boolean {
  const head = headSettings(spec);
  return (
    rule.enabled &&
    rule.storage === undefined &&
    rule.tlsPolicy === head.tlsPolicy &&
    rule.scanEnabled === head.scanEnabled
  );
}

/** Require, and no scan, only where every rule that stores without settings of its own says so. */
function headSettings(spec: ManifestSpec): { tlsPolicy: 'Optional' | 'Require'; scanEnabled: boolean } {
  const rules = spec.receiptRules.filter((rule) => rule.enabled && rule.storage === undefined);
  return {
    tlsPolicy: rules.length > 0 && rules.every((rule) => rule.tlsPolicy === 'Require') ? 'Require' : 'Optional',
    scanEnabled: rules.length === 0 || rules.some((rule) => rule.scanEnabled),
  };
}

/** IAM has no such actions: the first is granted by s3:GetObject, the second by s3:ListBucket. */
const NOT_IAM_ACTIONS: Readonly<Record<string, string>> = {
  's3:HeadObject': 's3:GetObject',
  's3:HeadBucket': 's3:ListBucket',
};

function warningsOf(spec: ManifestSpec): string[] {
  const warnings: string[] = [...settingsWarnings(spec), ...warnOfTag(spec)];
  for (const [index, rule] of spec.receiptRules.entries())
    if (rule.recipients.length === 0 && rule.enabled)
      warnings.push(
        `spec.receiptRules[${index}].recipients: rule "${rule.name}" has no recipients, so it applies to every recipient of every verified domain of the account`,
      );
  for (const [index, privilege] of spec.role.privileges.entries())
    for (const action of privilege.actions)
      if (NOT_IAM_ACTIONS[action] !== undefined)
        warnings.push(
          `spec.role.privileges[${index}].actions: IAM knows no action ${action}; the call is allowed by ${NOT_IAM_ACTIONS[action]}`,
        );
  if (spec.messageBodyStorage.placement === 'HeadRule') {
    const stored = spec.receiptRules
      .filter((rule) => isStoredByHead(rule, spec))
      .map((rule): readonly string[] => rule.recipients);
    const recipients = stored.length === 0 ? undefined : stored.reduce(union);
    for (const [index, rule] of spec.receiptRules.entries())
      if (
        recipients !== undefined &&
        rule.enabled &&
        rule.storage !== undefined &&
        recipientsOverlap(recipients, rule.recipients)
      )
        warnings.push(
          `spec.receiptRules[${index}].storage: the storage rule at the head also stores mail for "${rule.name}"; use messageBodyStorage.placement: PerRule to keep rules apart`,
        );
  }
  return warnings;
}

function invalid(message: string): PipelineError {
  return new PipelineError({ class: 'invalid', reason: 'InvalidSpec', message });
}
