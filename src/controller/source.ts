import type { StoredCondition } from '../core/conditions.ts';
import type { FunctionInputs } from '../core/function-inputs.ts';
import type { ManifestIssue } from '../core/manifest-issue.ts';
import type { Manifest } from '../core/manifest.ts';
import type { EventReason } from '../core/reasons.ts';
import type { PipelineStatus } from '../core/status.ts';

/** One pipeline as its source has it. */
export type Resource = {
  /** `namespace/name`. */
  readonly key: string;
  /** Tells apart two resources of one name, one after the other. */
  readonly uid: string;
  /** Grows, or at least changes, with the spec. */
  readonly generation: number;
  /** Milliseconds since 1970: of two pipelines that want the same thing the older has it. Undefined where nobody knows. */
  readonly createdAtMs: number | undefined;
  readonly manifest: Manifest | undefined;
  /** Why there is no manifest. */
  readonly issues: readonly ManifestIssue[];
  /** Of this group and others; there even when the manifest is not. */
  readonly annotations: Readonly<Record<string, string>>;
  /** Somebody asked for the deletion; AWS has to be cleaned up first. */
  readonly deleting: boolean;
  /** Whether the source holds the resource back until {@link PipelineSource.release}. */
  readonly claimed: boolean;
  readonly status: ResourceStatus | undefined;
};

/** The status as it is stored beside the resource. */
export type ResourceStatus = Partial<Omit<PipelineStatus, 'conditions'>> & {
  readonly observedGeneration: number;
  readonly conditions: readonly StoredCondition[];
  /** The request to look now that was followed last. */
  readonly lastHandledReconcileAt?: string;
};

export type Change = { readonly key: string; readonly kind: 'spec' | 'gone' | 'dependency' };

/** Something that happened to a pipeline, for people. */
export type PipelineEvent = {
  readonly type: 'Normal' | 'Warning';
  readonly reason: EventReason;
  readonly message: string;
};

/**
 * Where pipelines come from and where their state is told. The controller is the same for all sources.
 */
export type PipelineSource = {
  /** Begins to deliver changes; resolves when every pipeline is known. Ends with the signal. */
  readonly start: (onChange: (change: Change) => void, signal: AbortSignal) => Promise<void>;
  /** Every pipeline, as last seen. */
  readonly list: () => readonly Resource[];
  /** As last seen; undefined when it is gone. */
  readonly get: (key: string) => Resource | undefined;
  /** As it is now: asked for before anything that cannot be taken back. */
  readonly read: (key: string) => Promise<Resource | undefined>;
  /** Holds the resource back from vanishing before AWS was cleaned up; comes before the first AWS write. */
  readonly claim: (resource: Resource) => Promise<void>;
  readonly release: (resource: Resource) => Promise<void>;
  /**
   * Code, and the values that the environment takes from elsewhere, as they are now.
   *
   * @throws {PipelineError} `dependency` when something that the manifest names is missing
   */
  readonly inputs: (resource: Resource) => Promise<FunctionInputs>;
  readonly writeStatus: (resource: Resource, status: ResourceStatus) => Promise<void>;
  readonly tell: (resource: Resource, event: PipelineEvent) => void;
  /** Milliseconds since 1970 of the last sign that the source is alive. */
  readonly lastAliveMs: () => number;
};
