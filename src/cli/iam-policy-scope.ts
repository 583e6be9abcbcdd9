import type { ManifestSpec } from '../core/manifest.ts';
import { INSTALLATION } from '../core/names.ts';
import { boundaryOfAll, makesRole, namedBy, namedIn, together, type PolicyScope } from '../core/policy-scope.ts';
import { accountOf, noTenant, tenantOf, type Tenancy, type Tenant } from '../core/tenancy.ts';
import { loadTenancy } from '../files/load-tenancy.ts';
import { readManifests } from '../files/load-manifests.ts';
import { CommandFailed, refused } from './command-failed.ts';
import type { CliIo } from './io.ts';
import { renderFileProblem } from './render-problems.ts';

/** What a person says of the pipelines that a policy is for. */
export type ScopeOptions = {
  readonly account?: string;
  readonly region?: readonly string[];
  readonly installation: string;
  readonly permissionsBoundary?: string;
  readonly filename?: readonly string[];
  readonly tenants?: string;
  readonly namespace?: string;
  readonly bucket?: readonly string[];
  readonly codeBucket?: readonly string[];
  readonly function?: readonly string[];
  readonly role?: readonly string[];
  readonly layer?: readonly string[];
  readonly vpc?: boolean;
  readonly imageRepository?: readonly string[];
  readonly kmsKey?: readonly string[];
};

/**
 * The scope that options, manifests and the entry of a tenant give together.
 *
 * @throws {CommandFailed} after it was told what is missing, or wrong in a file
 */
export async function readScope(options: ScopeOptions, io: CliIo): Promise<PolicyScope> {
  const { installation, permissionsBoundary } = options;
  const { tenant, covers } = await whoseIn(options, io);
  const specs = await specsIn(options, covers, io);
  const account = tenant === undefined ? options.account : accountOf(tenant);
  if (account === undefined) throw refused('say for which account: --account 111122223333', io);
  if (options.account !== undefined && account !== options.account)
    throw refused(`--account ${options.account}: the role of the tenant is in account ${account}`, io);
  const regions = [...new Set([...(options.region ?? []), ...specs.map(({ region }) => region).sort()])];
  const [region] = regions;
  if (region === undefined)
    throw refused('say for which regions: --region us-west-2, once for each, or -f with manifests', io);
  if (!INSTALLATION.test(installation))
    throw refused(
      `--installation ${installation}: must be 1 to 8 of a-z, 0-9 and -, beginning and ending with a letter or digit`,
      io,
    );
  if (new Set(regions.map(partitionOf)).size > 1)
    throw refused('an account is in one partition: ask for one policy for each', io);
  const partition = tenant?.roleArn.split(':')[1] ?? partitionOf(region);
  const forced = tenant?.permissionsBoundaryArn;
  if (permissionsBoundary !== undefined && forced !== undefined && permissionsBoundary !== forced)
    throw refused(`--permissions-boundary ${permissionsBoundary}: the tenants file forces ${forced}`, io);
  const boundary = permissionsBoundary ?? tenant?.permissionsBoundaryArn ?? boundaryOfAll(specs);
  if (tenant?.permissionsBoundaryArn !== boundary) warnOfOtherBoundaries(specs, boundary, io);
  // Manifests say it exactly; without them it may be all that the entry of the tenant lets them name.
  const allowed = tenant === undefined || specs.length > 0 ? namedIn(specs, partition) : namedBy(tenant, partition);
  const namespaces = tenant?.namespaces ?? (options.namespace === undefined ? undefined : [options.namespace]);
  return {
    ...together(namedByOptions(options), allowed),
    partition,
    account,
    regions,
    installation,
    ...(boundary !== undefined && { permissionsBoundaryArn: boundary }),
    ...(tenant?.rolePath !== undefined && { rolePath: tenant.rolePath }),
    ...(namespaces !== undefined && { namespaces }),
  };
}

