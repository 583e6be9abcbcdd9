import { z } from 'zod';
import { API_GROUP } from './api-group.ts';
import { cel } from './cel.ts';
import { arn, ARN, atMost, refuseRepeated } from './schema-parts.ts';

/** @see https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html */
const RETENTION_DAYS = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
] as const;

const STANDARD_NAME = '[A-Za-z0-9_-]{1,256}';
const IN_ACCOUNT = '[a-z0-9-]+:[0-9]{12}:';
const QUEUE_OR_TOPIC = `(sqs|sns):${IN_ACCOUNT}${STANDARD_NAME}`;
const FUNCTION_OR_BUS = `lambda:${IN_ACCOUNT}function:[A-Za-z0-9_:$-]{1,200}|events:${IN_ACCOUNT}event-bus/[A-Za-z0-9._/-]{1,256}`;

/** FIFO queues and topics are refused: Lambda does not deliver to them. */
const destination = (source: string, what: string) =>
  z
    .string()
    .max(350)
    .regex(new RegExp(`${ARN}(${source})$`), `must be the ARN of ${what}`);

const layers = z
  .array(
    z
      .string()
      .max(140)
      .regex(
        new RegExp(`${ARN}lambda:${IN_ACCOUNT}layer:[A-Za-z0-9_-]{1,140}:[0-9]+$`),
        'must be the ARN of a layer with its version, such as arn:aws:lambda:us-west-2:123456789012:layer:tools:3',
      ),
  )
  .max(5)
  .superRefine(refuseRepeated)
  .default([])
  .meta({
    description: 'Layers of the same region with their versions; of files in several, the later layer wins.',
    'x-kubernetes-list-type': 'atomic',
    ...cel({
      rule: 'self.all(layer, self.indexOf(layer) == self.lastIndexOf(layer))',
      message: 'a layer is in the list twice; keep one',
    }),
  });

const ids = (kind: 'subnet' | 'sg', most: number, description: string) =>
  z
    .array(
      z
        .string()
        .max(64)
        .regex(new RegExp(`^${kind}-[a-z0-9]+$`), `must be an id such as ${kind}-0123456789abcdef0`),
    )
    .min(1)
    .max(most)
    .superRefine(refuseRepeated)
    .meta({ description, 'x-kubernetes-list-type': 'set' });

const vpc = z
  .strictObject({
    subnetIds: ids('subnet', 16, 'Subnets; private ones, since the function gets no public address.'),
    securityGroupIds: ids('sg', 5, 'Security groups of the same VPC.'),
    ipv6: z.boolean().default(false).describe('Also reach out over IPv6, from dual-stack subnets.'),
  })
  .optional()
  .describe(
    'Puts the function into a VPC; creating and changing it then takes minutes. Reading mail needs a way to S3 from there.',
  );

const asyncInvocation = z
  .strictObject({
    maximumRetryAttempts: z
      .int()
      .min(0)
      .max(2)
      .default(2)
      .describe('How often Lambda tries again when the function failed.'),
    maximumEventAgeSeconds: z
      .int()
      .min(60)
      .max(21_600)
      .default(21_600)
      .describe('How long an event may wait for a try.'),
    onFailureArn: destination(
      `${QUEUE_OR_TOPIC}|${FUNCTION_OR_BUS}|s3:::[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]`,
      'a standard SQS queue, a standard SNS topic, a function, an event bus or a bucket',
    )
      .optional()
      .describe('Told of each event that was given up, with the error.'),
    onSuccessArn: destination(
      `${QUEUE_OR_TOPIC}|${FUNCTION_OR_BUS}`,
      'a standard SQS queue, a standard SNS topic, a function or an event bus',
    )
      .optional()
      .describe('Told of each event that was handled, with the answer.'),
  })
  .optional()
  .describe("What becomes of events of rules with invocationType: Event. Without it: Lambda's own defaults.");

const TAG_KEYS = atMost(32);
const TAG_KEY = '^[A-Za-z0-9 _.:/=+@-]{1,128}$';
const TAG_KEY_MESSAGE = 'a tag key has 1 to 128 letters, digits, spaces and _ . : / = + - @';
const RESERVED_KEY = `^([aA][wW][sS]:|${API_GROUP.replaceAll('.', '\\.')}/)`;
const RESERVED_KEY_MESSAGE = `keys that begin with aws: or ${API_GROUP}/ are not for users`;

