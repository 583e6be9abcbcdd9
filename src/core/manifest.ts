import { z } from 'zod';
import { annotationsSchema, unknownAnnotations } from './annotations.ts';
import { API_GROUP } from './api-group.ts';
import { cel } from './cel.ts';
import { functionSettings, LEVELS_OF_JSON } from './function-settings-schema.ts';
import { intervalSchema } from './interval.ts';
import { MAX_ACTIONS } from './receipt-rule.ts';
import { GREEN } from './names.ts';
import { arn, ARN, atMost, refuseRepeated } from './schema-parts.ts';

export const API_VERSION = `${API_GROUP}/v1alpha1`;
export const KIND = 'SesLambdaPipeline';

/** A DNS label as Kubernetes defines it (RFC 1123), the only names a pipeline and its namespace may have. */
export const DNS_LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

const topicArn = z
  .string()
  .max(400)
  .regex(
    new RegExp(`${ARN}sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256}$`),
    'must be the ARN of a standard SNS topic, such as arn:aws:sns:us-west-2:123456789012:mail',
  );

/** Source of a regular expression: two labels at least. */
export const DOMAIN = '[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)+';
const LOCAL_PART = "[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}";
const recipient = z
  .string()
  .max(320)
  .regex(
    new RegExp(`^(${LOCAL_PART}@${DOMAIN}|\\.?${DOMAIN})$`),
    'must be an address (user@example.com), a domain (example.com) or all subdomains of one (.example.com); write an international domain in its xn-- form',
  )
  .describe('An address, a domain, or a domain with a leading dot for all its subdomains.');

const objectKeyPrefix = z
  .string()
  .max(512)
  .regex(
    /^([A-Za-z0-9!_.*'()-]+(\/[A-Za-z0-9!_.*'()-]+)*\/?)?$/,
    'must be made of names separated by single slashes, without a leading slash',
  )
  .describe('Folder for the bodies. One trailing slash is added; the key of a body is prefix + message id.');

const messageBodyStorage = z
  .strictObject({
    logicalName: z
      .string()
      .min(1)
      .max(128)
      .regex(/^[A-Za-z0-9 _.:/=+@-]+$/, 'may hold letters, digits, spaces and _ . : / = + - @ (it becomes a tag)')
      .optional()
      .describe('Stable identity of the bucket: the same name always means the same bucket. Immutable.'),
    bucketName: z
      .string()
      .max(63)
      .regex(
        /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/,
        'must be the name of an S3 bucket: 3 to 63 of a-z, 0-9, dot and dash',
      )
      .optional()
      .describe('An existing bucket instead of our own: its policy is merged, and it is never deleted. Immutable.'),
    placement: z
      .enum(['HeadRule', 'PerRule'])
      .default('HeadRule')
      .describe(
        'HeadRule: one storage rule stands before all others. PerRule: an S3 action stands first in every rule.',
      ),
    objectKeyPrefix: objectKeyPrefix.default(''),
    deletionPolicy: z
      .enum(['Retain', 'Delete', 'DeleteWithContents'])
      .default('Retain')
      .describe(
        'What deleting the pipeline does to the bucket. Delete: only when nothing but the set-up objects of SES is in it.',
      ),
    encryption: z
      .strictObject({ kmsKeyArn: arn('kms', 'a KMS key').describe('Customer managed key; its policy must admit SES.') })
      .optional()
      .describe('Default encryption by a KMS key. Without it: AES256.'),
    expireAfterDays: z.int().min(1).max(36500).optional().describe('Days after which a stored body is removed.'),
    versioned: z.boolean().default(false).describe('Keep old versions of objects.'),
  })
  .refine((storage) => (storage.logicalName === undefined) !== (storage.bucketName === undefined), {
    message: 'exactly one of logicalName and bucketName must be set',
  })
  .refine(
    (storage) =>
      storage.bucketName === undefined ||
      (storage.encryption === undefined && storage.expireAfterDays === undefined && !storage.versioned),
    { message: 'encryption, expireAfterDays and versioned are for our own bucket, not for an existing bucketName' },
  )
  .refine((storage) => storage.bucketName === undefined || storage.deletionPolicy === 'Retain', {
    message: 'an existing bucket is never deleted: deletionPolicy must be Retain with bucketName',
  })
  .meta({
    description: 'Where SES stores the raw messages.',
    ...cel(
      {
        rule: 'has(self.logicalName) != has(self.bucketName)',
        message: 'exactly one of logicalName and bucketName must be set',
      },
      {
        rule: '!has(self.bucketName) || (!has(self.encryption) && !has(self.expireAfterDays) && (!has(self.versioned) || !self.versioned))',
        message: 'encryption, expireAfterDays and versioned are for our own bucket, not for an existing bucketName',
      },
      {
        rule: "!has(self.bucketName) || !has(self.deletionPolicy) || self.deletionPolicy == 'Retain'",
        message: 'an existing bucket is never deleted: deletionPolicy must be Retain with bucketName',
      },
      {
        rule: 'has(self.logicalName) == has(oldSelf.logicalName) && (!has(self.logicalName) || self.logicalName == oldSelf.logicalName)',
        message: 'logicalName is immutable: it is the identity of the bucket',
      },
      {
        rule: 'has(self.bucketName) == has(oldSelf.bucketName) && (!has(self.bucketName) || self.bucketName == oldSelf.bucketName)',
        message: 'bucketName is immutable',
      },
    ),
  });

