import type { z } from 'zod';
import { parseTenancy, tenantOf, type tenancySchema, type Tenancy, type Tenant } from '../../../src/core/tenancy.ts';

type Entry = z.input<typeof tenancySchema>['tenants'][number];

export const TENANT_ROLE = 'arn:aws:iam::123456789012:role/tenants/mail';

/** An entry for the namespace of the tests, which allows nothing. */
export const entry = (over: Partial<Entry> = {}): Entry => ({ namespaces: ['mail'], roleArn: TENANT_ROLE, ...over });

/** One entry at least: without any, everything would be refused for that reason alone. */
export function tenancy(...entries: readonly [Partial<Entry>, ...Partial<Entry>[]]): Tenancy {
  const parsed = parseTenancy({ tenants: entries.map(entry) });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.issues));
  return parsed.tenancy;
}

export function tenant(over: Partial<Entry> = {}): Tenant {
  const found = tenantOf(tenancy(over), 'mail');
  if (found === undefined) throw new Error('the entry is not for the namespace of the tests');
  return found;
}
