import { createColors } from 'picocolors';
import type { Resource } from '../controller/source.ts';
import { inAccountOf, type Grant, type Tenants } from '../controller/tenants.ts';
import { RECONCILE_REQUESTED_AT } from '../core/annotations.ts';
import type { Manifest } from '../core/manifest.ts';
import { answerOf } from '../diagnosis/answer.ts';
import { hasFailed } from '../diagnosis/finding.ts';
import { findCauses } from '../diagnosis/trace.ts';
import type { AwsFacts, Elsewhere, ResourceFacts, TraceFacts } from '../diagnosis/trace-facts.ts';
import { traceTree } from '../diagnosis/trace-tree.ts';
import { areFiles, choosePipelines, refOf, withinCluster, type Cluster } from './cluster.ts';
import { refused } from './command-failed.ts';
import { askController } from './controller-page.ts';
import { unlessInterrupted } from './interrupted.ts';
import type { CliIo, ExitCode } from './io.ts';
import { accountOf, lookAtAws, type Subject } from './look-at-aws.ts';
import type { ConnectionOptions, ControllerOptions, FilesOrClusterOptions, TenantsOption } from './options.ts';
import { print } from './print.ts';
import { clean } from './render-problems.ts';
import { connectTo, isSameRole, loadTenants } from './tenants.ts';
import { renderFinding, renderTree } from './render-findings.ts';
import { chooseLoaded, keyOf, loadFiles, refuseBadNames } from './work.ts';

export type TraceOptions = FilesOrClusterOptions & ControllerOptions & TenantsOption & { readonly aws: boolean };

/** Version of the JSON; a reader refuses another one. */
const TRACE_FORMAT = 'ses-lambda-pipeline.dev/trace/v1';

/**
 * Says of one pipeline what happened, why it waits and what to do next. Exit code 0: nothing is wrong, 2: something is,
 * 1: it could not be looked at.
 */
export async function traceCommand(name: string, options: TraceOptions, io: CliIo): Promise<ExitCode> {
  const facts = areFiles(options, io) ? await traceFile(name, options, io) : await traceResource(name, options, io);
  const causes = findCauses(facts);
  const data = { format: TRACE_FORMAT, pipeline: facts.key, causes, facts: withoutSecrets(facts) };
  print(io, options.output, data, () => render(facts, io));
  return hasFailed(causes) ? 2 : 0;
}

async function traceFile(name: string, options: TraceOptions, io: CliIo): Promise<TraceFacts> {
  const files = { ...options, namespace: options.namespace ?? 'default' };
  const loaded = await loadFiles(files, io);
  const [key = ''] = chooseLoaded([name], files.namespace, loaded, io);
  const chosen = loaded.find((each) => keyOf(each) === key);
  if (chosen === undefined) throw refused(`${key} is not among the given files`, io);
  const { manifest, namespace, inputs } = chosen;
  const { region } = manifest.spec;
  const tenants = await loadTenants(options, io);
  const grant = tenants.toApply(key, manifest);
  const beside = loaded.flatMap((other) => {
    const its = tenants.toApply(keyOf(other), other.manifest);
    if (other === chosen || other.manifest.spec.suspend || !its.ok) return [];
    return grant.ok && isSameRole(its.place, grant.place) ? [{ ...other, roleLimits: its.roleLimits }] : [];
  });
  const subject: Omit<Subject, 'roleLimits'> = {
    manifest,
    namespace,
    inputs,
    deleting: false,
    createdAtMs: undefined,
    others: [],
    beside,
    installation: options.installation,
  };
  return {
    program: io.program,
    key,
    region,
    nowMs: io.clock.now(),
    asked: askedOf(manifest),
    suspended: manifest.spec.suspend,
    resource: undefined,
    events: undefined,
    leases: undefined,
    lane: await askController(options.controllerUrl, io),
    ...(await look(subject, grant, { ...options, account: undefined }, io)),
  };
}

async function traceResource(name: string, options: TraceOptions, io: CliIo): Promise<TraceFacts> {
  refuseBadNames({ installation: options.installation, namespace: options.namespace ?? 'default' }, io);
  const tenants = await loadTenants(options, io);
  return withinCluster(options, io, async (cluster): Promise<TraceFacts> => {
    const [resource] = await choosePipelines([name], options, cluster, io);
    if (resource === undefined) throw refused(`there is no pipeline ${name}`, io);
    const { key, manifest } = resource;
    const [events, leases, lane, looked] = await Promise.all([
      answerOf(() => cluster.events(refOf(resource), resource.uid)),
      answerOf(() => cluster.leases(options.leaseName, options.leaseNamespace)),
      askController(options.controllerUrl, io),
      options.aws ? lookAsController(resource, cluster, { ...options, tenants }, io) : NOT_LOOKED,
    ]);
    return {
      program: io.program,
      key,
      region: manifest?.spec.region,
      nowMs: io.clock.now(),
      asked: manifest === undefined ? undefined : askedOf(manifest),
      suspended: manifest?.spec.suspend === true,
      resource: factsOf(resource),
      events,
      leases,
      lane,
      ...looked,
    };
  });
}