const role = z
  .strictObject({
    privileges: z
      .array(
        z.strictObject({
          actions: z
            .array(
              z
                .string()
                .max(128)
                .regex(/^[a-z0-9-]+:[A-Za-z0-9*]+$/, 'must be an IAM action such as s3:GetObject'),
            )
            .min(1)
            .max(64)
            .superRefine(refuseRepeated)
            .meta({ description: 'IAM actions.', 'x-kubernetes-list-type': 'set' }),
          resource: z
            .string()
            .min(1)
            .max(2048)
            .describe(
              'An ARN. Tokens: ${bucket.arn}, ${bucket.arnAllKeys}, ${bucket.name}, ${account}, ${region}, ${partition}.',
            ),
        }),
      )
      .max(50)
      .default([])
      .meta({
        description: 'What the function may do beyond writing its own log.',
        'x-kubernetes-list-type': 'atomic',
      }),
    managedPolicyArns: z
      .array(arn('iam', 'a managed policy'))
      .max(20)
      .superRefine(refuseRepeated)
      .default([])
      .meta({ description: 'Managed policies attached to the role.', 'x-kubernetes-list-type': 'set' }),
    permissionsBoundaryArn: arn('iam', 'a managed policy').optional().describe('Permissions boundary of the role.'),
    existingArn: arn('iam', 'a role').optional().describe('An existing role instead of our own; it is never changed.'),
  })
  .refine(
    (role) =>
      role.existingArn === undefined ||
      (role.privileges.length === 0 &&
        role.managedPolicyArns.length === 0 &&
        role.permissionsBoundaryArn === undefined),
    { message: 'existingArn stands alone: an existing role is never changed' },
  )
  .meta({
    description: 'The role the function runs as.',
    ...cel({
      rule: '!has(self.existingArn) || ((!has(self.privileges) || size(self.privileges) == 0) && (!has(self.managedPolicyArns) || size(self.managedPolicyArns) == 0) && !has(self.permissionsBoundaryArn))',
      message: 'existingArn stands alone: an existing role is never changed',
    }),
  });

const VARIABLES = atMost(100);
const INLINE_FILES = atMost(50);

const RESERVED_ENVIRONMENT =
  '^(_HANDLER|_X_AMZN_TRACE_ID|AWS_DEFAULT_REGION|AWS_REGION|AWS_EXECUTION_ENV|AWS_LAMBDA_.*|AWS_ACCESS_KEY|AWS_ACCESS_KEY_ID|AWS_SECRET_ACCESS_KEY|AWS_SESSION_TOKEN|LAMBDA_TASK_ROOT|LAMBDA_RUNTIME_DIR|SES_LAMBDA_PIPELINE_.*)$';

const VARIABLE_NAME = '^[a-zA-Z][a-zA-Z0-9_]+$';
const VARIABLE_NAME_MESSAGE = 'a variable name has at least two of A-Z a-z 0-9 _';
const RESERVED_MESSAGE = 'a variable with this name is set by Lambda or by ses-lambda-pipeline itself';

/** A map by the names of variables, with the checks that such a map has wherever its values come from. */
const variables = <Value extends z.ZodType>(value: Value, description: string) =>
  z
    .record(z.string().regex(new RegExp(VARIABLE_NAME), VARIABLE_NAME_MESSAGE), value)
    .refine(VARIABLES.check, VARIABLES.message)
    .superRefine((map, context) => {
      const reserved = new RegExp(RESERVED_ENVIRONMENT);
      for (const name of Object.keys(map).filter((name) => reserved.test(name)))
        context.addIssue({ code: 'custom', path: [name], message: `${RESERVED_MESSAGE}; choose another name` });
    })
    .default({})
    .meta({
      description,
      maxProperties: VARIABLES.most,
      ...cel(
        { rule: `self.all(name, name.matches('${VARIABLE_NAME}'))`, message: VARIABLE_NAME_MESSAGE },
        { rule: `self.all(name, !name.matches('${RESERVED_ENVIRONMENT}'))`, message: RESERVED_MESSAGE },
      ),
    });

