import { createHash } from 'node:crypto';
import { zipSync } from 'fflate';
import type { Held } from './support/held.ts';
import type { Json } from './documents.ts';

/** A change to one field of a Ready pipeline, and what AWS holds after it. */
export type Edit = {
  /** As in the schema, from `spec` down; `[]` is the first item of a list. */
  readonly field: string;
  readonly to: Json;
  /** What else the pipeline says before the edit, by field; it stays. */
  readonly given?: Readonly<Record<string, Json>>;
  /** Of what AWS holds, that which shows the edit. Missing: the field is about what happens later, and AWS shows nothing. */
  readonly shows?: (held: Held) => unknown;
  readonly expected?: unknown;
  /** The status once AWS is as it should be; `Ready=True` when left out. */
  readonly condition?: { readonly type: string; readonly status: string; readonly reason: string };
};

const KEY = 'arn:aws:kms:us-west-2:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab';
const TOPIC = 'arn:aws:sns:us-west-2:123456789012:stored';
const POLICY = 'arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess';
const QUEUE = 'arn:aws:sqs:us-west-2:123456789012:failures';
const LAYER = 'arn:aws:lambda:us-west-2:123456789012:layer:tools:3';
const VPC = { subnetIds: ['subnet-1'], securityGroupIds: ['sg-1'] };

/** What a test puts there before the pipelines come. */
export const EXISTING = {
  role: 'handler',
  bucket: 'releases-us-west-2',
  otherBucket: 'others-us-west-2',
  key: 'app.zip',
  otherKey: 'app-2.zip',
} as const;

/** A zip for each place, so that its hash tells which one was taken. */
export const zipFor = (place: string): Uint8Array =>
  zipSync({ 'index.mjs': Buffer.from(`export const handler = async () => '${place}';`) }, { mtime: '1980-01-01' });
export const hashOf = (zip: Uint8Array): string => createHash('sha256').update(zip).digest('base64');

const nameOf = (rule: string | undefined): string => rule?.split('_').at(-1) ?? '';
const ruleNames = ({ rules }: Held): readonly string[] => rules.map(({ Name }) => nameOf(Name));
const first = ({ rules }: Held) => rules.find(({ Name }) => ['First', 'Renamed'].includes(nameOf(Name)));
const s3Of = (held: Held) => first(held)?.Actions?.find(({ S3Action }) => S3Action !== undefined)?.S3Action;
const s3Code = (bucket: string, key: string): Json => ({ s3: { bucket, key } });

const imageOf = (digit: string): string =>
  `123456789012.dkr.ecr.us-west-2.amazonaws.com/handler@sha256:${digit.repeat(64)}`;

const OTHER_TOPIC = 'arn:aws:sns:us-west-2:123456789012:other';
const ORGANIZATION = 'arn:aws:workmail:us-west-2:123456789012:organization/m-1';

/** What each action says before one of its fields is edited, and what SES calls action and fields. */
const ACTIONS = {
  addHeader: { on: 'AddHeaderAction', given: { name: 'X-Pipeline', value: 'mail' } },
  bounce: {
    on: 'BounceAction',
    given: { smtpReplyCode: '550', message: 'No such person', sender: 'postmaster@example.com' },
  },
  sns: { on: 'SNSAction', given: { topicArn: TOPIC } },
  workmail: { on: 'WorkmailAction', given: { organizationArn: ORGANIZATION } },
} as const;

function actionEdit(kind: keyof typeof ACTIONS, field: string, to: string, onSes: string): Edit {
  const { on, given } = ACTIONS[kind];
  return {
    field: `receiptRules[].actions[].${kind}.${field}`,
    to,
    given: { 'receiptRules[].actions': [{ [kind]: given }] },
    shows: (held) => Object.entries(first(held)?.Actions?.[0]?.[on] ?? {}).find(([member]) => member === onSes)?.[1],
    expected: to,
  };
}

const settings =
  (of: (settings: NonNullable<Held['fn']>['settings']) => unknown) =>
  ({ fn }: Held): unknown =>
    fn === undefined ? undefined : of(fn.settings);

