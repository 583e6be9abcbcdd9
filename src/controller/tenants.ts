import { ABANDON } from '../core/annotations.ts';
import type { RoleLimits } from '../core/pipeline.ts';
import type { Fault } from '../core/fault.ts';
import type { Manifest } from '../core/manifest.ts';
import { tenancyFault } from '../core/tenancy-limits.ts';
import {
  accountOf,
  noTenant,
  roleSessionOf,
  tenantOf,
  type RoleSession,
  type Tenancy,
  type Tenant,
} from '../core/tenancy.ts';
import type { Resource, ResourceStatus } from './source.ts';

/** Where a pipeline lives on AWS, and as whom it is worked on; without a role: as the controller itself. */
export type Place = { readonly region: string; readonly role?: RoleSession };

/** Equal for the places that share clients and credentials. */
export const placeKey = ({ region, role }: Place): string => JSON.stringify([region, role]);

/** Where a pipeline of a tenant belongs, and what is forced on it there. */
export type Grant =
  | { readonly ok: true; readonly place: Place; readonly roleLimits: RoleLimits }
  | { readonly ok: false; readonly fault: Fault };

/** Who may work on AWS, as whom and within which limits. Nothing in a resource chooses its role. */
export type Tenants = {
  /** Asked before anything on AWS. @param key `namespace/name` */
  readonly toApply: (key: string, manifest: Manifest) => Grant;
  /**
   * To take down what is there, the limits do not matter: they may have become narrower since, and nothing goes but
   * what carries the pipeline's mark.
   */
  readonly toRemove: (key: string, manifest: Manifest) => Grant;
  /** Whether a pipeline belongs to the account of a place, so that both may meet in a rule set. */
  readonly livesIn: (key: string, place: Place) => boolean;
};

/** @param tenancy undefined: all namespaces are the controller's own, without limits */
export function createTenants(tenancy: Tenancy | undefined, installation: string): Tenants {
  const grant = (key: string, { spec }: Manifest, limitsOf: (tenant: Tenant) => Fault | undefined): Grant => {
    const { region } = spec;
    if (tenancy === undefined) return { ok: true, place: { region }, roleLimits: {} };
    const namespace = namespaceOf(key);
    const tenant = tenantOf(tenancy, namespace);
    if (tenant === undefined) return { ok: false, fault: noTenant(namespace) };
    const fault = limitsOf(tenant);
    if (fault !== undefined) return { ok: false, fault };
    const { permissionsBoundaryArn, rolePath } = tenant;
    const place = { region, role: roleSessionOf(tenant, installation, namespace) };
    return { ok: true, place, roleLimits: { permissionsBoundaryArn, rolePath } };
  };
  return {
    toApply: (key, manifest) => grant(key, manifest, (tenant) => tenancyFault(manifest, tenant)),
    toRemove: (key, manifest) => grant(key, manifest, () => undefined),
    livesIn: (key, { role }) => {
      if (tenancy === undefined || role === undefined) return true;
      const tenant = tenantOf(tenancy, namespaceOf(key));
      return tenant !== undefined && accountOf(tenant) === accountOf(role);
    },
  };
}

/** Those of the pipelines that may meet in a rule set of the place. */
export const inAccountOf = (
  place: Place,
  resources: readonly Resource[],
  { livesIn }: Pick<Tenants, 'livesIn'>,
): readonly Resource[] => resources.filter(({ key }) => livesIn(key, place));

const namespaceOf = (key: string): string => key.slice(0, key.indexOf('/'));

/**
 * What was made in one account cannot be looked after from another: there it seems to be missing, and would be made a
 * second time, or be taken for deleted.
 */
export function accountChanged(status: ResourceStatus | undefined, account: string): Fault | undefined {
  const known = [status?.function?.arn, status?.role?.arn].flatMap((arn) => arn?.split(':')[4] ?? []);
  const other = known.find((each) => each !== '' && each !== account);
  if (other === undefined) return undefined;
  return {
    class: 'denied',
    reason: 'AccountChanged',
    message: `The pipeline lives in account ${other}, but the credentials are of account ${account}, so nothing is changed in either; give the controller credentials of ${other} again, or, to leave there what it made, annotate the pipeline with ${ABANDON}: "true" and delete it`,
  };
}
