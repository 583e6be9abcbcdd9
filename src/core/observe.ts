import { ADOPT, asksForAdoption } from './annotations.ts';
import { desiredBlock } from './desired-rules.ts';
import { desiredPipeline } from './desired.ts';
import { functionNameOf, otherFunctionNameOf } from './function-names.ts';
import type { Pipeline } from './pipeline.ts';
import { departedPipelines, findRemains, type Scope } from './departed.ts';
import { decodeDiscovery } from './discovery.ts';
import { faultOf, PipelineError, type Fault } from './fault.ts';
import { logGroupOf } from './function-configuration.ts';
import { LOG_GROUP_TAG } from './function-tags.ts';
import type { Manifest } from './manifest.ts';
import { bucketNames, isRuleOf, pipelineKey, roleName, rulePrefix, type PipelineIdentity } from './names.ts';
import type {
  ObservedBucket,
  ObservedFunction,
  ObservedPipeline,
  ObservedRuleSet,
  ObservedRuleSets,
} from './observed.ts';
import { asNeighbour, type Neighbour } from './neighbour.ts';
import { ownershipOf } from './ownership.ts';
import { restraintOf } from './management-policy.ts';
import type { PlanInput, Problem, Suspended } from './plan.ts';
import { grantedRuleSets } from './plan-invoke-grants.ts';
import { departing, type BucketContents, type Departing } from './plan-teardown.ts';
import { invokeGrantIdPrefix } from './policy-document.ts';
import type { Ports } from './ports.ts';
import { ownsRule } from './rule-block.ts';
import { atHome, namesToLookFor, neighbourAtHome } from './twin-sets.ts';
import {
  observeBucket,
  observeExistingBucket,
  observeFormerFunction,
  observeFunction,
  observeLogGroup,
  observeRole,
} from './observe-resources.ts';
import { createSlots } from './slots.ts';

/** More would wait for connections so long that their calls end by their deadline. */
const PIPELINES_AT_ONCE = 16;

/** A pipeline to take down: its manifest says what it is called and what may be deleted. */
export type Leaving = { readonly manifest: Manifest; readonly identity: PipelineIdentity };

/** What is to be brought about in one account and region. */
export type Work = {
  readonly region: string;
  readonly apply: readonly Pipeline[];
  readonly remove: readonly Leaving[];
  readonly neighbours?: readonly Neighbour[];
  /** Also take down what pipelines of this installation left here that `apply` and `remove` do not name. */
  readonly prune?: Scope;
  /** Every switch of sets was overtaken by a change of somebody else: rules are changed in place. */
  readonly contested?: boolean;
};

export type Observation = { readonly input: PlanInput; readonly problems: readonly Problem[] };

/**
 * Reads everything a plan needs. A pipeline that cannot be read becomes a problem; the others are read all the same.
 *
 * @throws {PipelineError} when the rule sets cannot be read: nothing can be planned then
 */
