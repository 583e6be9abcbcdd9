import { NO_TRACING, type Tracing } from '../core/tracing.ts';
import type { Batch } from './work-queue.ts';

/** {@link Tracing} of the controller, where runs of several pipelines share looks and plans. */
export type ControllerTracing = Tracing & {
  /** Pipelines that are reconciled together. Their runs are told to an observer from inside. */
  readonly batch: (batch: Batch<string>, run: () => Promise<void>) => Promise<void>;
  /** What is done for one of them alone. @param key `namespace/name` */
  readonly alone: <T>(key: string, run: () => Promise<T>) => Promise<T>;
};

/** Nobody looks. */
export const UNTRACED: ControllerTracing = {
  ...NO_TRACING,
  batch: (_batch, run) => run(),
  alone: (_key, run) => run(),
};
