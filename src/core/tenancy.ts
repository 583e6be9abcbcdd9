import { z } from 'zod';
import type { Fault } from './fault.ts';
import { toIssues, type ManifestIssue } from './manifest-issue.ts';
import { DOMAIN } from './schema-parts.ts';
import { hex } from './names.ts';
import { arn } from './schema-parts.ts';

const NAMESPACE_PATTERN = /^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?|([a-z0-9][a-z0-9-]{0,61})?\*)$/;
const TAG_TEXT = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;
const TAG_MESSAGE = 'may hold letters, digits, spaces and _ . : / = + - @';

const patterns = (pattern: z.ZodType<string, string>, description: string) =>
  z.array(pattern).max(100).default([]).describe(description);
const bucketPattern = z
  .string()
  .max(63)
  .regex(/^[a-z0-9.*-]+$/, 'must be the name of an S3 bucket, with * for any characters');

/** Whatever a manifest can name that its pipeline does not make itself, by kind; patterns, and nothing by default. */
const allow = z.strictObject({
  roles: patterns(arn('iam', 'a role'), 'Roles a function may run as: role.existingArn.'),
  managedPolicies: patterns(arn('iam', 'a managed policy'), 'Managed policies a role may carry.'),
  buckets: patterns(bucketPattern, 'Existing buckets that may take the bodies: messageBodyStorage.bucketName.'),
  codeBuckets: patterns(bucketPattern, 'Buckets that function code may come from: function.code.s3.'),
  images: patterns(
    z
      .string()
      .max(512)
      .regex(/^[A-Za-z0-9.*_@:/-]+$/, 'must be an image in ECR, with * for any characters'),
    'Images that functions may run, with tag or digest as in function.code.imageUri: …/handler@sha256:*.',
  ),
  ociRepositories: patterns(
    z
      .string()
      .max(512)
      .regex(/^[A-Za-z0-9.*_:/-]+$/, 'must be a registry and a repository in it, with * for any characters'),
    'Repositories that function code may be pulled from: function.code.ociRef.repository.',
  ),
  kmsKeys: patterns(arn('kms', 'a KMS key'), 'KMS keys that may encrypt a bucket, the bodies or an environment.'),
  functions: patterns(
    z
      .string()
      .max(64)
      .regex(/^[A-Za-z0-9_*-]+$/, 'must be the name of a Lambda function, with * for any characters'),
    'Functions under names of their own: function.name.',
  ),
  rules: patterns(
    z
      .string()
      .max(64)
      .regex(/^[A-Za-z0-9._*-]+$/, 'must be the name of a receipt rule, with * for any characters'),
    'Receipt rules under names of their own: receiptRules[].ruleName.',
  ),
  layers: patterns(arn('lambda', 'a layer version'), 'Layers whose code may run in a function: function.layers.'),
  networks: patterns(
    z
      .string()
      .max(64)
      .regex(
        /^(subnet|sg)-[a-z0-9*]+$/,
        'must be the id of a subnet (subnet-…) or a security group (sg-…), with * for any characters',
      ),
    'Subnets and security groups that a function may be in: function.vpc.',
  ),
  destinations: patterns(
    z
      .string()
      .max(400)
      .regex(
        /^arn:aws[a-z-]*:(sqs|sns|lambda|events|s3):/,
        'must be the ARN of a queue, topic, function, event bus or bucket',
      ),
    'Where events may go that a function could not or could handle: function.deadLetterArn and function.async.',
  ),
  topics: patterns(arn('sns', 'an SNS topic'), 'SNS topics that may be told about mail, or given it.'),
  organizations: patterns(arn('workmail', 'a WorkMail organization'), 'WorkMail organizations that may be given mail.'),
  ruleSets: z
    .array(
      z
        .string()
        .max(63)
        .regex(/^[A-Za-z0-9_*-]+$/, 'must be the name of a rule set, with * for any characters'),
    )
    .max(100)
    .default(['ses-lambda-pipeline'])
    .describe('Rule sets that may be used: activating one switches off all others of the account and region.'),
  adoption: patterns(
    z
      .string()
      .max(63)
      .regex(/^[a-z0-9*-]+$/, 'must be the name of a pipeline, with * for any characters'),
    'Pipelines whose annotation may make ours what nobody has marked.',
  ),
});

const tenant = z.strictObject({
  namespaces: z
    .array(
      z
        .string()
        .regex(NAMESPACE_PATTERN, 'must be the name of a namespace, or the beginning of names with * at the end'),
    )
    .min(1)
    .max(1000)
    .describe('Whom the entry is for. An exact name wins over a pattern, and a longer pattern over a shorter one.'),
  roleArn: z
    .string()
    .max(2048)
    .regex(
      /^arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=,.@/-]+$/,
      'must be the ARN of a role, such as arn:aws:iam::111122223333:role/mail',
    )
    .describe('Role that the controller assumes for these namespaces; its account is where they live on AWS.'),
  externalId: z
    .string()
    .min(2)
    .max(1224)
    .regex(/^[\w+=,.@:/-]+$/, 'may hold letters, digits and _ + = , . @ : / -')
    .optional()
    .describe('Sent with AssumeRole; the trust policy of the role asks for it as sts:ExternalId.'),
  sessionTags: z
    .record(z.string().min(1).max(128).regex(TAG_TEXT, TAG_MESSAGE), z.string().max(256).regex(TAG_TEXT, TAG_MESSAGE))
    .refine((tags) => Object.keys(tags).length <= 50, 'the number of entries must be at most 50')
    .default({})
    .describe('Tags of the session, for conditions on aws:PrincipalTag; the trust policy must allow sts:TagSession.'),
  permissionsBoundaryArn: arn('iam', 'a managed policy')
    .optional()
    .describe('Forced on every role that is made, in the very call that makes it.'),
  rolePath: z
    .string()
    .max(512)
    .regex(/^\/([\w+=,.@-]+\/)*$/, 'must begin and end with a slash, such as /team-a/')
    .optional()
    .describe('Path of every role that is made. Not set: /ses-lambda-pipeline/ and the name of the installation.'),
  recipientDomains: z
    .array(
      z
        .string()
        .max(255)
        .regex(
          new RegExp(`^\\.?${DOMAIN}$`),
          'must be a domain (example.com) or all subdomains of one (.example.com); write an international domain in its xn-- form',
        ),
    )
    .max(1000)
    .optional()
    .describe('The only domains its rules may name; a rule for everybody is then refused. Not set: any.'),
  allow: allow.prefault({}).describe('What its pipelines may name beside what they make themselves, by pattern.'),
});

