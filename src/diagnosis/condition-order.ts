import type { ConditionType } from '../core/status.ts';

/** What stands on what: a part needs those before it. */
export const PART_CONDITIONS: readonly ConditionType[] = [
  'BucketReady',
  'RoleReady',
  'FunctionReady',
  'PermissionReady',
  'RulesReady',
  'RuleSetActive',
  'MailRouted',
];

const ORDER: readonly string[] = ['Ready', 'Stalled', 'Reconciling', 'Suspended', 'Drifted', ...PART_CONDITIONS];

/** The summary first, then the parts in the order in which one needs the other. */
export const byTypeOrder = (a: { readonly type: string }, b: { readonly type: string }): number =>
  ORDER.indexOf(a.type) - ORDER.indexOf(b.type);
