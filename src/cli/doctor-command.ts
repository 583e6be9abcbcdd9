import type { Resource } from '../controller/source.ts';
import { CRD_NAME, customResourceDefinition } from '../core/crd.ts';
import { API_VERSION } from '../core/manifest.ts';
import { answerOf, type Answer } from '../diagnosis/answer.ts';
import { examine, type ClusterFacts, type DoctorFacts } from '../diagnosis/doctor.ts';
import { hasFailed } from '../diagnosis/finding.ts';
import { areFiles, refOf } from './cluster.ts';
import { refused } from './command-failed.ts';
import { askController } from './controller-page.ts';
import { askPlace, keyOf, type DoctorOptions, type Known } from './doctor-places.ts';
import { Interrupted, unlessInterrupted } from './interrupted.ts';
import type { CliIo, ExitCode } from './io.ts';
import { accountOf } from './look-at-aws.ts';
import { print } from './print.ts';
import { renderFinding } from './render-findings.ts';
import { distinctPlaces, isSameRole, loadTenants } from './tenants.ts';
import { loadFiles, refuseBadNames } from './work.ts';

const DOCTOR_FORMAT = 'ses-lambda-pipeline.dev/doctor/v1';

/**
 * Looks at everything that a pipeline needs around it. Exit code 0: nothing has failed, 2: something has, 1: the command
 * itself could not run.
 */
export async function doctorCommand(options: DoctorOptions, io: CliIo): Promise<ExitCode> {
  refuseBadNames({ installation: options.installation, namespace: options.namespace ?? 'default' }, io);
  const files = areFiles(options, io)
    ? await loadFiles({ ...options, namespace: options.namespace ?? 'default' }, io)
    : [];
  const asked = options.filename === undefined && options.cluster ? await askCluster(options, io) : undefined;
  const known: readonly Known[] = asked === undefined ? files : asked.pipelines;
  const tenants = await loadTenants(options, io);
  if (options.tenants !== undefined && options.filename === undefined && !options.cluster)
    throw refused('--tenants is about the pipelines of files or of a cluster: give -f, or leave --no-cluster out', io);
  const environment = io.env['AWS_REGION'] ?? io.env['AWS_DEFAULT_REGION'];
  const named = [...new Set(known.map(({ manifest }) => manifest.spec.region))].sort();
  const fallback = environment === undefined || environment === '' ? [] : [environment];
  const regions = options.region === undefined ? (named.length === 0 ? fallback : named) : [options.region];
  const grants = known
    .filter(({ manifest }) => regions.includes(manifest.spec.region))
    .map((pipeline) => ({ pipeline, grant: tenants.toRemove(keyOf(pipeline), pipeline.manifest) }));
  const granted = grants.flatMap(({ pipeline, grant }) => (grant.ok ? [{ pipeline, ...grant }] : []));
  const unnamed = regions.filter((region) => !grants.some(({ pipeline }) => pipeline.manifest.spec.region === region));
  const places = distinctPlaces([...unnamed.map((region) => ({ region })), ...granted.map(({ place }) => place)]);
  const facts: DoctorFacts = {
    definition: {
      crd: customResourceDefinition(),
      version: API_VERSION.slice(API_VERSION.indexOf('/') + 1),
      program: io.program,
    },
    cluster: asked?.facts,
    lane: await askController(options.controllerUrl, io),
    refused: grants.flatMap(({ pipeline, grant }) => (grant.ok ? [] : [{ key: keyOf(pipeline), fault: grant.fault }])),
    regions: await Promise.all(
      places.map((place) => {
        const here = granted.filter((each) => isSameRole(each.place, place));
        const limits = place.role === undefined ? undefined : here[0]?.roleLimits;
        const pipelines = here.map(({ pipeline }) => pipeline);
        return askPlace({ ...place, limits }, pipelines, options, io);
      }),
    ),
    nowMs: io.clock.now(),
  };
  const findings = examine(facts);
  print(io, options.output, { format: DOCTOR_FORMAT, findings }, () => [
    ...findings.flatMap((finding) => renderFinding(finding, io.colours)),
    summary(findings.map(({ outcome }) => outcome)),
  ]);
  return hasFailed(findings) ? 2 : 0;
}

function summary(outcomes: readonly string[]): string {
  const count = (wanted: string): number => outcomes.filter((outcome) => outcome === wanted).length;
  return `${count('ok')} ok, ${count('warn')} to look at, ${count('fail')} failed, ${count('unknown')} not known`;
}

async function askCluster(
  options: DoctorOptions,
  io: CliIo,
): Promise<{ readonly facts: Answer<ClusterFacts>; readonly pipelines: readonly Known[] }> {
  const pipelines: Known[] = [];
  const facts = await answerOf(async (): Promise<ClusterFacts> => {
    const cluster = await io.openCluster({ kubeconfig: options.kubeconfig, context: options.context });
    const look = Promise.all([
      answerOf(() => cluster.definition(CRD_NAME)),
      answerOf(() => cluster.leases(options.leaseName, options.leaseNamespace)),
      answerOf(() => cluster.pipelines(options.namespace)),
    ]);
    const [crd, leases, wanted] = await unlessInterrupted(io.signal, look);
    // Whoever may not look into all namespaces is told of their own.
    const narrow = !wanted.ok && wanted.fault.reason === 'AccessDenied' && options.namespace === undefined;
    const found = narrow ? await answerOf(() => cluster.pipelines(cluster.namespace)) : wanted;
    if (found.ok) pipelines.push(...found.value.flatMap(knownOf));
    return {
      context: cluster.context,
      pipelines: found.ok ? { ok: true, value: found.value.length } : found,
      crd,
      leases,
    };
  });
  if (io.signal.aborted) throw new Interrupted('interrupted');
  return { facts, pipelines };
}

const knownOf = (resource: Resource): readonly Known[] =>
  resource.manifest === undefined || resource.deleting
    ? []
    : [{ manifest: resource.manifest, namespace: refOf(resource).namespace, account: accountOf(resource) }];
