const ORDER: readonly string[] = [
  'Ready',
  'Stalled',
  'Reconciling',
  'Suspended',
  'Drifted',
  'BucketReady',
  'RoleReady',
  'FunctionReady',
  'PermissionReady',
  'RulesReady',
  'RuleSetActive',
  'MailRouted',
];

/** The summary first, then the parts in the order in which one needs the other. */
export const byTypeOrder = (a: { readonly type: string }, b: { readonly type: string }): number =>
  ORDER.indexOf(a.type) - ORDER.indexOf(b.type);