const tags = z
  .record(
    z.string().regex(new RegExp(TAG_KEY), TAG_KEY_MESSAGE),
    z
      .string()
      .max(256)
      .regex(/^[A-Za-z0-9 _.:/=+@-]*$/, 'may hold letters, digits, spaces and _ . : / = + - @'),
  )
  .refine(TAG_KEYS.check, TAG_KEYS.message)
  .superRefine((map, context) => {
    for (const key of Object.keys(map).filter((key) => new RegExp(RESERVED_KEY).test(key)))
      context.addIssue({ code: 'custom', path: [key], message: RESERVED_KEY_MESSAGE });
  })
  .default({})
  .meta({
    description:
      'Tags of the function and, where logRetentionDays makes it ours, of its log group. Tags of others stay; a tag that is taken out here goes.',
    maxProperties: TAG_KEYS.most,
    ...cel(
      { rule: `self.all(key, key.matches('${TAG_KEY}'))`, message: TAG_KEY_MESSAGE },
      {
        rule: `self.all(key, !key.matches('${RESERVED_KEY.replaceAll('\\', '\\\\')}'))`,
        message: RESERVED_KEY_MESSAGE,
      },
    ),
  });

const words = (description: string) =>
  z.array(z.string().min(1).max(256)).max(32).default([]).meta({
    description,
    'x-kubernetes-list-type': 'atomic',
  });

/** @see https://docs.aws.amazon.com/lambda/latest/api/API_ImageConfig.html */
const imageConfig = z
  .strictObject({
    entryPoint: words('Instead of the ENTRYPOINT of the image: its runtime interface client.'),
    command: words('Instead of the CMD of the image, such as the handler.'),
    workingDirectory: z
      .string()
      .max(1000)
      .regex(/^\/.*$/, 'must be an absolute path')
      .optional()
      .describe('Instead of the WORKDIR of the image.'),
  })
  .optional()
  .describe('What an image is started with, for code.imageUri.');

/** Fields of `spec.function` beyond what every function needs. */
export const functionSettings = {
  layers,
  vpc,
  deadLetterArn: destination(QUEUE_OR_TOPIC, 'a standard SQS queue or a standard SNS topic')
    .optional()
    .describe('Gets the event alone when all tries failed; async.onFailureArn also tells the error.'),
  async: asyncInvocation,
  reservedConcurrency: z
    .int()
    .min(0)
    .max(100_000)
    .optional()
    .describe('Most runs at once, set aside from those of the account. 0: the function does not run at all.'),
  ephemeralStorage: z.int().min(512).max(10_240).default(512).describe('Size of /tmp in MB.'),
  imageConfig,
  tracing: z
    .enum(['Active', 'PassThrough'])
    .default('PassThrough')
    .describe(
      'Active: Lambda samples runs for AWS X-Ray. PassThrough: only what a caller has sampled, which SES never does.',
    ),
  kmsKeyArn: arn('kms', 'a KMS key')
    .optional()
    .describe('Customer managed key that encrypts the environment. Without it: a key of AWS.'),
  tags,
  logLevel: z
    .enum(['debug', 'info', 'warn', 'error'])
    .default('info')
    .describe(
      'Lowest level that the helper library logs and, with logFormat: JSON, that Lambda keeps of the function.',
    ),
  logFormat: z
    .enum(['Text', 'JSON'])
    .default('Text')
    .describe(
      "Text, as Lambda's own default: a handler's lines stand in the log as it wrote them, for any runtime. JSON: Lambda wraps each line into a record with its level, for runtimes that can.",
    ),
  systemLogLevel: z
    .enum(['debug', 'info', 'warn'])
    .optional()
    .describe(
      "Lowest level of Lambda's own records, such as those of starts; for logFormat: JSON, where the default is info.",
    ),
  logRetentionDays: z.literal(RETENTION_DAYS).optional().meta({
    description:
      'Days after which log lines are removed. The log group is then made before the function, with our tags; it stays when the pipeline is deleted, unless messageBodyStorage.deletionPolicy is DeleteWithContents. Without it: Lambda makes the group, which keeps everything.',
    // Of a number, the API server compares with an enum only what stands before the point.
    type: 'integer',
  }),
};

type Levels = { readonly logFormat: 'Text' | 'JSON'; readonly systemLogLevel?: string | undefined };

/** A level of Lambda's own records means nothing to a log of text; Lambda refuses it. */
export const LEVELS_OF_JSON = {
  holds: ({ logFormat, systemLogLevel }: Levels): boolean => systemLogLevel === undefined || logFormat === 'JSON',
  rule: "!has(self.systemLogLevel) || (has(self.logFormat) && self.logFormat == 'JSON')",
  message: 'systemLogLevel is for logFormat: JSON',
};