export async function observe(work: Work, ports: Ports): Promise<Observation> {
  const problems: Problem[] = [];
  const guarded = async <T>({ identity, manifest }: Leaving, read: () => Promise<T> | T): Promise<T | undefined> => {
    try {
      return await read();
    } catch (error) {
      const problem: Problem = { owner: pipelineKey(identity), part: 'bucket', fault: faultOf(error), stops: true };
      problems.push(manifest.spec.managementPolicy === 'Observe' ? { ...problem, withheld: true } : problem);
      return undefined;
    }
  };
  const receiptRules = askedOnce(ports.receiptRules);
  const once: Ports = { ...ports, receiptRules: { ...ports.receiptRules, ...receiptRules } };
  const slots = createSlots(PIPELINES_AT_ONCE);
  const looking = activeIn(work).map((pipeline) =>
    guarded(pipeline, async () => ({
      pipeline,
      ...(await slots.use(() => observePipeline(pipeline.manifest, pipeline.identity, once))),
    })),
  );
  const leaving = work.remove.map((one) => guarded(one, () => slots.use(() => observeLeaving(one, once))));
  const found = present(await Promise.all(looking));
  const removed = present(await Promise.all(leaving));
  const given = [...work.apply, ...work.remove].map(({ identity }) => identity);
  const remains = work.prune && (await findRemains(work.prune, new Set(given.map(pipelineKey)), ports));
  const wanted = [
    ...[...(remains?.functions.values() ?? [])].flatMap(({ identity, resources }) =>
      resources.flatMap((fn) => grantedRuleSets(fn, invokeGrantIdPrefix(identity))),
    ),
    ...found.flatMap(({ pipeline: { manifest, identity }, observed }) => [
      ...namesToLookFor(manifest.spec.ruleSet),
      ...grantedTo(identity, observed),
    ]),
    ...removed.flatMap(({ identity, ruleSet, observed }) => [
      ...namesToLookFor(ruleSet),
      ...grantedTo(identity, observed),
    ]),
  ];
  const ruleSets = wanted.length === 0 && work.prune === undefined ? NO_RULE_SETS : await observeRuleSets(wanted, once);
  const desired = found.map(({ pipeline, bucketName, observed }) =>
    guarded(pipeline, () => {
      const fn = observed.function ?? observed.formerFunction;
      const live = fn === undefined ? undefined : decodeDiscovery(fn.environment);
      const storedUnder = prefixesInUse(pipeline, bucketName, ruleSets);
      return { desired: desiredPipeline(pipeline, bucketName, live, storedUnder), observed };
    }),
  );
  const pipelines = present(await Promise.all(desired));
  const departed = work.prune && remains ? await departedPipelines(work.prune, given, remains, ruleSets, ports) : [];
  const { region } = work;
  const suspended = work.apply.filter(isSuspended).map(({ manifest, identity, createdAtMs }): Suspended => ({
    block: neighbourAtHome(
      asNeighbour(desiredBlock(manifest.spec, identity, ''), createdAtMs, manifest.spec.ruleSet),
      ruleSets,
    ),
    message: restraintOf(manifest) ?? '',
  }));
  return {
    input: {
      region,
      pipelines: pipelines.map(({ desired, observed }) => ({ desired: atHome(desired, ruleSets), observed })),
      departing: [...removed, ...departed].map((leaving) => atHome(leaving, ruleSets)),
      suspended,
      neighbours: (work.neighbours ?? []).map((neighbour) => neighbourAtHome(neighbour, ruleSets)),
      ruleSets,
      contested: work.contested ?? false,
    },
    problems,
  };
}

const present = <T>(all: readonly (T | undefined)[]): T[] => all.filter((one) => one !== undefined);

/** Under what the pipeline's live rules store in its bucket, whatever the manifest says by now. */
function prefixesInUse(
  { manifest, identity }: Pipeline,
  bucketName: string,
  { sets }: ObservedRuleSets,
): readonly string[] {
  const block = desiredBlock(manifest.spec, identity, bucketName);
  const actions = [...sets.values()]
    .flatMap(({ rules }) => rules)
    .flatMap((rule) => (ownsRule(block, rule.name) ? rule.actions : []));
  const stored = actions.flatMap((action) =>
    action.kind === 's3' && action.bucketName === bucketName ? [action.objectKeyPrefix ?? ''] : [],
  );
  return [...new Set(stored)];
}

const isSuspended = ({ manifest }: Pipeline): boolean => manifest.spec.suspend;

const activeIn = ({ apply }: Work): readonly Pipeline[] => apply.filter((pipeline) => !isSuspended(pipeline));

/** Where nothing is planned, SES is not asked. */
const NO_RULE_SETS: ObservedRuleSets = { active: undefined, sets: new Map() };

const grantedTo = (identity: PipelineIdentity, observed: ObservedPipeline): readonly string[] =>
  [observed.function, observed.formerFunction].flatMap((fn) => grantedRuleSets(fn, invokeGrantIdPrefix(identity)));

