import { NO_TRACING, type Tracing } from '../core/tracing.ts';
import type { Batch } from './work-queue.ts';

/** {@link Tracing} of the controller, where runs of several pipelines share looks and plans. */
export type ControllerTracing = Tracing & {
  /** Pipelines that are reconciled together. Their runs are told to an observer from inside. */
  readonly batch: (batch: Batch<string>, run: () => Promise<void>) => Promise<void>;
};

/** Nobody looks. */
export const UNTRACED: ControllerTracing = { ...NO_TRACING, batch: (_batch, run) => run() };
