import type { StepResult } from './apply.ts';
import type { Outlook } from './converge.ts';
import type { Fault } from './fault.ts';
import type { Work } from './observe.ts';
import type { Step } from './step.ts';

/** Lets somebody see the course of a run: what happens inside one of these belongs to it. Must not throw or delay. */
export type Tracing = {
  readonly look: (work: Work, run: () => Promise<Outlook>) => Promise<Outlook>;
  readonly step: (step: Step, run: () => Promise<StepResult>) => Promise<StepResult>;
  /** The step that is under way is tried again later. */
  readonly waiting: (fault: Fault) => void;
};

/** Nobody looks. */
export const NO_TRACING: Tracing = {
  look: (_work, run) => run(),
  step: (_step, run) => run(),
  waiting: () => undefined,
};