/** The file behind `--tenants`: which namespace works as which role, and within which limits. */
export const tenancySchema = z.strictObject({
  tenants: z.array(tenant).max(1000).describe('One entry for each role. A namespace without an entry is refused.'),
});

/** What a namespace may do, and as which role. */
export type Tenant = Readonly<z.output<typeof tenant>>;
/** A kind of thing that a manifest can name and does not make itself. */
export type ReferenceKind = keyof Tenant['allow'];

/** Every entry of the file, ready to be asked. */
export type Tenancy = {
  readonly byName: ReadonlyMap<string, Tenant>;
  /** The longest first: it is the most specific. */
  readonly byPrefix: readonly { readonly prefix: string; readonly tenant: Tenant }[];
};

export type ParsedTenancy =
  | { readonly ok: true; readonly tenancy: Tenancy }
  | { readonly ok: false; readonly issues: readonly ManifestIssue[] };

/** Checks the file's content: all that is wrong at once, two entries for the same namespaces too. Never throws. */
export function parseTenancy(content: unknown): ParsedTenancy {
  const parsed = tenancySchema.safeParse(content);
  const wrong = parsed.success ? [] : parsed.error.issues.flatMap(toIssues);
  const issues = [...wrong, ...ambiguities(content)];
  if (!parsed.success || issues.length > 0) return { ok: false, issues };
  const named = parsed.data.tenants.flatMap((tenant) => tenant.namespaces.map((name) => ({ name, tenant })));
  const byPrefix = named
    .filter(({ name }) => name.endsWith('*'))
    .map(({ name, tenant }) => ({ prefix: name.slice(0, -1), tenant }))
    .sort((a, b) => b.prefix.length - a.prefix.length);
  return { ok: true, tenancy: { byName: new Map(named.map(({ name, tenant }) => [name, tenant])), byPrefix } };
}

/**
 * Patterns end in `*`, so two that match the same name are of different lengths, unless they are the same. Looked for
 * in what was written, whatever else is wrong with it.
 */
function ambiguities(content: unknown): ManifestIssue[] {
  const first = new Map<unknown, number>();
  return itemsOf(memberOf(content, 'tenants')).flatMap((entry, index) =>
    itemsOf(memberOf(entry, 'namespaces')).flatMap((name, position) => {
      const earlier = first.get(name);
      if (earlier === undefined) first.set(name, index);
      if (earlier === undefined || typeof name !== 'string') return [];
      const message =
        earlier === index
          ? `"${name}" is in the list twice; keep one`
          : `"${name}" is in entry ${earlier + 1} of the list too; which role would it be?`;
      return [{ path: ['tenants', index, 'namespaces', position], message }];
    }),
  );
}

const itemsOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const memberOf = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>)[name] : undefined;

/** The entry for a namespace: that of its exact name, else that of the longest pattern; undefined means refused. */
export function tenantOf({ byName, byPrefix }: Tenancy, namespace: string): Tenant | undefined {
  return byName.get(namespace) ?? byPrefix.find(({ prefix }) => namespace.startsWith(prefix))?.tenant;
}

/** What is said when there is none. */
export function noTenant(namespace: string): Fault {
  return {
    class: 'denied',
    reason: 'TenancyDenied',
    message: `Namespace ${namespace} has no entry in the controller's tenants file, so nothing is done on AWS for it; ask whoever runs the controller for one`,
  };
}

/** The account in which a tenant lives. */
export const accountOf = ({ roleArn }: Pick<Tenant, 'roleArn'>): string => roleArn.split(':')[4] ?? '';

/** The role to assume, and what AWS is told about who does. */
export type RoleSession = {
  readonly roleArn: string;
  readonly sessionName: string;
  readonly externalId: string | undefined;
  readonly tags: Readonly<Record<string, string>>;
};

const MAX_SESSION_NAME = 64;

/**
 * How the controller works for a namespace. The session's name, `<installation>.<namespace>`, stands in CloudTrail and
 * can be asked for in a trust policy; none is another's, since neither part has a dot.
 * @see https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
 */
export function roleSessionOf(tenant: Tenant, installation: string, namespace: string): RoleSession {
  const whole = `${installation}.${namespace}`;
  const hash = hex([installation, namespace]).slice(0, 10);
  const sessionName =
    whole.length <= MAX_SESSION_NAME ? whole : `${whole.slice(0, MAX_SESSION_NAME - hash.length - 1)}.${hash}`;
  return { roleArn: tenant.roleArn, sessionName, externalId: tenant.externalId, tags: tenant.sessionTags };
}
