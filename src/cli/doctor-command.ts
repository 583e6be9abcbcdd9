import type { Resource } from '../controller/source.ts';
import { CRD_NAME, customResourceDefinition } from '../core/crd.ts';
import { desiredBlock } from '../core/desired-rules.ts';
import { mailRouting } from '../core/mail-routing.ts';
import { API_VERSION, type Manifest } from '../core/manifest.ts';
import { functionName, pipelineKey, roleName, type PipelineIdentity } from '../core/names.ts';
import { neededActions, type Needs } from '../core/needed-actions.ts';
import type { ObservedRuleSet } from '../core/observed.ts';
import { boundaryOfAll, namedIn } from '../core/policy-scope.ts';
import { isFault, type Caller } from '../core/probes.ts';
import { askAboutMail, routedRecipients } from '../core/routing-facts.ts';
import { answerOf, type Answer } from '../diagnosis/answer.ts';
import {
  examine,
  type ClusterFacts,
  type DoctorFacts,
  type PermissionFacts,
  type RegionFacts,
} from '../diagnosis/doctor.ts';
import { hasFailed } from '../diagnosis/finding.ts';
import { areFiles, refOf } from './cluster.ts';
import { askController } from './controller-page.ts';
import { Interrupted, unlessInterrupted } from './interrupted.ts';
import type { CliIo, Connected, ExitCode } from './io.ts';
import type { ControllerOptions, FilesOrClusterOptions } from './options.ts';
import { print } from './print.ts';
import { renderFinding } from './render-findings.ts';
import { connectionOf, loadFiles, refuseBadNames } from './work.ts';

export type DoctorOptions = FilesOrClusterOptions &
  ControllerOptions & { readonly cluster: boolean; readonly checkRole?: string; readonly permissionsBoundary?: string };

const DOCTOR_FORMAT = 'ses-lambda-pipeline.dev/doctor/v1';

