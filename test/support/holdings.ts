import { DescribeLogGroupsCommand } from '@aws-sdk/client-cloudwatch-logs';
import {
  GetRoleCommand,
  GetRolePolicyCommand,
  ListAttachedRolePoliciesCommand,
  ListRolePoliciesCommand,
  ListRolesCommand,
} from '@aws-sdk/client-iam';
import {
  GetFunctionCommand,
  GetFunctionEventInvokeConfigCommand,
  GetPolicyCommand,
  ListFunctionsCommand,
  type FunctionConfiguration,
  type FunctionEventInvokeConfig,
} from '@aws-sdk/client-lambda';
import {
  GetBucketEncryptionCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketOwnershipControlsCommand,
  GetBucketPolicyCommand,
  GetBucketTaggingCommand,
  GetBucketVersioningCommand,
  GetPublicAccessBlockCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
} from '@aws-sdk/client-s3';
import {
  DescribeActiveReceiptRuleSetCommand,
  DescribeReceiptRuleSetCommand,
  ListReceiptRuleSetsCommand,
  type ReceiptRule,
} from '@aws-sdk/client-ses';
import type { Foreign } from './aws-clients.ts';

export type BucketHolding = {
  readonly name: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly publicAccessBlock: unknown;
  readonly ownership: unknown;
  readonly encryption: unknown;
  readonly versioning: string | undefined;
  readonly lifecycle: readonly Readonly<Record<string, unknown>>[];
  readonly policy: readonly Statement[];
  readonly keys: readonly string[];
};

export type Statement = { readonly Sid?: string; readonly [element: string]: unknown };

export type RoleHolding = {
  readonly name: string;
  readonly path: string;
  readonly description: string | undefined;
  readonly tags: Readonly<Record<string, string>>;
  readonly trust: unknown;
  readonly boundary: string | undefined;
  readonly inline: Readonly<Record<string, { readonly Statement: readonly Statement[] }>>;
  readonly managed: readonly string[];
};

export type FunctionHolding = {
  readonly name: string;
  readonly arn: string;
  readonly role: string | undefined;
  readonly runtime: string | undefined;
  readonly handler: string | undefined;
  readonly description: string | undefined;
  readonly memorySize: number | undefined;
  readonly architectures: readonly string[];
  readonly timeout: number | undefined;
  readonly environment: Readonly<Record<string, string>>;
  readonly codeSha256: string | undefined;
  readonly tags: Readonly<Record<string, string>>;
  /** What else Lambda tells of its configuration. */
  readonly settings: Pick<FunctionConfiguration, Setting>;
  readonly reservedConcurrency: number | undefined;
  readonly async: Pick<
    FunctionEventInvokeConfig,
    'MaximumRetryAttempts' | 'MaximumEventAgeInSeconds' | 'DestinationConfig'
  >;
  readonly retentionDays: number | undefined;
  readonly policy: readonly Statement[];
};

type Setting =
  | 'KMSKeyArn'
  | 'VpcConfig'
  | 'DeadLetterConfig'
  | 'TracingConfig'
  | 'EphemeralStorage'
  | 'ImageConfigResponse'
  | 'LoggingConfig'
  | 'Layers';

/** All that the account holds, in an order that does not depend on who came first. */
export type Holdings = {
  readonly buckets: readonly BucketHolding[];
  readonly roles: readonly RoleHolding[];
  readonly functions: readonly FunctionHolding[];
  /** Rules in the order of evaluation. */
  readonly ruleSets: Readonly<Record<string, readonly ReceiptRule[]>>;
  readonly activeRuleSet: string | undefined;
};

/** Reads the whole account through the SDK. */
export async function readHoldings(clients: Foreign): Promise<Holdings> {
  const [buckets, roles, functions, ruleSets, active] = await Promise.all([
    readBuckets(clients),
    readRoles(clients),
    readFunctions(clients),
    readRuleSets(clients),
    clients.ses.send(new DescribeActiveReceiptRuleSetCommand({})),
  ]);
  return { buckets, roles, functions, ruleSets, activeRuleSet: active.Metadata?.Name };
}

