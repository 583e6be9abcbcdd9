import { existingRuleNames } from '../core/desired.ts';
import { restraintOf } from '../core/management-policy.ts';
import { isRuleOf, pipelineKey, rulePrefix } from '../core/names.ts';
import type { RuleBlock } from '../core/rule-block.ts';
import type { Resource } from './source.ts';

/**
 * The blocks of all pipelines of a region but those of a run, by their place among each other. What rules they hold is read off the
 * live set: another run looks after them.
 */
export function neighboursOf(
  keys: ReadonlySet<string>,
  region: string,
  resources: readonly Resource[],
  installation: string,
): readonly RuleBlock[] {
  return resources.flatMap(({ key: owner, manifest }): RuleBlock[] => {
    if (keys.has(owner) || manifest?.spec.region !== region) return [];
    const [namespace = '', name = ''] = owner.split('/');
    const { position, priority } = manifest.spec.ruleSet;
    const prefix = rulePrefix({ installation, namespace, name });
    return [
      {
        owner: pipelineKey({ namespace, name }),
        prefix,
        // Whether it has taken over what it lists only a look at its function tells: until then these are strangers'.
        existingRules: [],
        bucketName: '',
        position,
        priority,
        storageRule: undefined,
        rules: [],
        // Nobody moves the rules of a pipeline that is suspended or only observed.
        ...(restraintOf(manifest) !== undefined && { held: true }),
      },
    ];
  });
}

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
