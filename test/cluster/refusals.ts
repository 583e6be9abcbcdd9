import type { BaseName, Json, Path } from './documents.ts';

/** A change that makes a base invalid, and what both judges say. */
export type Refusal = {
  readonly name: string;
  readonly base: BaseName;
  readonly path: Path;
  readonly value: Json | undefined;
  /** Part of the parser's message, and of the API server's unless `server` says otherwise. */
  readonly says: string;
  readonly server?: string;
};

const STORAGE = ['spec', 'messageBodyStorage'] as const;
const ROLE = ['spec', 'role'] as const;
const FUNCTION = ['spec', 'function'] as const;
const RULES = ['spec', 'receiptRules'] as const;
const rule = (name: string, ...recipients: string[]): Json => ({ name, recipients });
const TOPIC = 'arn:aws:sns:us-west-2:111122223333:mail';
const KEY = 'arn:aws:kms:us-west-2:111122223333:key/1';
const LAYER = 'arn:aws:lambda:us-west-2:111122223333:layer:tools:3';

/** One for every rule beside the schema, in the words of that rule. */
export const REFUSALS: readonly Refusal[] = [
  {
    name: 'a name with a dot',
    base: 'short',
    path: ['metadata', 'name'],
    value: 'mail.app',
    says: 'must be a DNS label: at most 63 of a-z, 0-9 and -, no dots',
  },
  {
    name: 'a name of 64 characters',
    base: 'short',
    path: ['metadata', 'name'],
    value: 'a'.repeat(64),
    says: 'must be a DNS label: at most 63 of a-z, 0-9 and -, no dots',
  },
  {
    name: 'a rule set under the name of a clone',
    base: 'short',
    path: ['spec', 'ruleSet'],
    value: { name: 'mail-green' },
    says: 'must not end in -green',
  },
  {
    name: 'a rule set whose clone could not be named',
    base: 'short',
    path: ['spec', 'ruleSet'],
    value: { name: 'a'.repeat(58), rollout: 'BlueGreen' },
    says: 'must be at most 57 characters long, so that -green can be added',
  },
  {
    name: 'a bucket with neither identity',
    base: 'short',
    path: [...STORAGE],
    value: {},
    says: 'exactly one of logicalName and bucketName must be set',
  },
  {
    name: 'a bucket with two identities',
    base: 'short',
    path: [...STORAGE],
    value: { logicalName: 'Special', bucketName: 'bodies' },
    says: 'exactly one of logicalName and bucketName must be set',
  },
  ...(
    [
      ['encryption', { kmsKeyArn: KEY }],
      ['expireAfterDays', 30],
      ['versioned', true],
    ] satisfies [string, Json][]
  ).map(([field, value]): Refusal => ({
    name: `${field} of an existing bucket`,
    base: 'existing',
    path: [...STORAGE, field],
    value,
    says: 'encryption, expireAfterDays and versioned are for our own bucket',
  })),
  ...['Delete', 'DeleteWithContents'].map((value): Refusal => ({
    name: `deletionPolicy ${value} for an existing bucket`,
    base: 'existing',
    path: [...STORAGE, 'deletionPolicy'],
    value,
    says: 'an existing bucket is never deleted: deletionPolicy must be Retain with bucketName',
  })),
  ...(
    [
      ['privileges', [{ actions: ['s3:GetObject'], resource: '*' }]],
      ['managedPolicyArns', ['arn:aws:iam::aws:policy/ReadOnlyAccess']],
      ['permissionsBoundaryArn', 'arn:aws:iam::aws:policy/ReadOnlyAccess'],
    ] satisfies [string, Json][]
  ).map(([field, value]): Refusal => ({
    name: `${field} for an existing role`,
    base: 'existing',
    path: [...ROLE, field],
    value,
    says: 'existingArn stands alone: an existing role is never changed',
  })),
  {
    name: 'a variable with a name that Lambda does not take',
    base: 'short',
    path: [...FUNCTION, 'environment'],
    value: { 'A-B': '1' },
    says: 'a variable name has at least two of A-Z a-z 0-9 _',
  },
  ...['AWS_REGION', 'AWS_LAMBDA_LOG_LEVEL', '_HANDLER', 'SES_LAMBDA_PIPELINE_DISCOVERY'].map((name): Refusal => ({
    name: `the variable ${name}`,
    base: 'short',
    path: [...FUNCTION, 'environment'],
    value: { [name]: '1' },
    says: name.startsWith('_') ? 'a variable' : 'is set by Lambda or by ses-lambda-pipeline itself',
  })),
  ...['A-B', 'AWS_REGION', 'SES_LAMBDA_PIPELINE_DISCOVERY'].map((name): Refusal => ({
    name: `the variable ${name} from elsewhere`,
    base: 'short',
    path: [...FUNCTION, 'environmentFrom'],
    value: { [name]: { configMapKeyRef: { name: 'settings', key: 'queue' } } },
    says: name === 'A-B' ? 'a variable name has at least two of A-Z a-z 0-9 _' : 'is set by Lambda',
  })),
  {
    name: 'a level of a log that has none',
    base: 'short',
    path: [...FUNCTION, 'systemLogLevel'],
    value: 'debug',
    says: 'systemLogLevel is for logFormat: JSON',
  },
  {
    name: 'a layer twice',
    base: 'short',
    path: [...FUNCTION, 'layers'],
    value: [LAYER, LAYER],
    says: 'is in the list twice; keep one',
  },
  ...['aws:team', 'AWS:team', 'ses-lambda-pipeline.dev/name'].map((key): Refusal => ({
    name: `the tag ${key}`,
    base: 'short',
    path: [...FUNCTION, 'tags'],
    value: { [key]: '1' },
    says: 'keys that begin with aws: or ses-lambda-pipeline.dev/ are not for users',
  })),
  {
    name: 'a tag with a key that AWS does not take',
    base: 'short',
    path: [...FUNCTION, 'tags'],
    value: { 'a,b': '1' },
    says: 'a tag key has 1 to 128 letters, digits, spaces and _ . : / = + - @',
  },
  ...(
    [
      ['no source', {}],
      [
        'two sources',
        { configMapKeyRef: { name: 'settings', key: 'queue' }, secretKeyRef: { name: 'login', key: 'password' } },
      ],
    ] satisfies [string, Json][]
  ).map(([name, value]): Refusal => ({
    name: `a variable with ${name}`,
    base: 'short',
    path: [...FUNCTION, 'environmentFrom'],
    value: { QUEUE: value },
    says: 'exactly one of configMapKeyRef and secretKeyRef must be set',
  })),
  {
    name: 'a variable that has two values',
    base: 'full',
    path: [...FUNCTION, 'environmentFrom', 'TABLE'],
    value: { secretKeyRef: { name: 'login', key: 'password' } },
    says: 'a variable stands in environment or in environmentFrom, not in both',
  },
  {
    name: 'no source of code',
    base: 'short',
    path: [...FUNCTION, 'code'],
    value: {},
    says: 'exactly one of inline, configMapRef, s3',
  },
  {
    name: 'two sources of code',
    base: 'existing',
    path: [...FUNCTION, 'code', 'inline'],
    value: { 'index.mjs': '' },
    says: 'exactly one of inline, configMapRef, s3',
  },
  {
    name: 'a file without a name',
    base: 'short',
    path: [...FUNCTION, 'code'],
    value: { inline: { '': 'text' } },
    says: 'length must be at least 1',
    server: 'a file name has 1 to 253 characters',
  },
  {
    name: 'a rule with the name of our storage rule',
    base: 'short',
    path: [...RULES, 0, 'name'],
    value: 'MessageBodyStorage',
    says: 'MessageBodyStorage is the name of our own storage rule',
  },
  {
    name: 'two rules of one name',
    base: 'short',
    path: [...RULES],
    value: [rule('A', 'a@example.com'), rule('B', 'b@example.com'), rule('A', 'c@example.com')],
    says: 'the name of each rule must be unique',
  },
  {
    name: 'two rules of one name on AWS',
    base: 'short',
    path: [...RULES],
    value: ['A', 'B'].map((name) => ({ name, recipients: [], ruleName: 'theirs' })),
    says: 'the ruleName of each rule must be unique',
  },
  ...([{}, { addHeader: { name: 'X-A', value: 'b' }, sns: { topicArn: TOPIC } }] satisfies Json[]).map(
    (value): Refusal => ({
      name: `an action with ${Object.keys(value).length} kinds`,
      base: 'short',
      path: [...RULES, 0, 'actions'],
      value: [value],
      says: 'exactly one of addHeader, bounce, sns, workmail must be set',
    }),
  ),
  {
    name: 'code to keep of nobody',
    base: 'short',
    path: [...FUNCTION, 'code'],
    value: { existing: true },
    says: 'code.existing keeps the code of a function that is there: say which one as function.name',
  },
  {
    name: 'a version of what is not published',
    base: 'short',
    path: [...FUNCTION, 'version'],
    value: '3',
    says: 'version names a version to go back to, and only publish: true makes versions',
  },
  {
    name: 'a handler for an image',
    base: 'image',
    path: [...FUNCTION, 'handler'],
    value: 'app.main',
    says: 'an image says itself what runs: leave runtime, handler and layers out with code.imageUri',
  },
  {
    name: 'how an image starts, of a zip',
    base: 'short',
    path: [...FUNCTION, 'imageConfig'],
    value: { command: ['app.main'] },
    says: 'imageConfig says how an image starts, and code.imageUri names none',
  },
  {
    name: 'a recipient named twice',
    base: 'short',
    path: [...RULES],
    value: [rule('A', 'a@example.com', 'a@example.com')],
    says: '"a@example.com" is in the list twice',
    server: 'Duplicate value: "a@example.com"',
  },
  ...['29999ms', '24h1ms', '999999999h'].map((value): Refusal => ({
    name: `an interval of ${value}`,
    base: 'short',
    path: ['spec', 'interval'],
    value,
    says: 'must be a duration from 30s to 24h, such as 90s, 10m or 1h30m',
  })),
];