/** @see https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#dns-subdomain-names */
const objectName = (kind: 'ConfigMap' | 'Secret', use: string) =>
  z
    .string()
    .max(253)
    .regex(/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/, `must be the name of a ${kind}: a-z, 0-9, dots and dashes`)
    .describe(`A ${kind} of the same namespace${use}.`);

const keyOf = (kind: 'ConfigMap' | 'Secret') =>
  z
    .strictObject({
      name: objectName(kind, ''),
      key: z
        .string()
        .max(253)
        .regex(/^[-._a-zA-Z0-9]+$/, `must be a key of a ${kind}: letters, digits, - _ and .`)
        .describe('The key whose value the variable gets.'),
    })
    .optional()
    .describe(`A value of a ${kind}.`);

const variableSource = z
  .strictObject({ configMapKeyRef: keyOf('ConfigMap'), secretKeyRef: keyOf('Secret') })
  .refine((source) => (source.configMapKeyRef === undefined) !== (source.secretKeyRef === undefined), {
    message: 'exactly one of configMapKeyRef and secretKeyRef must be set',
  })
  .meta({
    description: 'Where the value of a variable comes from.',
    ...cel({
      rule: 'has(self.configMapKeyRef) != has(self.secretKeyRef)',
      message: 'exactly one of configMapKeyRef and secretKeyRef must be set',
    }),
  });

/** Where Lambda takes images from: a private repository of ECR. The region is compared with the pipeline's in the plan. */
const IMAGE_URI =
  /^[0-9]{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com(\.cn)?\/[a-z0-9]+([._/-]+[a-z0-9]+)*(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}|@sha256:[a-f0-9]{64})$/;

/** @see https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests */
const OCI_REPOSITORY =
  /^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[0-9]{1,5})?\/[a-z0-9]+([._-]+[a-z0-9]+)*(\/[a-z0-9]+([._-]+[a-z0-9]+)*)*$/;

const ociRef = z
  .strictObject({
    repository: z
      .string()
      .max(512)
      .regex(OCI_REPOSITORY, 'must be a registry and a repository in it, such as ghcr.io/acme/handler')
      .describe(
        'Registry and repository, such as ghcr.io/acme/handler. The setting oci-registries must list the registry.',
      ),
    digest: z
      .string()
      .max(71)
      .regex(/^sha256:[a-f0-9]{64}$/, 'must be the digest of a manifest: sha256: and 64 hexadecimal digits')
      .describe('Digest of the manifest: what is pulled never changes by itself.'),
    pullSecret: z
      .strictObject({ name: objectName('Secret', '; it holds .dockerconfigjson') })
      .optional()
      .describe('Who pulls: a Secret of type kubernetes.io/dockerconfigjson. Without it: anybody.'),
  })
  .describe('An artifact in a registry, as Flux and ORAS push them: archives (tar+gzip) and files with a title.');

const CODE_SOURCES = ['inline', 'configMapRef', 's3', 'imageUri', 'ociRef', 'path', 'existing'] as const;
const code = z
  .strictObject({
    inline: z
      .record(z.string().min(1).max(253), z.string().max(524_288))
      .refine(INLINE_FILES.check, INLINE_FILES.message)
      .optional()
      .meta({
        description: 'The files, here in the manifest: name to text.',
        maxProperties: INLINE_FILES.most,
        ...cel({
          rule: 'self.all(name, name.size() >= 1 && name.size() <= 253)',
          message: 'a file name has 1 to 253 characters',
        }),
      }),
    configMapRef: z
      .strictObject({
        name: objectName('ConfigMap', '; its keys are file names'),
      })
      .optional()
      .describe('A ConfigMap of the same namespace: each key is a file.'),
    s3: z
      .strictObject({
        bucket: z.string().min(3).max(63).describe('Name of the bucket.'),
        key: z.string().min(1).max(1024).describe('Key of the zip in the bucket.'),
        version: z
          .string()
          .min(1)
          .max(1024)
          .optional()
          .describe('Object version. Without it a new object is not noticed.'),
      })
      .optional()
      .describe('A zip in a bucket of the same region.'),
    imageUri: z
      .string()
      .max(512)
      .regex(
        IMAGE_URI,
        'must be an image in ECR with a tag or a digest, such as 123456789012.dkr.ecr.us-west-2.amazonaws.com/handler@sha256:…',
      )
      .optional()
      .describe(
        'A container image in ECR of the same region. Name it by digest: a tag that is pushed again goes unnoticed.',
      ),
    ociRef: ociRef.optional(),
    path: z
      .string()
      .min(1)
      .max(4096)
      .optional()
      .meta({ description: 'File, folder or zip beside the manifest.', filesOnly: true }),
    existing: z
      .literal(true)
      .optional()
      .describe('Keep the code that the function of function.name has: somebody else deploys it.'),
  })
  .refine((code) => CODE_SOURCES.filter((source) => code[source] !== undefined).length === 1, {
    message: `exactly one of ${CODE_SOURCES.join(', ')} must be set`,
  })
  .meta({
    description: 'Where the code comes from: exactly one source.',
    ...cel({
      rule: '[has(self.inline), has(self.configMapRef), has(self.s3), has(self.imageUri), has(self.ociRef), has(self.existing)].filter(x, x).size() == 1',
      message: 'exactly one of inline, configMapRef, s3, imageUri, ociRef, existing must be set',
    }),
  });