/** One for each field that can be edited; a test compares with the schema. */
export const EDITS: readonly Edit[] = [
  {
    field: 'messageBodyStorage.placement',
    to: 'PerRule',
    shows: (held) => [ruleNames(held), s3Of(held) !== undefined],
    expected: [['First', 'Second'], true],
  },
  {
    field: 'messageBodyStorage.objectKeyPrefix',
    to: 'inbound',
    shows: ({ rules }) => rules[0]?.Actions?.[0]?.S3Action?.ObjectKeyPrefix,
    expected: 'inbound/',
  },
  { field: 'messageBodyStorage.deletionPolicy', to: 'Delete' },
  {
    field: 'messageBodyStorage.encryption.kmsKeyArn',
    to: KEY,
    shows: ({ bucket }) => bucket?.encryption,
    expected: { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: KEY },
  },
  {
    field: 'messageBodyStorage.expireAfterDays',
    to: 30,
    shows: ({ bucket }) => bucket?.lifecycle.map(({ Expiration }) => Expiration),
    expected: [{ Days: 30 }],
  },
  {
    field: 'messageBodyStorage.versioned',
    to: true,
    shows: ({ bucket }) => bucket?.versioning,
    expected: 'Enabled',
  },
  {
    field: 'role.privileges[].actions',
    to: ['s3:GetObject', 'sqs:SendMessage'],
    shows: ({ role }) => JSON.stringify(role?.inline).includes('sqs:SendMessage'),
    expected: true,
  },
  {
    field: 'role.privileges[].resource',
    to: '${bucket.arn}/other/*',
    shows: ({ role }) => JSON.stringify(role?.inline).includes('/other/*'),
    expected: true,
  },
  { field: 'role.managedPolicyArns', to: [POLICY], shows: ({ role }) => role?.managed, expected: [POLICY] },
  { field: 'role.permissionsBoundaryArn', to: POLICY, shows: ({ role }) => role?.boundary, expected: POLICY },
  {
    field: 'role.existingArn',
    to: `arn:aws:iam::123456789012:role/${EXISTING.role}`,
    given: { 'role.privileges': [] },
    shows: ({ fn }) => fn?.role,
    expected: `arn:aws:iam::123456789012:role/${EXISTING.role}`,
  },
  { field: 'function.description', to: 'Reads mail', shows: ({ fn }) => fn?.description, expected: 'Reads mail' },
  { field: 'function.runtime', to: 'nodejs22.x', shows: ({ fn }) => fn?.runtime, expected: 'nodejs22.x' },
  { field: 'function.handler', to: 'index.main', shows: ({ fn }) => fn?.handler, expected: 'index.main' },
  { field: 'function.memorySize', to: 256, shows: ({ fn }) => fn?.memorySize, expected: 256 },
  { field: 'function.timeout', to: 60, shows: ({ fn }) => fn?.timeout, expected: 60 },
  { field: 'function.architecture', to: 'arm64', shows: ({ fn }) => fn?.architectures, expected: ['arm64'] },
  {
    field: 'function.environment',
    to: { TABLE: 'mail' },
    shows: ({ fn }) => fn?.environment['TABLE'],
    expected: 'mail',
  },
  {
    field: 'function.environmentFrom',
    to: { GREETING: { configMapKeyRef: { name: 'greetings', key: 'english' } } },
    shows: ({ fn }) => fn?.environment['GREETING'],
    expected: 'hello',
  },
  {
    field: 'function.logLevel',
    to: 'warn',
    shows: ({ fn }) => fn?.environment['SES_LAMBDA_PIPELINE_LOG_LEVEL'],
    expected: 'warn',
  },
  {
    field: 'function.layers',
    to: [LAYER],
    shows: settings(({ Layers }) => Layers?.map(({ Arn }) => Arn)),
    expected: [LAYER],
  },
  {
    field: 'function.vpc.subnetIds',
    to: ['subnet-1', 'subnet-2'],
    given: { 'function.vpc': VPC },
    shows: settings(({ VpcConfig }) => VpcConfig?.SubnetIds),
    expected: ['subnet-1', 'subnet-2'],
  },
  {
    field: 'function.vpc.securityGroupIds',
    to: ['sg-2'],
    given: { 'function.vpc': VPC },
    shows: settings(({ VpcConfig }) => VpcConfig?.SecurityGroupIds),
    expected: ['sg-2'],
  },
  {
    field: 'function.vpc.ipv6',
    to: true,
    given: { 'function.vpc': VPC },
    shows: settings(({ VpcConfig }) => VpcConfig?.Ipv6AllowedForDualStack),
    expected: true,
  },
  {
    field: 'function.deadLetterArn',
    to: QUEUE,
    shows: settings(({ DeadLetterConfig }) => DeadLetterConfig?.TargetArn),
    expected: QUEUE,
  },
  {
    field: 'function.async.maximumRetryAttempts',
    to: 0,
    shows: ({ fn }) => fn?.async.MaximumRetryAttempts,
    expected: 0,
  },
  {
    field: 'function.async.maximumEventAgeSeconds',
    to: 60,
    shows: ({ fn }) => fn?.async.MaximumEventAgeInSeconds,
    expected: 60,
  },
  {
    field: 'function.async.onFailureArn',
    to: QUEUE,
    shows: ({ fn }) => fn?.async.DestinationConfig?.OnFailure?.Destination,
    expected: QUEUE,
  },
  {
    field: 'function.async.onSuccessArn',
    to: QUEUE,
    shows: ({ fn }) => fn?.async.DestinationConfig?.OnSuccess?.Destination,
    expected: QUEUE,
  },
  { field: 'function.reservedConcurrency', to: 5, shows: ({ fn }) => fn?.reservedConcurrency, expected: 5 },
  {
    field: 'function.ephemeralStorage',
    to: 1024,
    shows: settings(({ EphemeralStorage }) => EphemeralStorage?.Size),
    expected: 1024,
  },
  {
    field: 'function.tracing',
    to: 'Active',
    shows: settings(({ TracingConfig }) => TracingConfig?.Mode),
    expected: 'Active',
  },
  { field: 'function.kmsKeyArn', to: KEY, shows: settings(({ KMSKeyArn }) => KMSKeyArn), expected: KEY },
  { field: 'function.tags', to: { team: 'post' }, shows: ({ fn }) => fn?.tags['team'], expected: 'post' },
  {
    field: 'function.logFormat',
    to: 'JSON',
    shows: settings(({ LoggingConfig }) => LoggingConfig?.LogFormat),
    expected: 'JSON',
  },
  {
    field: 'function.systemLogLevel',
    to: 'warn',
    given: { 'function.logFormat': 'JSON' },
    shows: settings(({ LoggingConfig }) => LoggingConfig?.SystemLogLevel),
    expected: 'WARN',
  },
  { field: 'function.logRetentionDays', to: 7, shows: ({ fn }) => fn?.retentionDays, expected: 7 },
  {
    field: 'function.code.inline',
    to: { 'index.mjs': 'export const handler = async () => {};', 'more.mjs': 'export const more = 1;' },
    given: { 'function.code': { inline: { 'index.mjs': 'export const handler = async () => {};' } } },
    shows: ({ fn }) => fn?.codeSha256 !== undefined,
    expected: true,
  },
  {
    field: 'function.code.configMapRef.name',
    to: 'code-2',
    given: { 'function.code': { configMapRef: { name: 'code-1' } } },
    shows: ({ fn }) => fn?.codeSha256 !== undefined,
    expected: true,
  },
  {
    field: 'function.code.s3.bucket',
    to: EXISTING.otherBucket,
    given: { 'function.code': s3Code(EXISTING.bucket, EXISTING.key) },
    shows: ({ fn }) => fn?.codeSha256,
    expected: hashOf(zipFor('another bucket')),
  },
  {
    field: 'function.code.s3.key',
    to: EXISTING.otherKey,
    given: { 'function.code': s3Code(EXISTING.bucket, EXISTING.key) },
    shows: ({ fn }) => fn?.codeSha256,
    expected: hashOf(zipFor('another key')),
  },
  {
    field: 'function.code.imageUri',
    to: imageOf('b'),
    given: { 'function.code': { imageUri: imageOf('a') } },
    shows: ({ fn }) => fn?.codeSha256 !== undefined,
    expected: true,
  },
  {
    field: 'function.imageConfig.entryPoint',
    to: ['/start'],
    given: { 'function.code': { imageUri: imageOf('a') }, 'function.imageConfig': { command: ['app.main'] } },
    shows: settings(({ ImageConfigResponse }) => ImageConfigResponse?.ImageConfig?.EntryPoint),
    expected: ['/start'],
  },
  {
    field: 'function.imageConfig.command',
    to: ['app.other'],
    given: { 'function.code': { imageUri: imageOf('a') }, 'function.imageConfig': { command: ['app.main'] } },
    shows: settings(({ ImageConfigResponse }) => ImageConfigResponse?.ImageConfig?.Command),
    expected: ['app.other'],
  },
  {
    field: 'function.imageConfig.workingDirectory',
    to: '/srv',
    given: { 'function.code': { imageUri: imageOf('a') }, 'function.imageConfig': { command: ['app.main'] } },
    shows: settings(({ ImageConfigResponse }) => ImageConfigResponse?.ImageConfig?.WorkingDirectory),
    expected: '/srv',
  },
  {
    field: 'function.publish',
    to: true,
    shows: (held) => first(held)?.Actions?.at(-1)?.LambdaAction?.FunctionArn?.endsWith(':live'),
    expected: true,
  },
  { field: 'function.version', to: '1', given: { 'function.publish': true } },
  {
    field: 'invocationType',
    to: 'RequestResponse',
    shows: (held) => first(held)?.Actions?.at(-1)?.LambdaAction?.InvocationType,
    expected: 'RequestResponse',
  },
  {
    field: 'ruleSet.name',
    to: 'moved',
    given: { 'ruleSet.activate': 'Always' },
    shows: (held) => [held.activeSet, ruleNames(held)],
    expected: ['moved', ['MessageBodyStorage', 'First', 'Second']],
  },
  { field: 'ruleSet.create', to: false },
  {
    field: 'ruleSet.activate',
    to: 'IfNone',
    given: { 'ruleSet.activate': 'Never' },
    shows: ({ activeSet }) => activeSet,
    expected: 'ses-lambda-pipeline',
  },
  { field: 'ruleSet.position', to: 'Tail' },
  { field: 'ruleSet.priority', to: 5 },
  { field: 'ruleSet.onDelete', to: 'DeleteWhenEmpty' },
  {
    field: 'ruleSet.rollout',
    to: 'BlueGreen',
    shows: ({ fn }) => fn?.policy.length,
    expected: 2,
  },
  {
    field: 'receiptRules[].name',
    to: 'Renamed',
    shows: ruleNames,
    expected: ['MessageBodyStorage', 'Renamed', 'Second'],
  },
  {
    field: 'receiptRules[].recipients',
    to: ['changed@example.com'],
    shows: (held) => first(held)?.Recipients,
    expected: ['changed@example.com'],
  },
  { field: 'receiptRules[].tlsPolicy', to: 'Require', shows: (held) => first(held)?.TlsPolicy, expected: 'Require' },
  { field: 'receiptRules[].scanEnabled', to: false, shows: (held) => first(held)?.ScanEnabled, expected: false },
  { field: 'receiptRules[].enabled', to: false, shows: (held) => first(held)?.Enabled, expected: false },
  {
    field: 'receiptRules[].stop',
    to: true,
    shows: (held) => first(held)?.Actions?.at(-1)?.StopAction?.Scope,
    expected: 'RuleSet',
  },
  {
    field: 'receiptRules[].invocationType',
    to: 'RequestResponse',
    shows: (held) => first(held)?.Actions?.at(-1)?.LambdaAction?.InvocationType,
    expected: 'RequestResponse',
  },
  actionEdit('addHeader', 'name', 'X-Other', 'HeaderName'),
  actionEdit('addHeader', 'value', 'other', 'HeaderValue'),
  actionEdit('bounce', 'smtpReplyCode', '552', 'SmtpReplyCode'),
  actionEdit('bounce', 'statusCode', '5.2.2', 'StatusCode'),
  actionEdit('bounce', 'message', 'Too large', 'Message'),
  actionEdit('bounce', 'sender', 'bounces@example.com', 'Sender'),
  actionEdit('bounce', 'topicArn', TOPIC, 'TopicArn'),
  actionEdit('sns', 'topicArn', OTHER_TOPIC, 'TopicArn'),
  actionEdit('sns', 'encoding', 'Base64', 'Encoding'),
  actionEdit('workmail', 'organizationArn', `${ORGANIZATION}2`, 'OrganizationArn'),
  actionEdit('workmail', 'topicArn', TOPIC, 'TopicArn'),
  {
    field: 'receiptRules[].storage.objectKeyPrefix',
    to: 'first/',
    shows: (held) => s3Of(held)?.ObjectKeyPrefix,
    expected: 'first/',
  },
  { field: 'receiptRules[].storage.kmsKeyArn', to: KEY, shows: (held) => s3Of(held)?.KmsKeyArn, expected: KEY },
  { field: 'receiptRules[].storage.topicArn', to: TOPIC, shows: (held) => s3Of(held)?.TopicArn, expected: TOPIC },
  {
    field: 'receiptRules[].storage.disabled',
    to: true,
    shows: ({ rules }) => rules.find(({ Name }) => nameOf(Name) === 'MessageBodyStorage')?.Recipients?.length,
    expected: 1,
  },
  { field: 'interval', to: '5m' },
  { field: 'suspend', to: true, condition: { type: 'Suspended', status: 'True', reason: 'Suspended' } },
  { field: 'managementPolicy', to: 'Observe' },
];

/** Fields that a pipeline in a cluster cannot change, and why there is no row for them. */
export const NOT_EDITED: readonly string[] = [
  'region', // immutable
  'messageBodyStorage.logicalName', // immutable
  'messageBodyStorage.bucketName', // immutable
  'function.code.path', // for files
  'function.name', // immutable
  'function.code.existing', // of a function that others made: test/seed/import.test.ts takes one over
  'function.code.ociRef.repository', // needs a registry: test/code/oci-artifact.test.ts has one
  'function.code.ociRef.digest', // as before
  'function.code.ociRef.pullSecret.name', // as before
  'receiptRules[].ruleName', // of a rule that others made: as before
  'function.code.s3.version', // a version is made up by S3: the test of the planner covers it
];
