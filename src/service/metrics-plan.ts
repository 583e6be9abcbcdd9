import type { ControllerObserver } from '../controller/observer.ts';
import { describeAction, isWrite, type Part, type Step, type Verb } from '../core/step.ts';
import { combinations, PREFIX, type MetricMaker } from './metric-tools.ts';

const PARTS: readonly Part[] = ['bucket', 'role', 'function', 'permission', 'rules', 'ruleSet'];
const VERBS: readonly Verb[] = ['create', 'update', 'delete', 'reorder', 'verify', 'wait', 'activate', 'deactivate'];

/** What differs on AWS, as the step that mends it tells. */
type DriftKind = 'missing' | 'changed' | 'unwanted' | 'misordered' | 'activation';
const DRIFT_KINDS: readonly DriftKind[] = ['missing', 'changed', 'unwanted', 'misordered', 'activation'];

/** How much was planned, and how much of it was drift. */
export function planMetrics({
  counter,
}: MetricMaker): Pick<ControllerObserver, 'planned' | 'driftDetected' | 'driftRepaired'> {
  const drifts = combinations({ part: PARTS, kind: DRIFT_KINDS });
  const steps = counter(
    `${PREFIX}plan_steps_total`,
    'Steps of plans, by part and verb.',
    combinations({ part: PARTS, verb: VERBS }),
  );
  const detected = counter(
    `${PREFIX}drift_detected_total`,
    'Differences found on AWS that no change of the pipeline explains.',
    drifts,
  );
  const repaired = counter(`${PREFIX}drift_repaired_total`, 'Such differences that were put right.', drifts);
  const count = (metric: typeof detected, found: readonly Step[]): void => {
    for (const { part, action } of found.filter((step) => isWrite(step.action)))
      metric.inc({ part, kind: driftKind(describeAction(action).verb) });
  };
  return {
    planned: (_resource, planned) => {
      for (const { part, action } of planned) steps.inc({ part, verb: describeAction(action).verb });
    },
    driftDetected: (_resource, found) => count(detected, found),
    driftRepaired: (_resource, mended) => count(repaired, mended),
  };
}

function driftKind(verb: Verb): DriftKind {
  switch (verb) {
    case 'create':
      return 'missing';
    case 'delete':
      return 'unwanted';
    case 'reorder':
    case 'verify':
      return 'misordered';
    case 'activate':
    case 'deactivate':
      return 'activation';
    case 'update':
    case 'wait':
      return 'changed';
  }
}