/** Changes that only the API server can refuse, since they are about what was there before. */
export const TRANSITIONS: readonly Refusal[] = [
  {
    name: 'another region',
    base: 'short',
    path: ['spec', 'region'],
    value: 'eu-west-1',
    says: 'region is immutable: delete the pipeline and create it anew',
  },
  {
    name: 'another logical name',
    base: 'short',
    path: [...STORAGE, 'logicalName'],
    value: 'Other',
    says: 'logicalName is immutable: it is the identity of the bucket',
  },
  {
    name: 'a bucket name instead of a logical name',
    base: 'short',
    path: [...STORAGE],
    value: { bucketName: 'bodies' },
    says: 'logicalName is immutable: it is the identity of the bucket',
  },
  {
    name: 'another bucket name',
    base: 'existing',
    path: [...STORAGE, 'bucketName'],
    value: 'other-bodies',
    says: 'bucketName is immutable',
  },
  {
    name: 'another name of the function',
    base: 'taken',
    path: [...FUNCTION, 'name'],
    value: 'other',
    says: 'name is immutable: it is the identity of the function',
  },
  {
    name: 'a name for a function that had none',
    base: 'short',
    path: [...FUNCTION, 'name'],
    value: 'other',
    says: 'name is immutable: it is the identity of the function',
  },
  {
    name: 'a logical name instead of a bucket name',
    base: 'existing',
    path: [...STORAGE],
    value: { logicalName: 'Special' },
    says: 'bucketName is immutable',
  },
];