const byName = <Item extends { readonly name: string }>(items: readonly Item[]): Item[] =>
  [...items].sort((a, b) => (a.name < b.name ? -1 : 1));

/** Undefined for "there is none", which S3 and Lambda tell by an error. */
async function ifThere<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    const status = (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
    if (status === 404) return undefined;
    throw error;
  }
}

/** Every bucket with its settings and keys. */
export async function readBuckets(clients: Foreign): Promise<BucketHolding[]> {
  const { Buckets = [] } = await clients.s3.send(new ListBucketsCommand({}));
  return byName(
    await Promise.all(Buckets.flatMap(({ Name }) => (Name === undefined ? [] : [readBucket(clients, Name)]))),
  );
}

/** One bucket with what belongs to it. */
export async function readBucket({ s3 }: Foreign, Bucket: string): Promise<BucketHolding> {
  const [tags, block, ownership, encryption, versioning, lifecycle, policy, objects] = await Promise.all([
    ifThere(s3.send(new GetBucketTaggingCommand({ Bucket }))),
    ifThere(s3.send(new GetPublicAccessBlockCommand({ Bucket }))),
    ifThere(s3.send(new GetBucketOwnershipControlsCommand({ Bucket }))),
    ifThere(s3.send(new GetBucketEncryptionCommand({ Bucket }))),
    s3.send(new GetBucketVersioningCommand({ Bucket })),
    ifThere(s3.send(new GetBucketLifecycleConfigurationCommand({ Bucket }))),
    ifThere(s3.send(new GetBucketPolicyCommand({ Bucket }))),
    s3.send(new ListObjectsV2Command({ Bucket })),
  ]);
  return {
    name: Bucket,
    tags: tagsOf(tags?.TagSet ?? []),
    publicAccessBlock: block?.PublicAccessBlockConfiguration,
    ownership: ownership?.OwnershipControls?.Rules?.[0]?.ObjectOwnership,
    encryption: encryption?.ServerSideEncryptionConfiguration?.Rules?.[0]?.ApplyServerSideEncryptionByDefault,
    versioning: versioning.Status,
    lifecycle: (lifecycle?.Rules ?? []).map((rule) => ({ ...rule })),
    policy: statementsOf(policy?.Policy),
    keys: (objects.Contents ?? []).flatMap(({ Key }) => Key ?? []),
  };
}

/** Every role with its policies. */
export async function readRoles(clients: Foreign): Promise<RoleHolding[]> {
  const { Roles = [] } = await clients.iam.send(new ListRolesCommand({}));
  return byName(
    await Promise.all(Roles.flatMap(({ RoleName }) => (RoleName === undefined ? [] : [readRole(clients, RoleName)]))),
  );
}

/** One role with what belongs to it. */
export async function readRole({ iam }: Foreign, RoleName: string): Promise<RoleHolding> {
  const [{ Role }, { AttachedPolicies = [] }, { PolicyNames = [] }] = await Promise.all([
    iam.send(new GetRoleCommand({ RoleName })),
    iam.send(new ListAttachedRolePoliciesCommand({ RoleName })),
    iam.send(new ListRolePoliciesCommand({ RoleName })),
  ]);
  const inline = await Promise.all(
    PolicyNames.map(async (PolicyName) => {
      const { PolicyDocument = '' } = await iam.send(new GetRolePolicyCommand({ RoleName, PolicyName }));
      return [PolicyName, JSON.parse(decodeURIComponent(PolicyDocument)) as { Statement: Statement[] }] as const;
    }),
  );
  return {
    name: RoleName,
    path: Role?.Path ?? '',
    description: Role?.Description,
    tags: tagsOf(Role?.Tags ?? []),
    trust: JSON.parse(decodeURIComponent(Role?.AssumeRolePolicyDocument ?? 'null')),
    boundary: Role?.PermissionsBoundary?.PermissionsBoundaryArn,
    inline: Object.fromEntries(inline),
    managed: AttachedPolicies.flatMap(({ PolicyArn }) => PolicyArn ?? []),
  };
}

