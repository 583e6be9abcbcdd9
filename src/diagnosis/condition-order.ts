import { PART_CONDITIONS, type ConditionType } from '../core/status.ts';

/** The parts, and what they are for in the end: each needs those before it. */
export const STAGES: readonly ConditionType[] = [...PART_CONDITIONS, 'MailRouted'];

const ORDER: readonly string[] = ['Ready', 'Stalled', 'Reconciling', 'Suspended', 'Drifted', ...STAGES];

/** The summary first, then the parts in the order in which one needs the other. */
export const byTypeOrder = (a: { readonly type: string }, b: { readonly type: string }): number =>
  ORDER.indexOf(a.type) - ORDER.indexOf(b.type);