/** Reads of SES are slow, and one look needs the same sets for several things: each is asked for once. */
function askedOnce(receiptRules: Ports['receiptRules']): Pick<Ports['receiptRules'], 'describe' | 'describeActive'> {
  const sets = new Map<string, Promise<ObservedRuleSet | undefined>>();
  let active: Promise<ObservedRuleSet | undefined> | undefined;
  return {
    describeActive: () => (active ??= receiptRules.describeActive()),
    describe: (name) => {
      const asked = sets.get(name) ?? receiptRules.describe(name);
      sets.set(name, asked);
      return asked;
    },
  };
}

/** The active set costs one call and often is the one that is wanted; each other set costs one more. */
export async function observeRuleSets(
  wanted: readonly string[],
  ports: Pick<Ports, 'receiptRules' | 'clock'>,
): Promise<ObservedRuleSets> {
  const sets = new Map<string, ObservedRuleSet>();
  const active = await ports.receiptRules.describeActive();
  if (active !== undefined) sets.set(active.name, active);
  for (const name of [...new Set(wanted)].sort()) {
    if (sets.has(name)) continue;
    const found = await ports.receiptRules.describe(name);
    if (found !== undefined) sets.set(name, found);
  }
  return { atMs: ports.clock.now(), active: active?.name, sets };
}

/** Everything a pipeline owns outside the rule sets, and the name of its bucket, existing or to be made. */
export async function observePipeline(
  manifest: Manifest,
  identity: PipelineIdentity,
  ports: Ports,
): Promise<{ readonly bucketName: string; readonly observed: ObservedPipeline }> {
  const name = functionNameOf(manifest.spec, identity);
  const otherName = otherFunctionNameOf(manifest.spec, identity);
  const [fn, formerFunction, role] = await Promise.all([
    observeFunction(name, ports),
    otherName === undefined ? undefined : observeFormerFunction(otherName, identity, ports),
    manifest.spec.role.existingArn === undefined ? observeRole(roleName(identity), ports) : undefined,
  ]);
  const { logicalName, bucketName } = manifest.spec.messageBodyStorage;
  const bucket =
    logicalName === undefined
      ? await observeExistingBucket(bucketName ?? '', ports)
      : await findOwnBucket(
          identity,
          { logicalName, ruleSet: manifest.spec.ruleSet.name },
          { fn: fn ?? formerFunction, adopts: asksForAdoption(manifest) },
          ports,
        );
  const { logRetentionDays } = manifest.spec.function;
  const logGroup =
    logRetentionDays !== undefined || fn?.tags[LOG_GROUP_TAG] !== undefined
      ? await observeLogGroup(logGroupOf(name), ports)
      : undefined;
  return {
    bucketName: bucket.name,
    observed: { bucket: bucket.live, role, function: fn, logGroup, ...(formerFunction && { formerFunction }) },
  };
}

async function observeLeaving({ manifest, identity }: Leaving, ports: Ports): Promise<Departing> {
  const { observed } = await observePipeline(manifest, identity, ports);
  const wantsContents = manifest.spec.messageBodyStorage.deletionPolicy !== 'Retain';
  const contents: BucketContents =
    wantsContents && observed.bucket !== undefined ? await observeContents(observed.bucket.name, ports) : 'unknown';
  return departing(manifest, identity, observed, contents);
}

/** What SES leaves when it tests whether it can write; it may be deleted. @see aws docs, "Deliver to S3 bucket action" */
const SETUP_OBJECT = 'AMAZON_SES_SETUP_NOTIFICATION';

async function observeContents(bucket: string, ports: Ports): Promise<BucketContents> {
  const objects = await ports.buckets.list(bucket, 1000);
  if (objects.length === 0) return 'empty';
  return objects.every(({ key }) => key === SETUP_OBJECT || key.endsWith(`/${SETUP_OBJECT}`)) ? 'setup-only' : 'mail';
}

/**
 * The bucket that bears our mark, whichever of the candidate names it has; without one the name that the live function
 * or, where there is none, a live rule uses, or with leave to adopt the first that bears nobody's mark, or else the
 * first free one.
 *
 * @throws {PipelineError} `BucketNameTaken` when every name belongs to somebody else
 */
