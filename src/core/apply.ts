import { createSlots } from './slots.ts';
import { faultOf, type Fault } from './fault.ts';
import type { ObservedRuleSets } from './observed.ts';
import { perform, type KnownRules } from './perform.ts';
import type { Ports } from './ports.ts';
import { isWrite, type Step } from './step.ts';
import { NO_TRACING, type Tracing } from './tracing.ts';

export type StepResult =
  | { readonly kind: 'done'; readonly step: Step }
  | { readonly kind: 'failed'; readonly step: Step; readonly fault: Fault }
  | {
      /** Not tried: a step that it needs did not succeed, or the run was interrupted. */
      readonly kind: 'skipped';
      readonly step: Step;
      readonly because: string;
    };

export type StepEvent =
  | { readonly kind: 'started'; readonly step: Step }
  | { readonly kind: 'waiting'; readonly step: Step; readonly fault: Fault }
  | StepResult;

export type ApplyOptions = {
  /** The sets as they were when the plan was made. */
  readonly ruleSets: ObservedRuleSets;
  readonly onEvent?: (event: StepEvent) => void;
  /** Aborted: calls in flight finish, nothing new starts. */
  readonly signal?: AbortSignal;
  /** False: what has to propagate or to settle fails at once, for a caller that comes back later. Default true. */
  readonly waits?: boolean;
  /** Default: none. */
  readonly tracing?: Tracing | undefined;
};

/** Steps that run at once, waiting ones aside: enough to hide latency, too few to be throttled. */
const CONCURRENT_CALLS = 8;

const SECOND = 1000;
const MINUTE = 60 * SECOND;

/** How long AWS may take to see a change that this run made; measured values of others, see ADR 0005. */
const PROPAGATION_LIMIT_MS = 5 * MINUTE;
const ROLE_PROPAGATION_LIMIT_MS = 15 * MINUTE;
/** Without a change of this run: one of an interrupted run just before may still be on its way. */
const SETTLED_PROPAGATION_LIMIT_MS = MINUTE;
/** A function in a VPC or of an image takes minutes. */
const PENDING_LIMIT_MS = 15 * MINUTE;
const TRIES = 5;

/**
 * Runs a plan: steps that need nothing of each other at once, those of one lane one after the other. A failed step
 * stops only what needs it. Never throws; one result for each step, in the order of the plan.
 */
export async function apply(
  steps: readonly Step[],
  ports: Ports,
  options: ApplyOptions,
): Promise<readonly StepResult[]> {
  const known: KnownRules = new Map(
    [...options.ruleSets.sets].map(([name, set]) => [name, new Set(set.rules.map((rule) => rule.name))]),
  );
  const slots = createSlots(CONCURRENT_CALLS);
  const running = new Map<string, Promise<StepResult>>();
  const lanes = new Map<string, Promise<unknown>>();
  const report = (event: StepEvent) => options.onEvent?.(event);
  const tracing = options.tracing ?? NO_TRACING;

  for (const step of steps) {
    const before = lanes.get(step.lane);
    const needed = step.needs.flatMap((id) => running.get(id) ?? []);
    const result = Promise.all([before, ...needed]).then(async () => {
      const outcome = await runStep(step, await Promise.all(needed));
      report(outcome);
      return outcome;
    });
    running.set(step.id, result);
    lanes.set(step.lane, result);
  }
  return Promise.all(running.values());

  async function runStep(step: Step, needed: readonly StepResult[]): Promise<StepResult> {
    const unmet = needed.find((result) => result.kind !== 'done');
    if (unmet !== undefined) return { kind: 'skipped', step, because: rootOf(unmet) };
    if (options.signal?.aborted === true) return { kind: 'skipped', step, because: 'interrupted' };
    report({ kind: 'started', step });
    const afterOwnChange = needed.some(({ step: other }) => isWrite(other.action));
    return tracing.step(step, () => carryOut(step, afterOwnChange));
  }

  async function carryOut(step: Step, afterOwnChange: boolean): Promise<StepResult> {
    const patience = createPatience(step, afterOwnChange, options.waits ?? true, ports);
    for (;;) {
      try {
        await slots.use(() => perform(step.action, ports, known));
        return { kind: 'done', step };
      } catch (error) {
        const fault = faultOf(error);
        const delayMs = patience.delayFor(fault);
        if (delayMs === undefined) return { kind: 'failed', step, fault };
        report({ kind: 'waiting', step, fault });
        tracing.waiting(fault);
        const slept = await ports.clock.sleep(delayMs, options.signal).then(
          () => true,
          () => false,
        );
        if (!slept)
          return { kind: 'failed', step, fault: { ...fault, message: `Interrupted while waiting: ${fault.message}` } };
      }
    }
  }
}

const rootOf = (result: StepResult): string => (result.kind === 'skipped' ? result.because : result.step.id);

/** Decides how often and how long a step is tried. */
function createPatience(step: Step, afterOwnChange: boolean, waits: boolean, { clock }: Ports) {
  const startedAtMs = clock.now();
  let tries = 0;
  return {
    /** Milliseconds until the next try; undefined: give up. */
    delayFor(fault: Fault): number | undefined {
      tries += 1;
      const elapsedMs = clock.now() - startedAtMs;
      switch (fault.class) {
        case 'propagating':
          return waits && elapsedMs < propagationLimitMs(step, afterOwnChange)
            ? growing(tries, 10 * SECOND)
            : undefined;
        case 'pending':
          return waits && elapsedMs < PENDING_LIMIT_MS ? growing(tries, 5 * SECOND) : undefined;
        case 'throttled':
        case 'transient':
          return tries < TRIES ? growing(tries, 16 * SECOND) * (0.5 + clock.random()) : undefined;
        case 'stale':
        case 'dependency':
        case 'conflict':
        case 'denied':
        case 'invalid':
        case 'delete-blocked':
        case 'bug':
          return undefined;
      }
    },
  };
}

/** 1 s, then half as much again each time. */
const growing = (tries: number, mostMs: number): number => Math.min(mostMs, SECOND * 1.5 ** (tries - 1));

function propagationLimitMs(step: Step, afterOwnChange: boolean): number {
  if (!afterOwnChange) return SETTLED_PROPAGATION_LIMIT_MS;
  const assumesRole = step.action.kind === 'createFunction' || step.action.kind === 'updateFunctionConfiguration';
  return assumesRole ? ROLE_PROPAGATION_LIMIT_MS : PROPAGATION_LIMIT_MS;
}