const EXISTING_CODE_OF_WHOM =
  'code.existing keeps the code of a function that is there: say which one as function.name';

/** What a function of a zip has when nothing is said; with an image nothing else may be said, since it would do nothing. */
export const DEFAULT_RUNTIME = 'nodejs24.x';
export const DEFAULT_HANDLER = 'index.handler';
const IMAGE_SAYS_WHAT_RUNS = 'an image says itself what runs: leave runtime, handler and layers out with code.imageUri';

const CONFIG_OF_IMAGE = 'imageConfig says how an image starts, and code.imageUri names none';

const VERSION_OF_WHAT = 'version names a version to go back to, and only publish: true makes versions';

const lambdaFunction = z
  .strictObject({
    name: z
      .string()
      .max(64)
      .regex(/^[A-Za-z0-9_-]+$/, 'must be the name of a Lambda function: letters, digits, - and _')
      .optional()
      .describe('Name of a function that exists, to take it over; ours is made up otherwise. Immutable.'),
    description: z.string().max(256).default('').describe('Empty: namespace/name and the handler.'),
    runtime: z
      .string()
      .max(64)
      .regex(/^[a-z0-9.]+$/, 'must be the identifier of a Lambda runtime such as nodejs24.x')
      .default(DEFAULT_RUNTIME)
      .describe('Identifier of a Lambda runtime.'),
    handler: z
      .string()
      .min(1)
      .max(128)
      .regex(/^[^\t\n\v\f\r ]+$/, 'may not hold white space')
      .default(DEFAULT_HANDLER)
      .describe('File and export, such as index.handler.'),
    memorySize: z.int().min(128).max(10_240).default(128).describe('Memory in MB.'),
    timeout: z.int().min(1).max(900).default(10).describe('Time limit in seconds.'),
    architecture: z.enum(['x86_64', 'arm64']).default('x86_64').describe('Processor architecture.'),
    environment: variables(
      z.string().max(4096),
      'Environment variables. All values, ours and those of environmentFrom included, may take 4 KB.',
    ),
    environmentFrom: variables(
      variableSource,
      'Environment variables whose values stand in ConfigMaps and Secrets. A change of a ConfigMap is carried through at once, one of a Secret at the next drift check.',
    ),
    ...functionSettings,
    publish: z
      .boolean()
      .default(false)
      .describe(
        'Publish a version after each change of code or configuration; the rules call the alias live, which moves to it.',
      ),
    version: z
      .string()
      .max(10)
      .regex(/^[1-9][0-9]*$/, 'must be the number of a published version, in quotes')
      .optional()
      .describe('Hold the alias live at this version, to go back to it. Nothing is published meanwhile.'),
    code,
  })
  .refine(({ publish, version }) => version === undefined || publish, { message: VERSION_OF_WHAT })
  .refine(
    ({ code, runtime, handler, layers }) =>
      code.imageUri === undefined ||
      (runtime === DEFAULT_RUNTIME && handler === DEFAULT_HANDLER && layers.length === 0),
    { message: IMAGE_SAYS_WHAT_RUNS },
  )
  .refine(({ code, imageConfig }) => imageConfig === undefined || code.imageUri !== undefined, {
    message: CONFIG_OF_IMAGE,
  })
  .refine(({ code, name }) => code.existing === undefined || name !== undefined, { message: EXISTING_CODE_OF_WHOM })
  .superRefine(({ environment, environmentFrom }, context) => {
    for (const name of Object.keys(environmentFrom).filter((name) => Object.hasOwn(environment, name)))
      context.addIssue({
        code: 'custom',
        path: ['environmentFrom', name],
        message: 'a variable stands in environment or in environmentFrom, not in both',
      });
  })
  .refine(LEVELS_OF_JSON.holds, { path: ['systemLogLevel'], message: LEVELS_OF_JSON.message })
  .meta({
    description: 'The function that is invoked for each mail.',
    ...cel(
      { rule: LEVELS_OF_JSON.rule, message: LEVELS_OF_JSON.message },
      { rule: '!has(self.code.existing) || has(self.name)', message: EXISTING_CODE_OF_WHOM },
      { rule: '!has(self.version) || (has(self.publish) && self.publish)', message: VERSION_OF_WHAT },
      {
        rule: `!has(self.code.imageUri) || ((!has(self.runtime) || self.runtime == '${DEFAULT_RUNTIME}') && (!has(self.handler) || self.handler == '${DEFAULT_HANDLER}') && (!has(self.layers) || size(self.layers) == 0))`,
        message: IMAGE_SAYS_WHAT_RUNS,
      },
      { rule: '!has(self.imageConfig) || has(self.code.imageUri)', message: CONFIG_OF_IMAGE },
      {
        rule: 'has(self.name) == has(oldSelf.name) && (!has(self.name) || self.name == oldSelf.name)',
        message: 'name is immutable: it is the identity of the function',
      },
      {
        rule: '!has(self.environment) || !has(self.environmentFrom) || self.environmentFrom.all(name, !(name in self.environment))',
        message: 'a variable stands in environment or in environmentFrom, not in both',
      },
    ),
  });

