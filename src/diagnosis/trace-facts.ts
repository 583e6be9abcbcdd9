import type { StoredCondition } from '../core/conditions.ts';
import type { MailRouting } from '../core/mail-routing.ts';
import type { ObservedPipeline } from '../core/observed.ts';
import type { Problem } from '../core/plan.ts';
import type { Condition, PipelineStatus } from '../core/status.ts';
import type { Answer } from './answer.ts';
import type { LaneLoad } from './lane-load.ts';
import type { LeaseFacts } from './lease-health.ts';

/** The resource as the cluster has it. */
export type ResourceFacts = {
  readonly generation: number;
  readonly observedGeneration: number;
  readonly createdAtMs: number | undefined;
  readonly deleting: boolean;
  readonly requestedAt: string | undefined;
  readonly handledAt: string | undefined;
  readonly conditions: readonly StoredCondition[];
  /** Account that the ARNs of the status name. */
  readonly account: string | undefined;
  /** Why this program cannot read the manifest. */
  readonly issues: readonly string[];
};

export type EventFacts = {
  readonly type: string;
  readonly reason: string;
  readonly message: string;
  readonly count: number;
  readonly atMs: number | undefined;
};

/** A rule of the set, and whose it is; undefined: no pipeline of this installation. */
export type RuleFacts = {
  readonly position: number;
  readonly name: string;
  readonly enabled: boolean;
  readonly owner: string | undefined;
};

/** What AWS has, and what a plan would do about it. */
export type AwsFacts = {
  readonly account: string;
  /** Undefined where the pipeline could not be looked at, or is to go. */
  readonly status: PipelineStatus | undefined;
  readonly routing: MailRouting | undefined;
  readonly observed: ObservedPipeline | undefined;
  readonly problems: readonly Problem[];
  /** What would be done, and why, a clause each. */
  readonly todo: readonly { readonly what: string; readonly why: string }[];
  readonly rules: readonly RuleFacts[];
  /** Of a role that is not ours: whether Lambda may assume it. */
  readonly givenRole: { readonly arn: string; readonly trust: Answer<boolean | undefined> } | undefined;
};

/** Two accounts: where something lives, and where the credentials at hand lead. */
export type Elsewhere = { readonly account: string; readonly credentials: string };

export type TraceFacts = {
  /** What this program was started as. */
  readonly program: string;
  /** `namespace/name`. */
  readonly key: string;
  readonly region: string | undefined;
  readonly nowMs: number;
  /** What the manifest asks for; undefined where it cannot be read. */
  readonly asked:
    | { readonly runtime: string | undefined; readonly reservedConcurrency: number | undefined }
    | undefined;
  readonly suspended: boolean;
  /** Undefined: the pipeline comes from a file. */
  readonly resource: ResourceFacts | undefined;
  readonly events: Answer<readonly EventFacts[]> | undefined;
  readonly leases: Answer<readonly LeaseFacts[]> | undefined;
  readonly lane: Answer<LaneLoad> | undefined;
  /** Undefined: nobody wanted it looked at, or it is elsewhere. */
  readonly aws: Answer<AwsFacts> | undefined;
  /** The account of the pipeline, where the credentials at hand belong to another one: AWS was not looked at. */
  readonly elsewhere?: Elsewhere;
};

export type AnyCondition = Condition | StoredCondition;
