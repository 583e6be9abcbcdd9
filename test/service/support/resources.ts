import type { Resource, ResourceStatus } from '../../../src/controller/source.ts';
import type { StoredCondition } from '../../../src/core/conditions.ts';
import type { Step, StepAction } from '../../../src/core/step.ts';

export function condition(
  type: string,
  status: StoredCondition['status'],
  over: Partial<StoredCondition> = {},
): StoredCondition {
  return {
    type,
    status,
    reason: 'Because',
    message: 'so it is',
    lastTransitionTime: '2026-01-01T00:00:00Z',
    observedGeneration: 1,
    ...over,
  };
}

export const statusOf = (...conditions: readonly StoredCondition[]): ResourceStatus => ({
  observedGeneration: 1,
  conditions,
});

export function resource(key = 'mail/app', over: Partial<Resource> = {}): Resource {
  return {
    key,
    uid: `uid of ${key}`,
    generation: 1,
    createdAtMs: undefined,
    manifest: undefined,
    issues: [],
    annotations: {},
    deleting: false,
    claimed: true,
    status: undefined,
    ...over,
  };
}

export function step(action: StepAction, part: Step['part'] = 'bucket'): Step {
  return {
    id: action.kind,
    owner: 'mail/app',
    part,
    region: 'eu-west-1',
    action,
    needs: [],
    lane: 'l',
    why: 'w',
    changes: [],
  };
}
