import { EXPIRY_RULE_ID, type DesiredBucket } from './desired-bucket.ts';
import type { Desired } from './desired.ts';
import { grantedByName } from './existing-rules.ts';
import type { ObservedBucket, ObservedPipeline, PublicAccessBlock } from './observed.ts';
import { isUnmarked, missingTags, tagChanges, whyTagged } from './ownership.ts';
import {
  bucketGrant,
  bucketGrantSidPrefix,
  samePolicy,
  statementsOf,
  type PolicyDocument,
  type Statement,
} from './policy-document.ts';
import type { AddStep } from './step-list.ts';

export const ALL_PUBLIC_ACCESS_BLOCKED: PublicAccessBlock = {
  blockPublicAcls: true,
  ignorePublicAcls: true,
  blockPublicPolicy: true,
  restrictPublicBuckets: true,
};

/** No ACLs: the bucket's owner owns every object, those that SES writes included. */
export const OWNERSHIP = 'BucketOwnerEnforced';

/**
 * The bucket and SES's grant in its policy.
 *
 * @returns ids of the steps after which bodies can be stored
 */
export function planBucket(
  desired: Desired,
  observed: ObservedPipeline,
  ruleSets: readonly string[],
  add: AddStep,
): readonly string[] {
  const { bucket } = desired;
  const live = observed.bucket;
  const lane = `bucket ${bucket.name}`;
  if (bucket.kind === 'existing') return live === undefined ? [] : planGrants(desired, live, ruleSets, [], lane, add);
  if (live === undefined) return createBucket(desired, bucket, observed, ruleSets, lane, add);

  const marked = planTags(desired, bucket, live, lane, add);
  const closed =
    live.publicAccessBlock !== undefined && Object.values(live.publicAccessBlock).every(Boolean)
      ? []
      : [
          add({
            part: 'bucket',
            lane,
            needs: marked,
            why: 'public access must be blocked',
            action: { kind: 'blockPublicAccess', bucket: bucket.name },
            changes: [{ field: 'publicAccessBlock', before: live.publicAccessBlock, after: ALL_PUBLIC_ACCESS_BLOCKED }],
          }),
        ];
  if (live.ownership !== undefined && live.ownership !== OWNERSHIP)
    add({
      part: 'bucket',
      lane,
      needs: marked,
      why: 'ACLs must be off',
      action: { kind: 'putBucketOwnership', bucket: bucket.name },
      changes: [{ field: 'ownership', before: live.ownership, after: OWNERSHIP }],
    });
  planSettings(bucket, live, marked, lane, add);
  return planGrants(desired, live, ruleSets, [...marked, ...closed], lane, add);
}

/** @returns the step that makes an unmarked bucket ours, which comes before any other change of it */
function planTags(
  { identity }: Desired,
  bucket: DesiredBucket & { kind: 'own' },
  live: ObservedBucket,
  lane: string,
  add: AddStep,
): readonly string[] {
  const tags = missingTags(bucket.tags, live.tags);
  if (Object.keys(tags).length === 0) return [];
  const tagged = add({
    part: 'bucket',
    lane,
    needs: [],
    why: whyTagged(live.tags, identity),
    action: { kind: 'putBucketTags', bucket: bucket.name, tags: { ...live.tags, ...bucket.tags } },
    changes: tagChanges(tags, live.tags),
  });
  return isUnmarked(live.tags, identity) ? [tagged] : [];
}

function createBucket(
  desired: Desired,
  bucket: DesiredBucket & { kind: 'own' },
  observed: ObservedPipeline,
  ruleSets: readonly string[],
  lane: string,
  add: AddStep,
): readonly string[] {
  const recreated = observed.function !== undefined;
  const created = add({
    part: 'bucket',
    lane,
    needs: [],
    why: recreated ? 'the bucket that the function uses is gone; it is made anew under its name' : 'it does not exist',
    action: { kind: 'createBucket', bucket: bucket.name, tags: bucket.tags },
    changes: [{ field: 'logicalName', after: bucket.logicalName }],
  });
  const closed = add({
    part: 'bucket',
    lane,
    needs: [created],
    why: 'public access must be blocked before there is a policy',
    action: { kind: 'blockPublicAccess', bucket: bucket.name },
    changes: [{ field: 'publicAccessBlock', after: ALL_PUBLIC_ACCESS_BLOCKED }],
  });
  const fresh: ObservedBucket = {
    name: bucket.name,
    tags: bucket.tags,
    publicAccessBlock: ALL_PUBLIC_ACCESS_BLOCKED,
    ownership: OWNERSHIP,
    encryption: { algorithm: 'AES256' },
    versioning: undefined,
    lifecycle: [],
    policy: undefined,
  };
  planSettings(bucket, fresh, [created], lane, add);
  return planGrants(desired, fresh, ruleSets, [created, closed], lane, add);
}

