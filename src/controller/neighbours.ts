import { pipelineKey, rulePrefix } from '../core/names.ts';
import type { RuleBlock } from '../core/rule-block.ts';
import type { Resource } from './source.ts';

/**
 * The blocks of all other pipelines of a region, by their place among each other. What rules they hold is read off the
 * live set: another run looks after them.
 */
export function neighboursOf(
  key: string,
  region: string,
  resources: readonly Resource[],
  installation: string,
): readonly RuleBlock[] {
  return resources.flatMap(({ key: owner, manifest }): RuleBlock[] => {
    if (owner === key || manifest?.spec.region !== region) return [];
    const [namespace = '', name = ''] = owner.split('/');
    const { position, priority } = manifest.spec.ruleSet;
    const prefix = rulePrefix({ installation, namespace, name });
    return [
      {
        owner: pipelineKey({ namespace, name }),
        prefix,
        bucketName: '',
        position,
        priority,
        storageRule: undefined,
        rules: [],
      },
    ];
  });
}
