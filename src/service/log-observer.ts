import type { ControllerObserver } from '../controller/observer.ts';
import type { Fault } from '../core/fault.ts';
import { describeAction, type Step } from '../core/step.ts';
import { reconcileLogger, type Logger } from './logger.ts';

/**
 * Writes down what the controller does: at info what changed something or went wrong, at debug the rest, so that a
 * cluster at rest writes no lines.
 */
export function createLogObserver(logger: Logger): ControllerObserver {
  const running = new Map<string, Logger>();
  const of = (key: string): Logger => running.get(key) ?? logger.child({ pipeline: key });

  return {
    reconcileStarted: ({ key, reconcileId, generation, trigger }) => {
      const fields = {
        reconcileId,
        pipeline: key,
        ...(generation !== undefined && { generation }),
        trigger,
      };
      running.set(key, reconcileLogger(logger, fields));
      of(key).debug('reconcile started');
    },
    reconcileFinished: ({ key, result, durationMs, noop, stalled, fault }) => {
      const level = result === 'error' ? 'error' : noop ? 'debug' : 'info';
      const why = fault === undefined ? {} : faultFields(fault);
      of(key)[level]('reconcile finished', { result, durationMs, noop, stalled, ...why });
      running.delete(key);
    },
    faulted: (resource, fault) => of(resource.key).warn(fault.message, faultFields(fault)),
    panicked: ({ key, error }) => of(key).error('reconcile failed unexpectedly; it is tried again', { error }),
    timedOut: ({ key }) => of(key).warn('reconcile ran out of time; it is tried again'),
    planned: (resource, steps) => {
      if (steps.length > 0) of(resource.key).info('planned', { generation: resource.generation, steps: shown(steps) });
    },
    driftDetected: (resource, steps) => of(resource.key).warn('AWS differs from the pipeline', { steps: shown(steps) }),
    driftRepaired: (resource, steps) => of(resource.key).info('AWS equals the pipeline again', { steps: shown(steps) }),
    statusWritten: (resource, result, { conditions }) => {
      const level = result === 'written' ? 'info' : 'debug';
      const ready = conditions.find(({ type }) => type === 'Ready');
      of(resource.key)[level](`status ${result}`, {
        ready: ready?.status,
        reason: ready?.reason,
        message: ready?.message,
      });
    },
    told: (resource, { type, reason, message }) =>
      of(resource.key)[type === 'Warning' ? 'warn' : 'info'](message, { reason }),
    gone: (key) => of(key).info('the pipeline is gone'),
  };
}

/** Here alone stands the id that AWS support asks for: it changes with every try, so it is in no status. */
const faultFields = ({ class: kind, reason, message, code, operation, requestId }: Fault) => ({
  class: kind,
  reason,
  problem: message,
  ...(code !== undefined && { code }),
  ...(operation !== undefined && { operation }),
  ...(requestId !== undefined && { awsRequestId: requestId }),
});

const shown = (steps: readonly Step[]): string[] =>
  steps.map(({ action }) => {
    const { verb, target } = describeAction(action);
    return `${verb} ${target}`;
  });
