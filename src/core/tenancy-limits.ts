import { ADOPT, asksForAdoption } from './annotations.ts';
import type { Fault } from './fault.ts';
import type { Manifest } from './manifest.ts';
import { domainOf, normaliseRecipient } from './recipients.ts';
import { matchesPattern } from './reference-pattern.ts';
import type { ReferenceKind, Tenant } from './tenancy.ts';

/**
 * Every field that names something its pipeline does not make, and what kind of thing that is. `[]` goes through a
 * list. A test walks the schema and fails for a field that is neither here nor known to be harmless.
 */
export const REFERENCES: Readonly<Record<string, ReferenceKind>> = {
  'spec.messageBodyStorage.bucketName': 'buckets',
  'spec.messageBodyStorage.encryption.kmsKeyArn': 'kmsKeys',
  'spec.role.existingArn': 'roles',
  'spec.role.managedPolicyArns[]': 'managedPolicies',
  'spec.function.name': 'functions',
  'spec.function.code.s3.bucket': 'codeBuckets',
  'spec.function.code.imageUri': 'images',
  'spec.function.code.ociRef.repository': 'ociRepositories',
  'spec.function.layers[]': 'layers',
  'spec.function.vpc.subnetIds[]': 'networks',
  'spec.function.vpc.securityGroupIds[]': 'networks',
  'spec.function.deadLetterArn': 'destinations',
  'spec.function.async.onFailureArn': 'destinations',
  'spec.function.async.onSuccessArn': 'destinations',
  'spec.function.kmsKeyArn': 'kmsKeys',
  'spec.ruleSet.name': 'ruleSets',
  'spec.receiptRules[].ruleName': 'rules',
  'spec.receiptRules[].actions[].bounce.topicArn': 'topics',
  'spec.receiptRules[].actions[].sns.topicArn': 'topics',
  'spec.receiptRules[].actions[].workmail.organizationArn': 'organizations',
  'spec.receiptRules[].actions[].workmail.topicArn': 'topics',
  'spec.receiptRules[].storage.kmsKeyArn': 'kmsKeys',
  'spec.receiptRules[].storage.topicArn': 'topics',
};

/** A field that asks for more than the namespace's entry gives. */
export type TenancyIssue = {
  /** Such as `spec.receiptRules[1].recipients[0]`. */
  readonly path: string;
  readonly message: string;
};

/** Everything in a manifest that its tenant may not have; no address of a person is in it. */
export function tenancyIssues(manifest: Manifest, tenant: Tenant): readonly TenancyIssue[] {
  return [
    ...referenceIssues(manifest, tenant),
    ...boundaryIssues(manifest, tenant),
    ...adoptionIssues(manifest, tenant),
    ...codePathIssues(manifest),
    ...recipientIssues(manifest, tenant),
  ];
}

const MOST_TOLD = 5;

/** The same as one fault; undefined when nothing is asked for in vain. */
export function tenancyFault(manifest: Manifest, tenant: Tenant): Fault | undefined {
  const issues = tenancyIssues(manifest, tenant);
  if (issues.length === 0) return undefined;
  const told = issues.slice(0, MOST_TOLD).map(({ path, message }) => `${path}: ${message}`);
  const more = issues.length > MOST_TOLD ? [`and ${issues.length - MOST_TOLD} more`] : [];
  return { class: 'denied', reason: 'TenancyDenied', message: [...told, ...more].join('; ') };
}

function referenceIssues(manifest: Manifest, tenant: Tenant): TenancyIssue[] {
  return Object.entries(REFERENCES).flatMap(([field, kind]) =>
    valuesAt(manifest, field)
      .filter(({ value }) => !tenant.allow[kind].some((pattern) => matchesPattern(pattern, value)))
      .map(({ path, value }) => ({ path, message: unlisted(value, kind) })),
  );
}

const unlisted = (what: string, kind: ReferenceKind): string =>
  `${what} is not for this namespace: no pattern under allow.${kind} of its entry in the tenants file matches it`;

/** The texts that a manifest has at a field of {@link REFERENCES}. */
function valuesAt(manifest: Manifest, field: string): { path: string; value: string }[] {
  let found: { path: string; value: unknown }[] = [{ path: '', value: manifest }];
  for (const part of field.split('.')) {
    const name = part.replace('[]', '');
    const members = found.flatMap(({ path, value }) =>
      isObject(value) ? [{ path: path === '' ? name : `${path}.${name}`, value: value[name] }] : [],
    );
    found = name === part ? members : members.flatMap(itemsOf);
  }
  return found.flatMap(({ path, value }) => (typeof value === 'string' ? [{ path, value }] : []));
}

const itemsOf = ({ path, value }: { path: string; value: unknown }): { path: string; value: unknown }[] =>
  Array.isArray(value) ? value.map((item: unknown, index) => ({ path: `${path}[${index}]`, value: item })) : [];

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

function boundaryIssues({ spec }: Manifest, { permissionsBoundaryArn: forced }: Tenant): TenancyIssue[] {
  const asked = spec.role.permissionsBoundaryArn;
  if (forced === undefined || asked === undefined || asked === forced) return [];
  return [
    {
      path: 'spec.role.permissionsBoundaryArn',
      message: `every role of this namespace has the boundary ${forced}; leave the field out`,
    },
  ];
}

function adoptionIssues(manifest: Manifest, { allow }: Tenant): TenancyIssue[] {
  const { name } = manifest.metadata;
  if (!asksForAdoption(manifest) || allow.adoption.some((pattern) => matchesPattern(pattern, name))) return [];
  return [{ path: `metadata.annotations["${ADOPT}"]`, message: unlisted(`adopting as ${name}`, 'adoption') }];
}

/** Manifests in a folder: a path that leads out of it would make any file the controller can read part of a function. */
function codePathIssues({ spec }: Manifest): TenancyIssue[] {
  const { path } = spec.function.code;
  if (path === undefined || !(/^([\\/]|[A-Za-z]:)/.test(path) || path.split(/[\\/]/).includes('..'))) return [];
  return [
    { path: 'spec.function.code.path', message: 'must stay in the folder of the manifest: a relative path without ..' },
  ];
}

function recipientIssues({ spec }: Manifest, { recipientDomains }: Tenant): TenancyIssue[] {
  if (recipientDomains === undefined) return [];
  const allowed = recipientDomains.map(normaliseRecipient);
  const outside = (address: string, path: string): TenancyIssue[] => {
    const domain = domainOf(address);
    if (allowed.some((each) => covers(each, domain))) return [];
    const message = `${domain} is not for this namespace: recipientDomains of its entry in the tenants file does not cover it`;
    return [{ path, message }];
  };
  const senders = spec.receiptRules.flatMap(({ actions }, rule) =>
    actions.flatMap(({ bounce }, action) =>
      bounce === undefined ? [] : outside(bounce.sender, `spec.receiptRules[${rule}].actions[${action}].bounce.sender`),
    ),
  );
  const recipientsOutside = spec.receiptRules.flatMap(({ recipients }, rule) => {
    const path = `spec.receiptRules[${rule}].recipients`;
    if (recipients.length === 0)
      return [{ path, message: 'a rule for every recipient is not for this namespace; name its recipients' }];
    return recipients.flatMap((recipient, index) => outside(recipient, `${path}[${index}]`));
  });
  return [...recipientsOutside, ...senders];
}

/** `.example.com` covers all that is below example.com, but not example.com; a domain covers itself alone. */
const covers = (allowed: string, domain: string): boolean =>
  allowed === domain || (allowed.startsWith('.') && domain.endsWith(allowed));