function planSettings(
  bucket: DesiredBucket & { kind: 'own' },
  live: ObservedBucket,
  needs: readonly string[],
  lane: string,
  add: AddStep,
): void {
  const { encryption } = bucket;
  if (live.encryption?.algorithm !== encryption.algorithm || live.encryption.kmsKeyArn !== encryption.kmsKeyArn)
    add({
      part: 'bucket',
      lane,
      needs,
      why: 'encryption differs',
      action: { kind: 'putBucketEncryption', bucket: bucket.name, encryption },
      changes: [{ field: 'encryption', before: live.encryption, after: encryption }],
    });
  if (bucket.versioned !== (live.versioning === 'Enabled')) {
    const status = bucket.versioned ? 'Enabled' : 'Suspended';
    add({
      part: 'bucket',
      lane,
      needs,
      why: 'versioning differs',
      action: { kind: 'putBucketVersioning', bucket: bucket.name, status },
      changes: [{ field: 'versioned', before: live.versioning === 'Enabled', after: bucket.versioned }],
    });
  }
  const own = live.lifecycle.find((rule) => rule.id === EXPIRY_RULE_ID);
  if (!samePolicy(pick(own), pick(bucket.expiry))) {
    const others = live.lifecycle.filter((rule) => rule.id !== EXPIRY_RULE_ID);
    add({
      part: 'bucket',
      lane,
      needs,
      why: 'expiry differs',
      action: {
        kind: 'putBucketLifecycle',
        bucket: bucket.name,
        rules: bucket.expiry === undefined ? others : [...others, bucket.expiry],
      },
      changes: [{ field: 'expireAfterDays', before: expiryDays(own), after: expiryDays(bucket.expiry) }],
    });
  }
}

/** What of a lifecycle rule is ours to say; S3 may add members with their defaults. */
function pick(rule: ObservedBucket['lifecycle'][number] | undefined) {
  if (rule === undefined) return undefined;
  const { id, Status, Expiration, NoncurrentVersionExpiration } = rule;
  return {
    id,
    Status,
    Expiration,
    ...(NoncurrentVersionExpiration === undefined ? {} : { NoncurrentVersionExpiration }),
  };
}

function expiryDays(rule: ObservedBucket['lifecycle'][number] | undefined): unknown {
  return (rule?.Expiration as { Days?: number } | undefined)?.Days;
}

/** Missing or altered grants first; what no set needs any more goes when the rules are through, see `planLeftovers`. */
function planGrants(
  desired: Desired,
  live: ObservedBucket,
  ruleSets: readonly string[],
  needs: readonly string[],
  lane: string,
  add: AddStep,
): readonly string[] {
  const wanted = wantedGrants(desired, live.name, ruleSets);
  const missingGrants = wanted.filter(
    (grant) => !statementsOf(live.policy).some((statement) => samePolicy(statement, grant)),
  );
  if (missingGrants.length === 0) return needs;
  return [
    ...needs,
    add({
      part: 'bucket',
      lane,
      needs,
      why: 'SES must be allowed to store bodies for our rules',
      action: {
        kind: 'mergeBucketPolicy',
        bucket: live.name,
        add: missingGrants,
        removeSids: missingGrants.flatMap((grant) => grant.Sid ?? []),
      },
      changes: missingGrants.map((grant) => ({ field: `policy.${grant.Sid}`, after: grant })),
    }),
  ];
}

function wantedGrants(desired: Desired, bucketName: string, ruleSets: readonly string[]): readonly Statement[] {
  const byName = grantedByName(desired, ruleSets);
  const sets = [...new Set([...ruleSets, ...byName.map(({ ruleSet }) => ruleSet)])];
  return sets.map((ruleSet) => {
    const names = byName.flatMap((rule) => (rule.ruleSet === ruleSet ? [rule.name] : []));
    return bucketGrant(desired.identity, bucketName, ruleSet, names);
  });
}

/** Sids of grants of this pipeline that none of the sets needs. */
export function leftoverGrants(
  desired: Desired,
  live: ObservedBucket | undefined,
  ruleSets: readonly string[],
): readonly string[] {
  const wanted = new Set(wantedGrants(desired, desired.bucket.name, ruleSets).map(({ Sid }) => Sid));
  const own = bucketGrantSidPrefix(desired.identity);
  return statementsOf(live?.policy).flatMap(({ Sid }) =>
    Sid?.startsWith(own) === true && !wanted.has(Sid) ? [Sid] : [],
  );
}

/** The policy with statements taken out and put in; everything else stays as it is. */
export function mergePolicy(
  live: PolicyDocument | undefined,
  add: readonly Statement[],
  removeSids: readonly string[],
): PolicyDocument {
  const removed = new Set(removeSids);
  const kept = statementsOf(live).filter(({ Sid }) => Sid === undefined || !removed.has(Sid));
  return { ...live, Version: live?.Version ?? '2012-10-17', Statement: [...kept, ...add] };
}