const namedByOptions = (options: ScopeOptions) => ({
  buckets: options.bucket ?? [],
  codeBuckets: options.codeBucket ?? [],
  roleArns: options.role ?? [],
  functions: options.function ?? [],
  layers: options.layer ?? [],
  vpc: options.vpc ?? false,
  repositories: options.imageRepository ?? [],
  kmsKeys: options.kmsKey ?? [],
});

/** Every entry of the tenants file. */
export async function tenantsOf(file: string, io: CliIo): Promise<readonly Tenant[]> {
  const { byName, byPrefix } = await tenancyIn(file, io);
  return [...new Set([...byName.values(), ...byPrefix.map(({ tenant }) => tenant)])];
}

async function tenancyIn(file: string, io: CliIo): Promise<Tenancy> {
  const loaded = await loadTenancy(file);
  if (loaded.ok) return loaded.tenancy;
  const problems = loaded.problems.map((message) => ({ file, message }));
  for (const problem of problems) io.err(renderFileProblem(problem));
  throw new CommandFailed(problems);
}

/** Whose pipelines a policy is for; a namespace belongs to one entry of the tenants file, the one that fits it best. */
type Whose = { readonly tenant: Tenant | undefined; readonly covers: (namespace: string) => boolean };

async function whoseIn({ tenants: file, namespace }: ScopeOptions, io: CliIo): Promise<Whose> {
  if (file === undefined) return { tenant: undefined, covers: (name) => fits(name, namespace) };
  if (namespace === undefined)
    throw refused('say whose policy, as each entry of the file has a role of its own: --namespace NAME', io);
  const tenancy = await tenancyIn(file, io);
  const tenant = tenantOf(tenancy, namespace);
  if (tenant === undefined) throw refused(noTenant(namespace).message, io);
  return { tenant, covers: (name) => tenantOf(tenancy, name) === tenant };
}

const fits = (name: string, pattern = '*'): boolean =>
  pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern;

/** Of the manifests alone: neither their code nor what else they name has to be there. Those of others do not count. */
async function specsIn(
  { filename, namespace = 'default' }: ScopeOptions,
  covers: Whose['covers'],
  io: CliIo,
): Promise<readonly ManifestSpec[]> {
  if (filename === undefined) return [];
  const { manifests, problems } = await readManifests({ sources: filename, namespace, readStdin: io.readStdin });
  for (const problem of problems) io.err(renderFileProblem(problem));
  if (problems.length > 0) throw new CommandFailed(problems);
  const covered = manifests.filter((found) => covers(found.namespace));
  if (covered.length === 0)
    throw refused(
      `no pipeline behind -f ${filename.join(' -f ')} is of namespace ${namespace}, and what others name is not for this ` +
        `policy; they are of ${[...new Set(manifests.map((found) => found.namespace))].sort().join(', ')}`,
      io,
    );
  return covered.map(({ manifest }) => manifest.spec);
}

function warnOfOtherBoundaries(specs: readonly ManifestSpec[], boundary: string | undefined, io: CliIo): void {
  if (boundary === undefined) return;
  const others = specs.filter((spec) => makesRole(spec) && spec.role.permissionsBoundaryArn !== boundary).length;
  if (others > 0)
    io.err(
      `Warning: ${others} of ${specs.length} pipelines do not have role.permissionsBoundaryArn: ${boundary}, and this ` +
        'policy lets the controller make no other roles. Set it there, or have the tenants file set it.',
    );
}

/** How the regions of a partition begin; those of no other are of `aws`. */
const PARTITIONS: Readonly<Record<string, string>> = {
  'cn-': 'aws-cn',
  'eusc-': 'aws-eusc',
  'us-gov-': 'aws-us-gov',
};

/** @see https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html */
const partitionOf = (region: string): string =>
  Object.entries(PARTITIONS).find(([start]) => region.startsWith(start))?.[1] ?? 'aws';
