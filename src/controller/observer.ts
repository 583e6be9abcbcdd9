import type { Fault } from '../core/fault.ts';
import type { Step } from '../core/step.ts';
import type { PipelineEvent, Resource, ResourceStatus } from './source.ts';
import type { Trigger } from './trigger.ts';

/** How a reconcile ended: controller-runtime's words, so that stock dashboards work. */
export type ReconcileResult = 'success' | 'error' | 'requeue' | 'requeue_after';

/** What metrics and logs are told. Nothing here may throw or block. */
export type ControllerObserver = {
  readonly reconcileStarted: (run: {
    readonly key: string;
    readonly reconcileId: string;
    readonly generation?: number | undefined;
    readonly trigger: Trigger;
  }) => void;
  readonly reconcileFinished: (run: {
    readonly key: string;
    readonly reconcileId: string;
    readonly result: ReconcileResult;
    readonly durationMs: number;
    /** Nothing was written to AWS. */
    readonly noop: boolean;
    /** The pipeline waits for a person. */
    readonly stalled: boolean;
    /** Why the source could not be worked with; what went wrong on AWS is {@link ControllerObserver.faulted}. */
    readonly fault?: Fault;
  }) => void;
  /** Something went wrong on AWS, whether or not the status shows it yet. */
  readonly faulted: (resource: Resource, fault: Fault) => void;
  /** A bug of ours: isolated, counted, retried. */
  readonly panicked: (run: { readonly key: string; readonly reconcileId: string; readonly error: unknown }) => void;
  readonly timedOut: (run: { readonly key: string; readonly reconcileId: string }) => void;
  readonly planned: (resource: Resource, steps: readonly Step[]) => void;
  readonly driftDetected: (resource: Resource, steps: readonly Step[]) => void;
  readonly driftRepaired: (resource: Resource, steps: readonly Step[]) => void;
  readonly statusWritten: (
    resource: Resource,
    result: 'written' | 'unchanged' | 'conflict',
    status: ResourceStatus,
  ) => void;
  readonly told: (resource: Resource, event: PipelineEvent) => void;
  /** The pipeline is gone: series that bear its name go with it. */
  readonly gone: (key: string) => void;
};
