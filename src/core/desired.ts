import { asksForAdoption } from './annotations.ts';
import { desiredBucket, type DesiredBucket } from './desired-bucket.ts';
import { desiredFunction, type DesiredFunction } from './desired-function.ts';
import { desiredRole, type DesiredRole } from './desired-role.ts';
import { desiredBlock, existingRuleNames } from './desired-rules.ts';
import { settingsElsewhere } from './desired-settings.ts';
import { warningsOf } from './desired-warnings.ts';
import { discoveryOf, type Discovery } from './discovery.ts';
import { invalidSpec } from './fault.ts';
import { imageElsewhere } from './image-uri.ts';
import { intervalMsOf } from './interval.ts';
import type { ManifestSpec } from './manifest.ts';
import { pipelineKey, type PipelineIdentity } from './names.ts';
import { normalisePrefix } from './object-key-prefix.ts';
import { arnsElsewhere } from './rule-actions.ts';
import type { RuleBlock, RuleInSet } from './rule-block.ts';
import type { Pipeline } from './pipeline.ts';
import { greenNameOf } from './twin-sets.ts';

/** Every AWS resource of a pipeline spelled out. */
export type Desired = {
  readonly identity: PipelineIdentity;
  /** `namespace/name`. */
  readonly key: string;
  readonly createdAtMs: number | undefined;
  readonly bucket: DesiredBucket;
  readonly role: DesiredRole;
  readonly function: DesiredFunction;
  /** Its name is that under which the set is in use, see `homeOf`. */
  readonly ruleSet: ManifestSpec['ruleSet'];
  /** The other name of the set: where a rollout is built, or has left what there was before. */
  readonly twin: string | undefined;
  /** How long that is kept; undefined: whatever the controller's setting says. */
  readonly intervalMs: number | undefined;
  readonly block: RuleBlock;
  /** Rules of ours under names that we did not make; each is granted by its own ARN. */
  readonly existingRules: readonly RuleInSet[];
  /** What the manifest calls the rules that it takes over, by their name on AWS. */
  readonly takenOverAs: ReadonlyMap<string, string>;
  /** Rules that were ours until the manifest stopped listing them: they stay, and keep their grant while they stand. */
  readonly formerRules: readonly RuleInSet[];
  readonly discovery: Discovery;
  readonly managementPolicy: ManifestSpec['managementPolicy'];
  /** Whether what stands under our names and bears nobody's mark becomes ours. */
  readonly adopts: boolean;
  /** What is allowed but worth a second look, one sentence each. */
  readonly warnings: readonly string[];
};

/**
 * What a manifest asks for, resource by resource.
 *
 * @param bucketName the name that was chosen among the candidates, see `chooseBucket`
 * @param live what the live function discovers now, so that the previous prefix stays known
 * @param storedUnder prefixes under which live rules store now: the function has to find mail there until they change
 * @throws {PipelineError} `invalid` with the field's path: unknown token, environment too large, an ARN elsewhere
 */
export function desiredPipeline(
  pipeline: Pipeline,
  bucketName: string,
  live: Discovery | undefined,
  storedUnder: readonly string[] = [],
): Desired {
  const { manifest, identity } = pipeline;
  const { spec } = manifest;
  const key = pipelineKey(identity);
  refuseWhatAwsWould(spec, identity);
  const discovery = discoveryOf({
    identity,
    bucketName,
    logicalName: spec.messageBodyStorage.logicalName,
    handler: spec.function.code.imageUri === undefined ? spec.function.handler : undefined,
    objectKeyPrefixes: prefixesOf(spec),
    live,
    storedUnder,
  });
  const role = desiredRole(pipeline, bucketName);
  return {
    identity,
    key,
    createdAtMs: pipeline.createdAtMs,
    bucket: desiredBucket(spec, identity, bucketName),
    role,
    function: desiredFunction(pipeline, role.arn, discovery),
    ruleSet: spec.ruleSet,
    twin: spec.ruleSet.rollout === 'BlueGreen' ? greenNameOf(spec.ruleSet.name) : undefined,
    intervalMs: intervalMsOf(manifest),
    block: desiredBlock(spec, identity, bucketName),
    existingRules: existingRuleNames(spec).map((name) => ({ ruleSet: spec.ruleSet.name, name })),
    takenOverAs: new Map(
      spec.receiptRules.flatMap(({ name, ruleName }) => (ruleName === undefined ? [] : [[ruleName, name]])),
    ),
    formerRules: [],
    discovery,
    managementPolicy: spec.managementPolicy,
    adopts: asksForAdoption(manifest),
    warnings: [...warningsOf(spec), ...(pipeline.warnings ?? [])],
  };
}

/** @throws {PipelineError} what the API server cannot judge and AWS would refuse, or nobody could undo */
function refuseWhatAwsWould(spec: ManifestSpec, { installation }: PipelineIdentity): void {
  const [elsewhere] = [...arnsElsewhere(spec), ...settingsElsewhere(spec), ...imageElsewhere(spec)];
  if (elsewhere !== undefined) throw invalidSpec(elsewhere);
  for (const [index, { ruleName }] of spec.receiptRules.entries())
    if (ruleName?.startsWith(`${installation}_`) === true)
      throw invalidSpec(
        `spec.receiptRules[${index}].ruleName: ${ruleName} is a name that ses-lambda-pipeline itself makes; leave ruleName out, or name a rule that somebody else made`,
      );
}

function prefixesOf(spec: ManifestSpec): string[] {
  const own = spec.receiptRules.flatMap((rule) => rule.storage?.objectKeyPrefix ?? []);
  return [...new Set([spec.messageBodyStorage.objectKeyPrefix, ...own].map(normalisePrefix))];
}