/** Every function with its resource policy. */
export async function readFunctions(clients: Foreign): Promise<FunctionHolding[]> {
  const { Functions = [] } = await clients.lambda.send(new ListFunctionsCommand({}));
  return byName(
    await Promise.all(
      Functions.flatMap(({ FunctionName }) =>
        FunctionName === undefined ? [] : [readFunction(clients, FunctionName)],
      ),
    ),
  );
}

/** One function with what belongs to it. */
export async function readFunction({ lambda, logs }: Foreign, FunctionName: string): Promise<FunctionHolding> {
  const [{ Configuration, Concurrency, Tags = {} }, policy, async, groups] = await Promise.all([
    lambda.send(new GetFunctionCommand({ FunctionName })),
    ifThere(lambda.send(new GetPolicyCommand({ FunctionName }))),
    ifThere(lambda.send(new GetFunctionEventInvokeConfigCommand({ FunctionName }))),
    logs.send(new DescribeLogGroupsCommand({ logGroupNamePrefix: `/aws/lambda/${FunctionName}` })),
  ]);
  return {
    name: FunctionName,
    arn: Configuration?.FunctionArn ?? '',
    role: Configuration?.Role,
    runtime: Configuration?.Runtime,
    handler: Configuration?.Handler,
    description: Configuration?.Description,
    memorySize: Configuration?.MemorySize,
    architectures: Configuration?.Architectures ?? [],
    timeout: Configuration?.Timeout,
    environment: Configuration?.Environment?.Variables ?? {},
    codeSha256: Configuration?.CodeSha256,
    tags: Tags,
    settings: {
      KMSKeyArn: Configuration?.KMSKeyArn,
      VpcConfig: Configuration?.VpcConfig,
      DeadLetterConfig: Configuration?.DeadLetterConfig,
      TracingConfig: Configuration?.TracingConfig,
      EphemeralStorage: Configuration?.EphemeralStorage,
      ImageConfigResponse: Configuration?.ImageConfigResponse,
      LoggingConfig: Configuration?.LoggingConfig,
      Layers: Configuration?.Layers,
    },
    reservedConcurrency: Concurrency?.ReservedConcurrentExecutions,
    async: {
      MaximumRetryAttempts: async?.MaximumRetryAttempts,
      MaximumEventAgeInSeconds: async?.MaximumEventAgeInSeconds,
      DestinationConfig: async?.DestinationConfig,
    },
    retentionDays: groups.logGroups?.[0]?.retentionInDays,
    policy: statementsOf(policy?.Policy),
  };
}

async function readRuleSets({ ses }: Foreign): Promise<Readonly<Record<string, readonly ReceiptRule[]>>> {
  const { RuleSets = [] } = await ses.send(new ListReceiptRuleSetsCommand({}));
  const names = RuleSets.flatMap(({ Name }) => Name ?? []).sort();
  const sets = await Promise.all(
    names.map(async (RuleSetName) => {
      const { Rules = [] } = await ses.send(new DescribeReceiptRuleSetCommand({ RuleSetName }));
      return [RuleSetName, Rules] as const;
    }),
  );
  return Object.fromEntries(sets);
}

function tagsOf(tags: readonly { readonly Key?: string | undefined; readonly Value?: string | undefined }[]) {
  return Object.fromEntries(tags.map(({ Key = '', Value = '' }) => [Key, Value]));
}

function statementsOf(policy: string | undefined): readonly Statement[] {
  if (policy === undefined) return [];
  const { Statement } = JSON.parse(policy) as { readonly Statement: readonly Statement[] };
  return [...Statement].sort((a, b) => ((a.Sid ?? '') < (b.Sid ?? '') ? -1 : 1));
}
