import { existingRuleNames } from '../core/desired-rules.ts';
import { restraintOf } from '../core/management-policy.ts';
import { isRuleOf, pipelineKey, rulePrefix } from '../core/names.ts';
import type { Neighbour } from '../core/neighbour.ts';
import type { Resource } from './source.ts';

/** What of another pipeline matters to those of a run. */
type Beside = Pick<Resource, 'key' | 'createdAtMs' | 'deleting' | 'manifest' | 'generation' | 'status'>;

/**
 * All pipelines of a region but those of a run: their place among each other, what they claim and which set they want
 * active. What rules they hold is read off the live set: another run looks after them.
 */
export function neighboursOf(
  keys: ReadonlySet<string>,
  region: string,
  resources: readonly Beside[],
  installation: string,
): readonly Neighbour[] {
  return resources.flatMap((resource): Neighbour[] => {
    const { key: owner, createdAtMs, deleting, manifest } = resource;
    if (keys.has(owner) || manifest?.spec.region !== region) return [];
    const [namespace = '', name = ''] = owner.split('/');
    const { ruleSet, receiptRules } = manifest.spec;
    const prefix = rulePrefix({ installation, namespace, name });
    return [
      {
        owner: pipelineKey({ namespace, name }),
        prefix,
        // Whether it has taken over what it lists only a look at its function tells: until then these are strangers'.
        existingRules: [],
        bucketName: '',
        position: ruleSet.position,
        priority: ruleSet.priority,
        storageRule: undefined,
        rules: [],
        // Nobody moves the rules of a pipeline that is suspended or only observed.
        ...(restraintOf(manifest) !== undefined && { held: true }),
        createdAtMs,
        // One that is being deleted holds its recipients until it is gone, but no longer cares which set is active.
        recipients: receiptRules.map((rule) => rule.recipients),
        activates: ruleSet.activate === 'Always' && !deleting ? ruleSet.name : undefined,
        ruleSet: { name: ruleSet.name, rollout: ruleSet.rollout },
        isGrantedBoth: ruleSet.rollout === 'BlueGreen' && wasSeenGranted(resource),
      },
    ];
  });
}

/** Whether the last look found every grant in place that the manifest as it is now asks for. */
const wasSeenGranted = ({ generation, status }: Beside): boolean =>
  status?.observedGeneration === generation &&
  (['BucketReady', 'PermissionReady'] as const).every((wanted) =>
    status.conditions.some(({ type, status: value }) => type === wanted && value === 'True'),
  );

/** Keys of the pipelines in a region that some of these rules belong to. */
export function ownersOf(
  rules: readonly string[],
  region: string,
  resources: readonly Resource[],
  installation: string,
): readonly string[] {
  return resources.flatMap(({ key, manifest }) => {
    if (manifest?.spec.region !== region) return [];
    const [namespace = '', name = ''] = key.split('/');
    const prefix = rulePrefix({ installation, namespace, name });
    const listed = existingRuleNames(manifest.spec);
    return rules.some((rule) => isRuleOf(prefix, rule) || listed.includes(rule)) ? [key] : [];
  });
}
