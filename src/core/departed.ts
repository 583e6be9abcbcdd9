import { decodeDiscovery } from './discovery.ts';
import { grantedRules } from './existing-rules.ts';
import {
  functionName,
  ownerOfRule,
  pipelineKey,
  roleName,
  rolePath,
  rulePrefix,
  type PipelineIdentity,
} from './names.ts';
import { observeExistingBucket, observeFunction, observeRole } from './observe-resources.ts';
import type { ObservedFunction, ObservedPipeline, ObservedRole, ObservedRuleSets } from './observed.ts';
import { markIn, type Mark } from './ownership.ts';
import type { Departing } from './plan-teardown.ts';
import type { Ports } from './ports.ts';

/** Where pipelines are looked for that nobody names any more. */
export type Scope = Omit<PipelineIdentity, 'namespace' | 'name'>;

/** Functions and roles by `namespace/name` of the pipeline whose mark and name they bear. */
export type Remains = {
  readonly functions: ReadonlyMap<string, Left<ObservedFunction>>;
  readonly roles: ReadonlyMap<string, Left<ObservedRole>>;
};

/** There are two functions where one was about to take the place of the other. */
type Left<Resource> = { readonly identity: PipelineIdentity; readonly resources: readonly Resource[] };

/** Reads at once, so that an account with many functions is not asked for all of them together. */
const READS_AT_ONCE = 8;

/**
 * What pipelines of an installation left behind. Listings show no tags, so what has a name of ours is read one by one;
 * only what bears the mark that belongs to its name counts: the same pipeline in another region has other names.
 *
 * Costs a listing of functions and one of roles, and a few reads for each that the installation has.
 *
 * @param given `namespace/name` of the pipelines that somebody names; they are not read
 */
export async function findRemains(scope: Scope, given: ReadonlySet<string>, ports: Ports): Promise<Remains> {
  const named = (name: string) => name.startsWith(`${scope.installation}-`);
  const isLeft = (identity: PipelineIdentity) => !given.has(pipelineKey(identity));
  const [functionNames, roleNames] = await Promise.all([
    ports.functions.list(),
    ports.roles.list(rolePath(scope.installation)),
  ]);
  const functions = await readEach(functionNames.filter(named), async (name) => {
    const resource = await observeFunction(name, ports);
    const identity = identityIn(resource, scope, (found) => [functionName(found, 'Zip'), functionName(found, 'Image')]);
    return resource === undefined || identity === undefined || !isLeft(identity)
      ? []
      : [{ identity, resources: [resource] }];
  });
  const roles = await readEach(roleNames, async (name) => {
    const resource = await observeRole(name, ports);
    const identity = identityIn(resource, scope, (found) => [roleName(found)]);
    return resource === undefined || identity === undefined || !isLeft(identity)
      ? []
      : [{ identity, resources: [resource] }];
  });
  return { functions: byKey(functions), roles: byKey(roles) };
}

function byKey<Resource>(found: readonly Left<Resource>[]): ReadonlyMap<string, Left<Resource>> {
  const all = new Map<string, Left<Resource>>();
  for (const { identity, resources } of found) {
    const key = pipelineKey(identity);
    all.set(key, { identity, resources: [...(all.get(key)?.resources ?? []), ...resources] });
  }
  return all;
}

function identityIn(
  resource: { readonly name: string; readonly tags: ObservedRole['tags'] } | undefined,
  scope: Scope,
  namesOf: (identity: PipelineIdentity) => readonly string[],
): PipelineIdentity | undefined {
  const mark: Mark | undefined = resource === undefined ? undefined : markIn(resource.tags);
  if (resource === undefined || mark?.installation !== scope.installation) return undefined;
  const identity = { ...scope, ...mark };
  return namesOf(identity).includes(resource.name) ? identity : undefined;
}

async function readEach<Item>(
  names: readonly string[],
  read: (name: string) => Promise<readonly Item[]>,
): Promise<readonly Item[]> {
  const found: Item[] = [];
  for (let at = 0; at < names.length; at += READS_AT_ONCE)
    found.push(...(await Promise.all(names.slice(at, at + READS_AT_ONCE).map(read))).flat());
  return found;
}

/**
 * The pipelines behind remains and rules, to be taken down. Their manifests are gone, so nothing says that a bucket may
 * be deleted: it stays.
 */
export async function departedPipelines(
  scope: Scope,
  given: readonly PipelineIdentity[],
  remains: Remains,
  ruleSets: ObservedRuleSets,
  ports: Ports,
): Promise<readonly Departing[]> {
  const owners = new Map<string, { readonly identity: PipelineIdentity; readonly prefix: string }>();
  for (const { identity } of [...remains.functions.values(), ...remains.roles.values()])
    owners.set(rulePrefix(identity), { identity, prefix: rulePrefix(identity) });
  const spared = new Set(given.map(rulePrefix));
  for (const { name } of [...ruleSets.sets.values()].flatMap(({ rules }) => rules)) {
    const owner = ownerOfRule(scope.installation, name);
    if (owner === undefined || spared.has(owner.prefix) || owners.has(owner.prefix)) continue;
    const { prefix, ...named } = owner;
    owners.set(prefix, { identity: { ...scope, ...named }, prefix });
  }
  const sorted = [...owners.values()].sort((a, b) => (a.prefix < b.prefix ? -1 : 1));
  return Promise.all(
    sorted.map(({ identity, prefix }) => departedPipeline(identity, prefix, remains, ruleSets, ports)),
  );
}

async function departedPipeline(
  identity: PipelineIdentity,
  prefix: string,
  remains: Remains,
  ruleSets: ObservedRuleSets,
  ports: Ports,
): Promise<Departing> {
  const key = pipelineKey(identity);
  const [fn, formerFunction] = remains.functions.get(key)?.resources ?? [];
  const bucketName = bucketIn(fn) ?? storedBy(prefix, ruleSets);
  const bucket = bucketName === undefined ? undefined : (await observeExistingBucket(bucketName, ports)).live;
  const role = remains.roles.get(key)?.resources[0];
  const observed: ObservedPipeline = { bucket, role, function: fn, ...(formerFunction && { formerFunction }) };
  return {
    identity,
    key,
    because: 'no given manifest names its pipeline',
    block: {
      owner: key,
      prefix,
      existingRules: [],
      bucketName: bucketName ?? '',
      position: 'Head',
      priority: 0,
      storageRule: undefined,
      rules: [],
    },
    existingRules: grantedRules(identity, observed),
    ruleSet: {
      name: '',
      create: false,
      activate: 'Never',
      position: 'Head',
      priority: 0,
      onDelete: 'Retain',
      rollout: 'InPlace',
    },
    twin: undefined,
    deletionPolicy: 'Retain',
    observed,
    contents: 'unknown',
    warnings:
      bucket === undefined
        ? []
        : [`bucket ${bucket.name} stays with the mail in it: only a manifest could say that it may be deleted`],
  };
}

function bucketIn(fn: ObservedFunction | undefined): string | undefined {
  const discovered = Object.values((fn === undefined ? undefined : decodeDiscovery(fn.environment)) ?? {});
  return discovered.flatMap((entry) => (typeof entry === 'object' ? [entry.Ref] : []))[0];
}

function storedBy(prefix: string, { sets }: ObservedRuleSets): string | undefined {
  const own = [...sets.values()].flatMap(({ rules }) => rules.filter(({ name }) => name.startsWith(prefix)));
  return own.flatMap(({ actions }) =>
    actions.flatMap((action) => (action.kind === 's3' ? [action.bucketName] : [])),
  )[0];
}
