import { pipeline, rule } from '../support/manifests.ts';

/** A resource that a test bends: plain JSON, without the promise that it is valid. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type Path = readonly (string | number)[];

const KEY = 'arn:aws:kms:us-west-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';
const ROLE = 'arn:aws:iam::111122223333:role/handler';
const POLICY = 'arn:aws:iam::111122223333:policy/reader';
const ORGANIZATION = 'arn:aws:workmail:us-west-2:111122223333:organization/m-0123456789abcdef';
const TOPIC = 'arn:aws:sns:us-west-2:111122223333:stored';

/** As short as can be, with one action beside ours. */
function withAction(action: NonNullable<ReturnType<typeof rule>['actions']>[number]): Json {
  return asJson(pipeline({ role: {}, rules: [{ ...rule('First', 'first@example.com'), actions: [action] }] }));
}

/** Valid resources that together have a value at every path of the schema. The first is as short as can be. */
export const BASES = {
  short: asJson(pipeline({ role: {}, rules: [rule('First', 'first@example.com')] })),
  full: asJson(
    pipeline({
      storage: {
        placement: 'PerRule',
        objectKeyPrefix: 'inbound/',
        deletionPolicy: 'Delete',
        encryption: { kmsKeyArn: KEY },
        expireAfterDays: 30,
        versioned: true,
      },
      role: {
        privileges: [{ actions: ['s3:GetObject', 'sqs:*'], resource: '${bucket.arnAllKeys}' }],
        managedPolicyArns: [POLICY],
        permissionsBoundaryArn: POLICY,
      },
      function: {
        description: 'Reads mail',
        runtime: 'python3.14',
        handler: 'app.main',
        memorySize: 256,
        timeout: 60,
        architecture: 'arm64',
        environment: { TABLE: 'mail', LEVEL: '' },
        environmentFrom: { QUEUE: { configMapKeyRef: { name: 'mail.settings', key: 'queue-url' } } },
        layers: ['arn:aws:lambda:us-west-2:111122223333:layer:tools:3'],
        vpc: { subnetIds: ['subnet-0a', 'subnet-0b'], securityGroupIds: ['sg-0a'], ipv6: true },
        deadLetterArn: TOPIC,
        async: {
          maximumRetryAttempts: 0,
          maximumEventAgeSeconds: 3600,
          onFailureArn: 'arn:aws:s3:::lost-mail',
          onSuccessArn: 'arn:aws:events:us-west-2:111122223333:event-bus/mail',
        },
        reservedConcurrency: 5,
        ephemeralStorage: 1024,
        tracing: 'Active',
        kmsKeyArn: KEY,
        tags: { team: 'post', 'cost center': '12' },
        logLevel: 'warn',
        publish: true,
        version: '7',
        logFormat: 'JSON',
        systemLogLevel: 'debug',
        logRetentionDays: 30,
        code: { s3: { bucket: 'releases', key: 'app.zip', version: '3' } },
      },
      invocationType: 'RequestResponse',
      ruleSet: {
        name: 'shared_set',
        create: false,
        activate: 'Always',
        position: 'Tail',
        priority: -5,
        onDelete: 'DeleteWhenEmpty',
        rollout: 'BlueGreen',
      },
      rules: [
        {
          name: 'First',
          recipients: ['first@example.com', 'example.org', '.example.net'],
          tlsPolicy: 'Require',
          scanEnabled: false,
          enabled: false,
          stop: true,
          invocationType: 'Event',
          storage: { objectKeyPrefix: 'first/', kmsKeyArn: KEY, topicArn: TOPIC, disabled: false },
          ruleName: 'made_by.hand-1',
          actions: [
            {
              bounce: {
                smtpReplyCode: '550',
                statusCode: '5.1.1',
                message: 'No such user',
                sender: 'postmaster@example.com',
                topicArn: TOPIC,
              },
            },
            { addHeader: { name: 'X-Seen', value: 'yes: twice' } },
          ],
        },
        { name: 'All.the-rest', recipients: [] },
      ],
      interval: '1h30m',
      suspend: true,
      managementPolicy: 'NoDelete',
    }),
  ),
  existing: asJson(
    pipeline({
      storage: { bucketName: 'mail.bodies-1' },
      role: { existingArn: ROLE },
      function: {
        environmentFrom: { PASSWORD: { secretKeyRef: { name: 'mail.login', key: 'PASSWORD' } } },
        code: { configMapRef: { name: 'echo' } },
      },
      rules: [],
    }),
  ),
  image: asJson(
    pipeline({
      role: {},
      function: {
        code: { imageUri: '111122223333.dkr.ecr.us-west-2.amazonaws.com/mail/handler:v1' },
        imageConfig: { entryPoint: ['/start'], command: ['app.main'], workingDirectory: '/srv' },
      },
      rules: [],
    }),
  ),
  artifact: asJson(
    pipeline({
      role: {},
      function: {
        code: {
          ociRef: {
            repository: 'ghcr.io/acme/handler',
            digest: `sha256:${'0'.repeat(64)}`,
            pullSecret: { name: 'mail.registry' },
          },
        },
      },
      rules: [],
    }),
  ),
  headers: withAction({ addHeader: { name: 'X-Seen', value: 'yes: twice' } }),
  topic: withAction({ sns: { topicArn: TOPIC, encoding: 'Base64' } }),
  workmail: withAction({ workmail: { organizationArn: ORGANIZATION, topicArn: TOPIC } }),
  taken: asJson(
    pipeline({
      storage: { bucketName: 'mail.bodies-1', placement: 'PerRule' },
      role: { existingArn: ROLE },
      function: { name: 'made_by-hand', code: { existing: true } },
      rules: [{ name: 'First', recipients: ['first@example.com'], ruleName: 'made_by.hand' }],
    }),
  ),
} satisfies Record<string, Json>;

export type BaseName = keyof typeof BASES;
export const BASE_NAMES = Object.keys(BASES) as readonly BaseName[];

/** Plain data with neither `undefined` nor anything shared. */
export function asJson(value: unknown): Json {
  return JSON.parse(JSON.stringify(value)) as Json;
}

/** A copy with `value` at the path; `undefined` removes what is there. Parents must exist. */
export function changed(document: Json, path: Path, value: Json | undefined): Json {
  const copy = structuredClone(document);
  const parent = valueAt(copy, path.slice(0, -1));
  const last = path.at(-1);
  if (last === undefined || typeof parent !== 'object' || parent === null)
    throw new Error(`no parent at ${path.join('.')}`);
  const holder = parent as Record<string | number, Json>;
  if (value === undefined) delete holder[last];
  else holder[last] = value;
  return copy;
}

/** What stands at the path; `undefined` where nothing does. */
export function valueAt(document: Json, path: Path): Json | undefined {
  let value: Json | undefined = document;
  for (const key of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Record<string | number, Json>)[key];
  }
  return value;
}