const ruleStorage = z
  .strictObject({
    objectKeyPrefix: objectKeyPrefix.optional(),
    kmsKeyArn: arn('kms', 'a KMS key')
      .optional()
      .describe('SES encrypts on its side with this key before it stores; readers need the S3 encryption client.'),
    topicArn: topicArn.optional().describe('Topic of the same region that is told when a body was stored.'),
    disabled: z.boolean().default(false).describe('Do not store what this rule matches.'),
  })
  .describe('Storage of this rule alone; the rule then carries its own S3 action.');

const invocationType = z.enum(['Event', 'RequestResponse']);

const RULE_ACTIONS = ['addHeader', 'bounce', 'sns', 'workmail'] as const;
/** With those of ours, which store, invoke and stop, as many as SES allows. */
const MOST_ACTIONS = MAX_ACTIONS - 3;

/** @see https://docs.aws.amazon.com/ses/latest/dg/receiving-email-action.html */
const ruleAction = z
  .strictObject({
    addHeader: z
      .strictObject({
        name: z
          .string()
          .min(1)
          .max(50)
          .regex(/^[A-Za-z0-9-]*$/, 'must be made of letters, digits and dashes')
          .describe('Name of the header.'),
        value: z
          .string()
          .min(1)
          .max(2048)
          .regex(/^[^\r\n]*$/, 'must be one line')
          .describe('Value of the header.'),
      })
      .optional()
      .describe('Adds a header for the function and for later rules; the stored body is without it.'),
    bounce: z
      .strictObject({
        smtpReplyCode: z
          .string()
          .max(3)
          .regex(/^[45][0-9]{2}$/, 'must be an SMTP reply code of a refusal: 4xx or 5xx')
          .describe('SMTP reply code (RFC 5321), such as "550".'),
        statusCode: z
          .string()
          .max(9)
          .regex(/^[45][.][0-9]{1,3}[.][0-9]{1,3}$/, 'must be an enhanced status code of a refusal, such as 5.1.1')
          .optional()
          .describe('Enhanced status code (RFC 3463), such as "5.1.1".'),
        message: z
          .string()
          .min(1)
          .max(1024)
          .regex(/^[^\r\n]*$/, 'must be one line')
          .describe('What the sender is told.'),
        sender: z
          .string()
          .max(320)
          .regex(new RegExp(`^${LOCAL_PART}@${DOMAIN}$`), 'must be an address (postmaster@example.com)')
          .describe('Address the bounce comes from; SES demands that it is verified.'),
        topicArn: topicArn.optional().describe('Topic of the same region that is told of the bounce.'),
      })
      .optional()
      .describe('Refuses the mail by a bounce. Whether later rules still see it AWS does not say; stop makes sure.'),
    sns: z
      .strictObject({
        topicArn: topicArn.describe('Topic of the same region.'),
        encoding: z.enum(['UTF-8', 'Base64']).default('UTF-8').describe('Base64 keeps bytes that are not UTF-8.'),
      })
      .optional()
      .describe('Publishes the whole mail to a topic; SES bounces what is larger than 150 KB.'),
    workmail: z
      .strictObject({
        organizationArn: z
          .string()
          .max(200)
          .regex(
            new RegExp(`${ARN}workmail:[a-z0-9-]+:[0-9]{12}:organization/m-[a-z0-9]{1,64}$`),
            'must be the ARN of a WorkMail organization, such as arn:aws:workmail:us-west-2:123456789012:organization/m-…',
          )
          .describe('Organization of the same region.'),
        topicArn: topicArn.optional().describe('Topic of the same region that is told of it.'),
      })
      .optional()
      .describe('Hands the mail over to Amazon WorkMail.'),
  })
  .refine((action) => RULE_ACTIONS.filter((kind) => action[kind] !== undefined).length === 1, {
    message: `exactly one of ${RULE_ACTIONS.join(', ')} must be set`,
  })
  .meta({
    description: 'Exactly one action.',
    ...cel({
      rule: `[${RULE_ACTIONS.map((kind) => `has(self.${kind})`).join(', ')}].filter(x, x).size() == 1`,
      message: `exactly one of ${RULE_ACTIONS.join(', ')} must be set`,
    }),
  });

