/** What `iam-policy` can print. */
export const POLICIES = ['controller', 'function-boundary', 'tenants'] as const;