const askedOf = ({ spec }: Manifest): TraceFacts['asked'] => ({
  runtime: spec.function.runtime,
  reservedConcurrency: spec.function.reservedConcurrency,
});

function factsOf(resource: Resource): ResourceFacts {
  const { generation, createdAtMs, deleting, annotations, status, issues } = resource;
  return {
    generation,
    observedGeneration: status?.observedGeneration ?? -1,
    createdAtMs,
    deleting,
    requestedAt: annotations[RECONCILE_REQUESTED_AT],
    handledAt: status?.lastHandledReconcileAt,
    conditions: status?.conditions ?? [],
    account: accountOf(resource),
    issues: issues.map(({ path, message }) => `${path.join('.')}: ${message}`),
  };
}

type Looked = Pick<TraceFacts, 'aws' | 'elsewhere'>;

const NOT_LOOKED: Looked = { aws: undefined };

/** With what the cluster has of code and variables, and beside the pipelines that the controller knows. */
async function lookAsController(
  resource: Resource,
  cluster: Cluster,
  options: Omit<TraceOptions, 'tenants'> & { readonly tenants: Tenants },
  io: CliIo,
): Promise<Looked> {
  const { key, manifest, deleting, createdAtMs } = resource;
  if (manifest === undefined) return NOT_LOOKED;
  const { installation, tenants } = options;
  const grant = deleting ? tenants.toRemove(key, manifest) : tenants.toApply(key, manifest);
  const { namespace } = refOf(resource);
  const inputs = await answerOf(() => cluster.inputs(manifest, namespace));
  if (!inputs.ok) return { aws: inputs };
  const everywhere = await answerOf(() => cluster.pipelines(undefined));
  const all = everywhere.ok ? everywhere.value : await cluster.pipelines(namespace);
  const others = grant.ok ? inAccountOf(grant.place, all, tenants) : [];
  const subject = { manifest, namespace, deleting, createdAtMs, others, beside: [], installation };
  return look({ ...subject, inputs: inputs.value }, grant, { ...options, account: accountOf(resource) }, io);
}

/** @param options.account that in which the pipeline is known to live: nothing is looked for in another one */
async function look(
  subject: Omit<Subject, 'roleLimits'>,
  grant: Grant,
  options: ConnectionOptions & { readonly account: string | undefined },
  io: CliIo,
): Promise<Looked> {
  if (!grant.ok) return { aws: grant };
  const { account } = options;
  const looked = await answerOf(async (): Promise<AwsFacts | Elsewhere> => {
    const ports = await connectTo(grant.place, options, io);
    try {
      const caller = await unlessInterrupted(io.signal, ports.identity.caller());
      if (account !== undefined && caller.account !== account) return { account, credentials: caller.account };
      return await unlessInterrupted(io.signal, lookAtAws({ ...subject, roleLimits: grant.roleLimits }, ports));
    } finally {
      ports.close();
    }
  });
  if (!looked.ok) return { aws: looked };
  const { value } = looked;
  return 'credentials' in value ? { aws: undefined, elsewhere: value } : { aws: { ok: true, value } };
}

/** What AWS has of a function holds values of its environment, which are nobody's business here. */
function withoutSecrets({ aws, program: _started, ...facts }: TraceFacts): object {
  if (aws === undefined || !aws.ok) return { ...facts, ...(aws !== undefined && { aws }) };
  const { observed: _secret, ...rest } = aws.value;
  return { ...facts, aws: rest };
}

function render(facts: TraceFacts, io: CliIo): string[] {
  const paint = createColors(io.colours);
  const causes = findCauses(facts);
  const wrong = causes.filter(({ outcome }) => outcome === 'fail').length;
  const noted = causes.filter(({ outcome }) => outcome === 'warn').length;
  const verdict =
    (wrong === 0 ? 'nothing is wrong' : wrong === 1 ? '1 thing is wrong' : `${wrong} things are wrong`) +
    (noted === 0 ? '' : `, ${noted} to look at`);
  const where = facts.region === undefined ? '' : ` in ${facts.region}`;
  return [
    paint.bold(clean(`${facts.key}${where}: ${verdict}`)),
    ...causes.flatMap((cause) => renderFinding(cause, io.colours)),
    '',
    ...renderTree(traceTree(facts), io.colours),
  ];
}