const receiptRule = z.strictObject({
  name: z
    .string()
    .max(31)
    .regex(
      /^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/,
      'must be made of letters, digits, dots and dashes, and begin and end with a letter or digit',
    )
    .refine((name) => name !== STORAGE_RULE, { message: 'MessageBodyStorage is the name of our own storage rule' })
    .meta({
      description: 'Unique in this pipeline; at most 31 characters.',
      ...cel({
        rule: "self != 'MessageBodyStorage'",
        message: 'MessageBodyStorage is the name of our own storage rule',
      }),
    }),
  recipients: z.array(recipient).max(500).superRefine(refuseRepeated).meta({
    description: 'Whom the rule is for. An empty list must be written: every recipient of every verified domain.',
    'x-kubernetes-list-type': 'set',
  }),
  tlsPolicy: z.enum(['Optional', 'Require']).default('Optional').describe('Require: mail without TLS is bounced.'),
  scanEnabled: z.boolean().default(true).describe('Scan for spam and viruses; sets verdicts, never blocks.'),
  enabled: z.boolean().default(true).describe('A rule that is not enabled is skipped.'),
  stop: z.boolean().default(false).describe('End the evaluation of the whole rule set after this rule.'),
  invocationType: invocationType.optional().describe('Overrides spec.invocationType for this rule.'),
  ruleName: z
    .string()
    .max(64)
    .regex(
      /^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$/,
      'must be the name of a receipt rule: letters, digits, _ . and -, beginning and ending with a letter or digit',
    )
    .optional()
    .describe('Name of a rule that exists in the set, to take it over. It is ours exactly while it is listed.'),
  actions: z.array(ruleAction).max(MOST_ACTIONS).default([]).meta({
    description: 'What SES does before it invokes the function, in this order; the body is stored first.',
    'x-kubernetes-list-type': 'atomic',
  }),
  storage: ruleStorage.optional(),
});

type NamedRule = { readonly name: string; readonly ruleName?: string | undefined };

function refuseRepeatedNames(rules: readonly NamedRule[], context: z.RefinementCtx): void {
  for (const field of ['name', 'ruleName'] as const) {
    const first = new Map<string, number>();
    for (const [index, { [field]: name }] of rules.entries()) {
      if (name === undefined) continue;
      const earlier = first.get(name);
      if (earlier === undefined) first.set(name, index);
      else
        context.addIssue({
          code: 'custom',
          path: [index, field],
          message: `rule ${earlier + 1} of the list is called ${JSON.stringify(name)} too; the ${field} of each rule must be unique`,
        });
    }
  }
}

/** SES's documents disagree whether 64 characters pass. */
const MAX_SET_NAME = 63;
const GREEN_IS_RESERVED = `must not end in ${GREEN}: ruleSet.rollout: BlueGreen makes such a name of that of the set`;
const GREEN_HAS_NO_ROOM = `must be at most ${MAX_SET_NAME - GREEN.length} characters long, so that ${GREEN} can be added for ruleSet.rollout: BlueGreen`;

