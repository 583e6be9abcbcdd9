import { ADOPT } from './annotations.ts';
import type { Desired } from './desired.ts';
import { decodeDiscovery, LOGICAL_NAME_TAG } from './discovery.ts';
import type { Fault } from './fault.ts';
import { functionName } from './names.ts';
import type {
  ObservedBucket,
  ObservedFunction,
  ObservedLogGroup,
  ObservedPipeline,
  ObservedRole,
  Tags,
} from './observed.ts';
import { ownershipOf } from './ownership.ts';
import type { Part } from './step.ts';

export type Obstacle = { readonly part: Part; readonly fault: Fault };

/** What stands in the way of a pipeline and must not be touched, so that nothing can be done for it. */
export function obstacleTo(desired: Desired, observed: ObservedPipeline): Obstacle | undefined {
  const bucket = bucketObstacle(desired, observed.bucket);
  if (bucket !== undefined) return { part: 'bucket', fault: bucket };
  const role = roleObstacle(desired, observed.role);
  if (role !== undefined) return { part: 'role', fault: role };
  const fn = functionObstacle(desired, observed) ?? logGroupObstacle(desired, observed.logGroup);
  return fn === undefined ? undefined : { part: 'function', fault: fn };
}

function bucketObstacle(desired: Desired, live: ObservedBucket | undefined): Fault | undefined {
  const { name, kind } = desired.bucket;
  if (kind === 'existing') return live === undefined ? missingBucket(name) : undefined;
  if (live === undefined) return undefined;
  return foreign(`Bucket ${name}`, live.tags, desired, 'To use it as it is, name it as messageBodyStorage.bucketName');
}

function roleObstacle({ role, ...desired }: Desired, live: ObservedRole | undefined): Fault | undefined {
  if (role.kind === 'existing' || live === undefined) return undefined;
  const { name, path } = role.role;
  const found = foreign(`Role ${name}`, live.tags, desired, 'To run the function as it, name it as role.existingArn');
  if (found !== undefined || live.path === path) return found;
  if (ownershipOf(live.tags, desired.identity).kind === 'ours') return movedRole(name, live.path, path);
  return conflict(
    `Role ${name} cannot be adopted: its path is ${live.path}, ours have ${path}, and IAM changes no path. Delete it, or name it as role.existingArn`,
  );
}

function functionObstacle(
  desired: Desired,
  { function: live, formerFunction }: Pick<ObservedPipeline, 'function' | 'formerFunction'>,
): Fault | undefined {
  if (live === undefined) {
    if (desired.function.code.kind === 'existing') return nothingToKeep(desired);
    return formerFunction && otherBucket(desired, formerFunction);
  }
  const { name, packageType } = desired.function;
  const advice =
    name === functionName(desired.identity, packageType)
      ? 'Rename or delete it, or give the pipeline another name'
      : 'Take function.name out to have a function of our own';
  return (
    foreign(`Function ${name}`, live.tags, desired, advice) ??
    (live.packageType === packageType ? undefined : otherPackage(desired, live)) ??
    otherBucket(desired, live)
  );
}

/** A name of ours is of one package type; under another the function stays what it is. */
const otherPackage = ({ function: { name } }: Desired, live: ObservedFunction): Fault => ({
  class: 'invalid',
  reason: 'Immutable',
  message:
    live.packageType === 'Image'
      ? `spec.function.code: function ${name} is a container image, and Lambda makes it nothing else; name an image as code.imageUri, or take function.name out to have a function of our own`
      : `spec.function.code.imageUri: function ${name} is a zip, and Lambda makes it nothing else; give its code as a zip, or take function.name out to have a function of our own`,
});

/** A group without a mark is what Lambda made for our function. */
function logGroupObstacle({ identity }: Desired, live: ObservedLogGroup | undefined): Fault | undefined {
  const owner = live === undefined ? undefined : ownershipOf(live.tags, identity);
  if (live === undefined || owner?.kind !== 'other') return undefined;
  return conflict(
    `Log group ${live.name} belongs to ${owner.owner}; it is left untouched. Leave spec.function.logRetentionDays out, or delete the group`,
  );
}

/**
 * What bears a name of ours and not our mark is left alone, unless it bears nobody's and adoption is asked for.
 *
 * @param advice a sentence that says what else can be done, without its full stop
 */
function foreign(
  thing: string,
  tags: Tags,
  { identity, adopts }: Pick<Desired, 'identity' | 'adopts'>,
  advice: string,
): Fault | undefined {
  const owner = ownershipOf(tags, identity);
  switch (owner.kind) {
    case 'ours':
      return undefined;
    case 'other':
      return conflict(`${thing} belongs to ${owner.owner}; it is left untouched. ${advice}`);
    case 'none':
      if (adopts) return undefined;
      return conflict(
        `${thing} was not made by ses-lambda-pipeline; it is left untouched. ${advice}; to make it ours, annotate the pipeline with ${ADOPT}: "true"`,
      );
  }
}

/** A bucket's identity cannot change; the API server refuses it by CEL, and here it is read off the live function. */
function otherBucket({ bucket: wanted }: Desired, live: ObservedFunction): Fault | undefined {
  const discovered = Object.values(decodeDiscovery(live.environment) ?? {});
  const bucket = discovered.find((entry) => typeof entry === 'object');
  if (bucket === undefined || typeof bucket === 'string') return undefined;
  const before = bucket.Tags?.find((tag) => tag.Key === LOGICAL_NAME_TAG)?.Value;
  const sameBucket =
    wanted.kind === 'own' ? before === wanted.logicalName : before === undefined && bucket.Ref === wanted.name;
  if (sameBucket) return undefined;
  const was = before === undefined ? `bucketName ${bucket.Ref}` : `logicalName ${before}`;
  return {
    class: 'invalid',
    reason: 'Immutable',
    message: `spec.messageBodyStorage: the bucket's identity is immutable, and the live pipeline has ${was}; delete the pipeline and apply it anew, or change it back`,
  };
}

/** The path of roles comes from the tenants file, and somebody has changed it there. */
const movedRole = (name: string, before: string, path: string): Fault => ({
  class: 'invalid',
  reason: 'Immutable',
  message: `Role ${name} has the path ${before}, and IAM cannot move it to ${path}; set the path back in the tenants file, or delete the pipeline and create it anew`,
});

const conflict = (message: string): Fault => ({ class: 'conflict', reason: 'OwnershipConflict', message });

const nothingToKeep = ({ function: { name } }: Desired): Fault => ({
  class: 'dependency',
  reason: 'DependencyNotReady',
  message: `spec.function.code.existing: function ${name} does not exist, so there is no code to keep; correct function.name, or say where the code comes from`,
});

const missingBucket = (bucket: string): Fault => ({
  class: 'dependency',
  reason: 'DependencyNotReady',
  message: `spec.messageBodyStorage.bucketName: bucket ${bucket} does not exist or cannot be reached with these credentials; create it, or use logicalName for a bucket of our own`,
});
