import { isAbandoned } from '../core/annotations.ts';
import type { Phase } from '../core/conditions.ts';
import type { Pipeline } from '../core/pipeline.ts';
import { PipelineError, type Fault } from '../core/fault.ts';
import { deletionIntent } from '../core/management-policy.ts';
import type { PipelineIdentity } from '../core/names.ts';
import type { Leaving } from '../core/observe.ts';
import type { Ports } from '../core/ports.ts';
import type { Outcome } from './outcome.ts';
import { faultToReport, outcomeOfPhase, phaseOf, report, tell, type ReportDeps } from './report.ts';
import type { PipelineSource, Resource } from './source.ts';
import { accountChanged, type Place, type Tenants } from './tenants.ts';

export type AdmitDeps = ReportDeps & {
  readonly source: PipelineSource;
  readonly portsOf: (place: Place) => Ports;
  readonly tenants: Tenants;
  readonly installation: string;
};

/** What a run has to do about one pipeline on AWS, if anything. */
export type Admitted =
  | { readonly kind: 'keep'; readonly resource: Resource; readonly place: Place; readonly pipeline: Pipeline }
  | { readonly kind: 'remove'; readonly resource: Resource; readonly place: Place; readonly leaving: Leaving }
  | { readonly kind: 'ended'; readonly outcome: Outcome };

/**
 * Everything that is settled before AWS is asked about the pipeline's own resources.
 *
 * @throws {PipelineError} when the source does not answer, or has a newer version
 */
export async function admit(key: string, deps: AdmitDeps): Promise<Admitted> {
  const resource = deps.source.get(key);
  if (resource === undefined) return ended({ kind: 'forget' });
  if (resource.deleting) return admitDeletion(resource, deps);
  const { manifest } = resource;
  if (manifest === undefined) return reported(resource, { kind: 'stalled', fault: invalidManifest(resource) }, deps);
  if (manifest.spec.suspend) return reported(resource, { kind: 'suspended' }, deps);
  const grant = deps.tenants.toApply(key, manifest);
  if (!grant.ok) return reported(resource, phaseOf(grant.fault), deps);
  if (!resource.claimed) {
    // The claim comes back as a change, and only the run that sees it writes to AWS.
    await deps.source.claim(resource);
    return ended({ kind: 'forget' });
  }
  try {
    const { place, roleLimits } = grant;
    const identity = await identityOf(resource, place, deps);
    const inputs = await deps.source.inputs(resource);
    const age = resource.createdAtMs === undefined ? {} : { createdAtMs: resource.createdAtMs };
    return { kind: 'keep', resource, place, pipeline: { manifest, identity, roleLimits, ...age, ...inputs } };
  } catch (error) {
    return reported(resource, phaseOf(faultToReport(error)), deps);
  }
}

async function admitDeletion(resource: Resource, deps: AdmitDeps): Promise<Admitted> {
  if (!resource.claimed) return ended({ kind: 'forget' });
  const live = await deps.source.read(resource.key);
  if (live === undefined || live.uid !== resource.uid || !live.deleting) return ended({ kind: 'retry' });
  const { manifest } = live;
  const because = reasonToLeave(live);
  if (because !== undefined) {
    const message = `What the pipeline owns on AWS stays as it is: ${because}`;
    tell(live, { type: 'Normal', reason: 'LeftInPlace', message }, deps);
    await deps.source.release(live);
    return ended({ kind: 'forget' });
  }
  if (manifest === undefined) return reported(live, { kind: 'deleting', fault: invalidManifest(live) }, deps);
  const grant = deps.tenants.toRemove(live.key, manifest);
  if (!grant.ok) return reported(live, { kind: 'deleting', fault: grant.fault }, deps);
  const { place } = grant;
  try {
    return {
      kind: 'remove',
      resource: live,
      place,
      leaving: { manifest, identity: await identityOf(live, place, deps) },
    };
  } catch (error) {
    return reported(live, { kind: 'deleting', fault: faultToReport(error) }, deps);
  }
}

/** Who leaves need not be understood, nor AWS be reachable. */
function reasonToLeave({ manifest, annotations }: Resource): string | undefined {
  if (manifest === undefined) return isAbandoned({ metadata: { annotations } }) ? 'it was abandoned' : undefined;
  const intent = deletionIntent(manifest);
  return intent.kind === 'leave' ? intent.because : undefined;
}

const ended = (outcome: Outcome): Admitted => ({ kind: 'ended', outcome });

async function reported(resource: Resource, phase: Phase, deps: AdmitDeps): Promise<Admitted> {
  await report(resource, phase, undefined, deps);
  return ended(outcomeOfPhase(phase));
}

/** @throws {PipelineError} `denied` when the pipeline lives in another account */
async function identityOf(
  { key, status }: Resource,
  place: Place,
  { portsOf, installation }: AdmitDeps,
): Promise<PipelineIdentity> {
  const { account, partition } = await portsOf(place).identity.caller();
  const moved = accountChanged(status, account);
  if (moved !== undefined) throw new PipelineError(moved);
  const [namespace = '', name = ''] = key.split('/');
  return { partition, account, region: place.region, installation, namespace, name };
}

function invalidManifest({ issues }: Resource): Fault {
  const [first] = issues;
  const where = first?.path.join('.') ?? '';
  return { class: 'invalid', reason: 'InvalidSpec', message: `${where}: ${first?.message ?? 'is not valid'}` };
}