const ruleSet = z
  .strictObject({
    name: z
      .string()
      .max(MAX_SET_NAME)
      .regex(
        /^[A-Za-z0-9]([A-Za-z0-9_-]*[A-Za-z0-9])?$/,
        'must be made of letters, digits, _ and -, and begin and end with a letter or digit',
      )
      .default('ses-lambda-pipeline')
      .describe('The rule set; other rules may be in it.'),
    create: z.boolean().default(true).describe('Create the rule set when it does not exist.'),
    activate: z
      .enum(['IfNone', 'Always', 'Never'])
      .default('IfNone')
      .describe('One rule set is active for an account and region. IfNone: activate ours only when none is active.'),
    position: z
      .enum(['Head', 'Tail'])
      .default('Head')
      .describe('Where our first rules go in a set with other rules; later ones go beside ours.'),
    priority: z.int().min(-1000).max(1000).default(0).describe('Pipelines with a lower number come first in the set.'),
    onDelete: z
      .enum(['Retain', 'DeleteWhenEmpty'])
      .default('Retain')
      .describe('DeleteWhenEmpty: a set that our deletion empties is switched off and deleted.'),
    rollout: z
      .enum(['InPlace', 'BlueGreen'])
      .default('InPlace')
      .describe(
        'InPlace: rules are changed one after the other. BlueGreen: changes are made in a clone of the set, which then becomes the active one; every pipeline of the set must say so.',
      ),
  })
  .refine(({ name }) => !name.endsWith(GREEN), { path: ['name'], message: GREEN_IS_RESERVED })
  .refine(({ name, rollout }) => rollout !== 'BlueGreen' || name.length <= MAX_SET_NAME - GREEN.length, {
    path: ['name'],
    message: GREEN_HAS_NO_ROOM,
  })
  .meta({
    description: 'The receipt rule set, shared with others in the account and region.',
    ...cel(
      { rule: `!has(self.name) || !self.name.endsWith('${GREEN}')`, message: GREEN_IS_RESERVED },
      {
        rule: `!has(self.name) || !has(self.rollout) || self.rollout != 'BlueGreen' || size(self.name) <= ${MAX_SET_NAME - GREEN.length}`,
        message: GREEN_HAS_NO_ROOM,
      },
    ),
  });

const spec = z
  .strictObject({
    region: z
      .string()
      .max(32)
      .regex(/^[a-z]{2,}(-[a-z]+)+-\d$/, 'must be the name of an AWS region such as us-west-2')
      .describe('Region of the rules and the function. Immutable.'),
    messageBodyStorage,
    role: role.prefault({}),
    function: lambdaFunction,
    invocationType: invocationType
      .default('Event')
      .describe(
        'How SES invokes the function, unless a rule says otherwise. RequestResponse: SES waits for it, and its answer can end the evaluation.',
      ),
    ruleSet: ruleSet.prefault({}),
    receiptRules: z
      .array(receiptRule)
      .max(199)
      .superRefine(refuseRepeatedNames)
      .meta({
        description: 'The rules in the order in which SES evaluates them.',
        'x-kubernetes-list-type': 'atomic',
        ...cel(
          // The list in a list only names the names; comparing rule with rule took the API server seconds for 199 rules.
          {
            rule: '[self.map(rule, rule.name)].all(names, names.all(name, names.indexOf(name) == names.lastIndexOf(name)))',
            message: 'the name of each rule must be unique',
          },
          {
            rule: '[self.filter(rule, has(rule.ruleName)).map(rule, rule.ruleName)].all(names, names.all(name, names.indexOf(name) == names.lastIndexOf(name)))',
            message: 'the ruleName of each rule must be unique',
          },
        ),
      }),
    interval: intervalSchema,
    suspend: z
      .boolean()
      .default(false)
      .describe('Leave everything on AWS as it is, and do not look at it. Deleting the pipeline still deletes.'),
    managementPolicy: z
      .enum(['Full', 'Observe', 'NoDelete'])
      .default('Full')
      .describe(
        'Observe: report differences, write nothing. NoDelete: as Full, but deleting the pipeline leaves everything on AWS.',
      ),
  })
  .meta({
    description: 'What the pipeline is.',
    ...cel({
      rule: 'self.region == oldSelf.region',
      message: 'region is immutable: delete the pipeline and create it anew',
    }),
  });

/** Base name of the rule that stores for all others under `placement: HeadRule`. */
export const STORAGE_RULE = 'MessageBodyStorage';

const NAME_MESSAGE = 'must be a DNS label: at most 63 of a-z, 0-9 and -, no dots';

/**
 * The resource: type, defaults, validation and, through `tools/generate.ts`, the CRD and the API page.
 * Metadata that Kubernetes adds is let through; everything else unknown is refused.
 */
export const manifestSchema = z
  .strictObject({
    apiVersion: z.literal(API_VERSION),
    kind: z.literal(KIND),
    metadata: z.looseObject({
      name: z.string().regex(DNS_LABEL, NAME_MESSAGE),
      namespace: z.string().regex(DNS_LABEL, NAME_MESSAGE).optional(),
      annotations: annotationsSchema.optional(),
    }),
    spec,
    status: z.unknown().optional(),
  })
  .meta(
    // The API server lets dots through, and checks the rest of a name by itself.
    cel({
      rule: "self.metadata.name.size() <= 63 && !self.metadata.name.contains('.')",
      message: `metadata.name ${NAME_MESSAGE}`,
    }),
  );

/** A valid resource with every default filled in. */
export type Manifest = z.output<typeof manifestSchema>;
export type ManifestSpec = Manifest['spec'];
export type ReceiptRuleSpec = ManifestSpec['receiptRules'][number];
export type RuleActionSpec = ReceiptRuleSpec['actions'][number];