async function findOwnBucket(
  identity: PipelineIdentity,
  { logicalName, ruleSet }: { readonly logicalName: string; readonly ruleSet: string },
  { fn, adopts }: { readonly fn: ObservedFunction | undefined; readonly adopts: boolean },
  ports: Ports,
): Promise<{ name: string; live: ObservedBucket | undefined }> {
  const names = bucketNames(identity, logicalName);
  const discovered = discoveredBucket(fn, names);
  const [first, ...others] = discovered === undefined ? names : [discovered, ...names.filter((n) => n !== discovered)];
  if (first === undefined) throw new Error('a pipeline has bucket names');
  const looked = [await lookAt(first, identity, ports)];
  if (looked[0]?.owner !== 'ours')
    looked.push(...(await Promise.all(others.map((name) => lookAt(name, identity, ports)))));
  const ours = looked.find(({ owner }) => owner === 'ours');
  if (ours !== undefined) return { name: ours.name, live: await observeBucket(ours.name, ports) };
  const usedName = discovered ?? (await bucketOfRules(identity, ruleSet, names, ports));
  const used = looked.find(({ name }) => name === usedName);
  if (used !== undefined && !used.free) {
    // Mail lies there: no other bucket may take its place. Without our mark the plan refuses it.
    if (!used.accessible) throw bucketInUseUnreachable(used.name);
    return { name: used.name, live: await observeBucket(used.name, ports) };
  }
  const unmarked = looked.find(({ owner }) => owner === 'none');
  if (unmarked !== undefined && adopts) return { name: unmarked.name, live: await observeBucket(unmarked.name, ports) };
  const free = used ?? looked.find((bucket) => bucket.free);
  if (free !== undefined) return { name: free.name, live: undefined };
  throw new PipelineError({
    class: 'conflict',
    reason: 'BucketNameTaken',
    message:
      `All ${names.length} bucket names of logicalName ${logicalName} belong to somebody else; choose another logicalName, or name an existing bucket as bucketName` +
      (unmarked === undefined ? '' : `; to make ${unmarked.name} ours, annotate the pipeline with ${ADOPT}: "true"`),
  });
}

function discoveredBucket(fn: ObservedFunction | undefined, names: readonly string[]): string | undefined {
  const discovered = Object.values((fn === undefined ? undefined : decodeDiscovery(fn.environment)) ?? {});
  return discovered.flatMap((entry) => (typeof entry === 'object' && names.includes(entry.Ref) ? [entry.Ref] : []))[0];
}

/** The bucket that the S3 action of a live rule of ours names, in the wanted set or in the active one. */
async function bucketOfRules(
  identity: PipelineIdentity,
  ruleSet: string,
  names: readonly string[],
  ports: Ports,
): Promise<string | undefined> {
  // Sets that cannot be read end the whole look, which asks for the same ones.
  const { sets } = await observeRuleSets([ruleSet], ports).catch(() => NO_RULE_SETS);
  const prefix = rulePrefix(identity);
  return [...sets.values()]
    .flatMap(({ rules }) => rules.filter(({ name }) => isRuleOf(prefix, name)))
    .flatMap(({ actions }) => actions)
    .flatMap((action) => (action.kind === 's3' && names.includes(action.bucketName) ? [action.bucketName] : []))[0];
}

async function lookAt(name: string, identity: PipelineIdentity, ports: Ports) {
  const presence = await ports.buckets.head(name);
  const accessible = presence === 'accessible';
  const owner = accessible ? ownershipOf(await ports.buckets.tags(name), identity).kind : undefined;
  return { name, owner, accessible, free: presence === 'absent' };
}

function bucketInUseUnreachable(name: string): PipelineError {
  return new PipelineError({
    class: 'denied',
    reason: 'AccessDenied',
    message: `Bucket ${name}, which the live pipeline uses, cannot be reached with these credentials; allow them s3:ListBucket on it, or look for a Deny in its policy`,
  });
}

/** The same fault for every pipeline that could not even be looked at. */
export function problemForAll(work: Work, fault: Fault): Problem[] {
  return [...activeIn(work), ...work.remove].map(({ identity }) => ({
    owner: pipelineKey(identity),
    part: 'ruleSet',
    fault,
    stops: true,
  }));
}