type Known = { readonly manifest: Manifest; readonly namespace: string };

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
  const environment = io.env['AWS_REGION'] ?? io.env['AWS_DEFAULT_REGION'];
  const named = [...new Set(known.map(({ manifest }) => manifest.spec.region))].sort();
  const fallback = environment === undefined || environment === '' ? [] : [environment];
  const regions = options.region === undefined ? (named.length === 0 ? fallback : named) : [options.region];
  const facts: DoctorFacts = {
    definition: { crd: customResourceDefinition(), version: API_VERSION.slice(API_VERSION.indexOf('/') + 1) },
    cluster: asked?.facts,
    lane: await askController(options.controllerUrl, io),
    regions: await Promise.all(regions.map((region) => askRegion(region, known, options, io))),
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
    : [{ manifest: resource.manifest, namespace: refOf(resource).namespace }];

async function askRegion(
  region: string,
  known: readonly Known[],
  options: DoctorOptions,
  io: CliIo,
): Promise<RegionFacts> {
  const ports = await io.connect({ region, ...connectionOf(options) });
  try {
    const signIn = await unlessInterrupted(io.signal, ports.probes.signIn());
    if (isFault(signIn.caller)) return { region, signIn };
    const here = known.filter(({ manifest }) => manifest.spec.region === region);
    const account = askAccount(signIn.caller, region, here, options, ports);
    return { region, signIn, account: await unlessInterrupted(io.signal, account) };
  } finally {
    ports.close();
  }
}

async function askAccount(
  caller: Caller,
  region: string,
  known: readonly Known[],
  options: DoctorOptions,
  ports: Connected,
): Promise<NonNullable<RegionFacts['account']>> {
  const identify = (namespace: string, name: string): PipelineIdentity => ({
    partition: caller.partition,
    account: caller.account,
    region,
    installation: options.installation,
    namespace,
    name,
  });
  // Policies may be about some namespaces only; without a pipeline nobody knows which.
  const [anyOf = { namespace: 'doctor', name: 'doctor' }] = known.map(({ manifest, namespace }) => ({
    namespace,
    name: manifest.metadata.name,
  }));
  const active = await answerOf(() => ports.receiptRules.describeActive());
  const others = [...new Set(known.map(({ manifest }) => manifest.spec.ruleSet.name))].filter(
    (name) => !active.ok || active.value?.name !== name,
  );
  const described = await Promise.all(others.map((name) => answerOf(() => ports.receiptRules.describe(name))));
  const found = [active, ...described].flatMap((set) => (set.ok && set.value !== undefined ? [set.value] : []));
  const sets = new Map(found.map((set): [string, ObservedRuleSet] => [set.name, set]));
  const ruleSets = { active: active.ok ? active.value?.name : undefined, sets };
  const [permissions, receivingHost, names, buckets, mail] = await Promise.all([
    askPermissions(caller, identify(anyOf.namespace, anyOf.name), needsOf(known, caller.partition, options), ports),
    ports.probes.receivingHost(),
    answerOf(() => ports.probes.ruleSets()),
    answerOf(() => ports.probes.buckets()),
    askAboutMail(
      known.flatMap(({ manifest }) => routedRecipients(manifest.spec)),
      ports,
    ),
  ]);
  return {
    permissions,
    receivingHost,
    active,
    ruleSets: names,
    sets: found,
    buckets,
    // Where the active set could not be read, nothing is known of what stands in it.
    pipelines: !active.ok
      ? []
      : known.map(({ manifest, namespace }) => {
          const identity = identify(namespace, manifest.metadata.name);
          const block = desiredBlock(manifest.spec, identity, '');
          return {
            key: pipelineKey(identity),
            routing: mailRouting({ block, ruleSet: manifest.spec.ruleSet, identity }, ruleSets, mail),
          };
        }),
  };
}

/** What the pipelines at hand need beyond what all do, and whose permissions are asked about. */
function needsOf(
  known: readonly Known[],
  partition: string,
  { checkRole, permissionsBoundary }: DoctorOptions,
): Needs & Pick<DoctorOptions, 'checkRole'> {
  const specs = known.map(({ manifest }) => manifest.spec);
  const boundary = permissionsBoundary ?? boundaryOfAll(specs);
  return {
    ...namedIn(specs, partition),
    ...(boundary !== undefined && { permissionsBoundaryArn: boundary }),
    ...(checkRole !== undefined && { checkRole }),
  };
}

/** By simulation, which needs no call that changes something; where that is not possible by reading what is not there. */
async function askPermissions(
  { arn }: Caller,
  identity: PipelineIdentity,
  { checkRole, ...needs }: ReturnType<typeof needsOf>,
  ports: Connected,
): Promise<PermissionFacts> {
  const simulated = await answerOf(async () => {
    const principal = checkRole ?? (await principalOf(arn, ports));
    const questions = neededActions(identity, needs);
    const results = await Promise.all(
      questions.map(async (question) => {
        const decided = await ports.probes.simulate(principal, question);
        return decided.map((each) => ({ ...each, always: question.always }));
      }),
    );
    return { principal, results: results.flat() };
  });
  if (simulated.ok) return { kind: 'simulated', ...simulated.value };
  const reads = await Promise.all([
    answerOf(() => ports.roles.get(roleName(identity))),
    answerOf(() => ports.functions.get(functionName(identity, 'Zip'))),
    answerOf(() => ports.mailIdentities.verification(['example.com'])),
  ]);
  return { kind: 'tried', because: simulated.fault.message, reads };
}

/** IAM judges roles and users; of a session it is the role that counts. */
async function principalOf(arn: string, { roles }: Connected): Promise<string> {
  const [, role] = /:assumed-role\/([^/]+)\//.exec(arn) ?? [];
  if (role === undefined) return arn;
  return (await roles.get(role))?.arn ?? arn;
}