/** A resource as a person writes it: what has a default may be left out. */
export type ManifestInput = z.input<typeof manifestSchema>;
export type ReceiptRuleSpecInput = ManifestInput['spec']['receiptRules'][number];
export type RuleActionSpecInput = NonNullable<ReceiptRuleSpecInput['actions']>[number];

/** One thing that is wrong in a document. */
export type ManifestIssue = {
  /** Keys and indexes from the document's root. */
  readonly path: readonly (string | number)[];
  readonly message: string;
  /** Set for a field that does not exist. */
  readonly unknownField?: string;
};

export type ParsedManifest =
  | { readonly ok: true; readonly manifest: Manifest }
  | { readonly ok: false; readonly issues: readonly ManifestIssue[] };

/** Checks a document against the schema and fills in the defaults. Never throws. */
export function parseManifest(document: unknown): ParsedManifest {
  const unusable = prototypeKeys(document);
  if (unusable.length > 0) return { ok: false, issues: unusable };
  const parsed = manifestSchema.safeParse(withoutNulls(document));
  const unknown = unknownFields(document);
  if (parsed.success && unknown.length === 0) return { ok: true, manifest: parsed.data };
  const others = parsed.success ? [] : parsed.error.issues.filter((issue) => issue.code !== 'unrecognized_keys');
  return { ok: false, issues: [...unknown, ...others.flatMap(toIssues)] };
}

/** A field that does not exist is a mistake even when nothing is written behind it. */
function unknownFields(document: unknown): ManifestIssue[] {
  const parsed = manifestSchema.safeParse(document);
  const issues = parsed.success ? [] : parsed.error.issues;
  const fields = issues.filter((issue) => issue.code === 'unrecognized_keys').flatMap(toIssues);
  return [...fields, ...misspeltAnnotations(document)];
}

function misspeltAnnotations(document: unknown): ManifestIssue[] {
  const annotations = memberOf(memberOf(document, 'metadata'), 'annotations');
  if (typeof annotations !== 'object' || annotations === null) return [];
  return unknownAnnotations(annotations).map((key) => ({
    path: ['metadata', 'annotations', key],
    message: 'unknown annotation',
    unknownField: key,
  }));
}

const memberOf = (value: unknown, key: string): unknown =>
  typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>)[key] : undefined;

/**
 * An empty value in YAML is null, and the API server takes a field that is null for one that is not there.
 * @see https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#defaulting-and-nullable
 */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).filter(([, member]) => member !== null);
  return Object.fromEntries(members.map(([key, member]) => [key, withoutNulls(member)]));
}

/** The parser would drop a map's key of this name without a word. */
function prototypeKeys(document: unknown): ManifestIssue[] {
  const issues: ManifestIssue[] = [];
  const open: { readonly value: unknown; readonly path: ManifestIssue['path'] }[] = [{ value: document, path: [] }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { value, path } = next;
    if (typeof value !== 'object' || value === null) continue;
    for (const [key, member] of Object.entries(value)) {
      const at = [...path, Array.isArray(value) ? Number(key) : key];
      if (key === '__proto__') issues.push({ path: at, message: 'this name cannot be used' });
      else open.push({ value: member, path: at });
    }
  }
  return issues;
}

/** What zod found wrong, in our words. */
export function toIssues(issue: z.core.$ZodIssue): ManifestIssue[] {
  const path = issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part));
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({ path: [...path, key], message: 'unknown field', unknownField: key }));
  if (issue.code === 'invalid_key') return issue.issues.map((inner) => ({ path, message: plainMessage(inner) }));
  return [{ path, message: plainMessage(issue) }];
}

function plainMessage(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return issue.message
        .replace(/^Invalid input: expected (\w+), received undefined$/, 'is required ($1)')
        .replace(/^Invalid input: expected int, received number$/, 'must be a whole number')
        .replace(/^Invalid input: expected (\w+), received (\w+)$/, 'must be of type $1, not $2');
    case 'invalid_value':
      return `must be ${issue.values.map((value) => JSON.stringify(value)).join(' or ')}`;
    case 'too_big':
      return `${tooWhat(issue.origin, 'at most')} ${issue.maximum}`;
    case 'too_small':
      return `${tooWhat(issue.origin, 'at least')} ${issue.minimum}`;
    case 'custom':
    case 'invalid_element':
    case 'invalid_format':
    case 'invalid_key':
    case 'invalid_union':
    case 'not_multiple_of':
    case 'unrecognized_keys':
      return issue.message;
  }
}

function tooWhat(origin: string, bound: string): string {
  if (origin === 'string') return `its length must be ${bound}`;
  if (origin === 'array') return `the number of items must be ${bound}`;
  return `must be ${bound}`;
}
