import { z } from 'zod';
import { annotationsSchema, unknownAnnotations } from './annotations.ts';
import { API_GROUP } from './api-group.ts';
import { cel } from './cel.ts';
import { lambdaFunction } from './function-schema.ts';
import { intervalSchema } from './interval.ts';
import { toIssues, type ManifestIssue } from './manifest-issue.ts';
import { invocationType, receiptRules } from './receipt-rule-schema.ts';
import { role } from './role-schema.ts';
import { ruleSet } from './rule-set-schema.ts';
import { messageBodyStorage } from './storage-schema.ts';

export const API_VERSION = `${API_GROUP}/v1alpha1`;
export const KIND = 'SesLambdaPipeline';

/** A DNS label as Kubernetes defines it (RFC 1123), the only names a pipeline and its namespace may have. */
export const DNS_LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

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
    receiptRules,
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
