import type { Place } from '../controller/tenants.ts';
import { desiredRole } from '../core/desired-role.ts';
import { desiredBlock } from '../core/desired-rules.ts';
import { PipelineError } from '../core/fault.ts';
import { mailRouting } from '../core/mail-routing.ts';
import type { Manifest } from '../core/manifest.ts';
import { bucketNames, functionName, pipelineKey, roleName, type PipelineIdentity } from '../core/names.ts';
import { neededActions, needsIn, type Needs } from '../core/needed-actions.ts';
import type { ObservedRuleSet } from '../core/observed.ts';
import type { RoleLimits } from '../core/pipeline.ts';
import { boundaryOfAll } from '../core/policy-scope.ts';
import { isFault, type Caller } from '../core/probes.ts';
import { askAboutMail, routedRecipients } from '../core/routing-facts.ts';
import { answerOf } from '../diagnosis/answer.ts';
import type { RegionFacts } from '../diagnosis/doctor.ts';
import type { PermissionFacts } from '../diagnosis/permissions.ts';
import type { RoleSize } from '../diagnosis/quotas.ts';
import { unlessInterrupted } from './interrupted.ts';
import type { CliIo, Connected } from './io.ts';
import type { ControllerOptions, FilesOrClusterOptions, TenantsOption } from './options.ts';
import { connectTo } from './tenants.ts';

export type DoctorOptions = FilesOrClusterOptions &
  ControllerOptions &
  TenantsOption & { readonly cluster: boolean; readonly checkRole?: string; readonly permissionsBoundary?: string };

/** A pipeline, and where it lives as far as that is known. */
export type Known = { readonly manifest: Manifest; readonly namespace: string; readonly account?: string | undefined };

export const keyOf = ({ manifest, namespace }: Known): string =>
  pipelineKey({ namespace, name: manifest.metadata.name });

/** Where to look, and what a tenants file forces on the roles that are made there. */
type LimitedPlace = Place & { readonly limits: RoleLimits | undefined };

/** What is there for pipelines of one region, and as one role. */
export async function askPlace(
  place: LimitedPlace,
  known: readonly Known[],
  options: DoctorOptions,
  io: CliIo,
): Promise<RegionFacts> {
  const { region } = place;
  const roleArn = place.role?.roleArn;
  const ports = await connectTo({ region, ...(place.role && { role: place.role }) }, options, io);
  try {
    const signIn = await unlessInterrupted(io.signal, ports.probes.signIn());
    if (isFault(signIn.caller)) return { region, roleArn, signIn, elsewhere: [] };
    const { account: own } = signIn.caller;
    const inAccount = Map.groupBy(known, ({ account = own }) => account);
    const here = inAccount.get(own) ?? [];
    const others = [...inAccount].filter(([account]) => account !== own);
    const elsewhere = others.map(([account, pipelines]) => ({ account, keys: pipelines.map(keyOf) }));
    if (elsewhere.length > 0 && here.length === 0) return { region, roleArn, signIn, elsewhere };
    const account = await unlessInterrupted(io.signal, askAccount(signIn.caller, place, here, options, ports));
    return { region, roleArn, signIn, elsewhere, account };
  } finally {
    ports.close();
  }
}

async function askAccount(
  caller: Caller,
  { region, role, limits }: LimitedPlace,
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
  const needs = { ...needsOf(known, limits, caller.partition, options), ...(role && { sessionTags: role.tags }) };
  const whose = {
    identity: identify(anyOf.namespace, anyOf.name),
    needs,
    checkRole: options.checkRole,
    ownRole: role?.roleArn,
  };
  const [permissions, receivingHost, names, buckets, functions, roles, mail] = await Promise.all([
    askPermissions(caller, whose, ports),
    ports.probes.receivingHost(),
    answerOf(() => ports.probes.ruleSets()),
    answerOf(() => ports.probes.buckets()),
    answerOf(() => ports.probes.functionUse()),
    answerOf(() => ports.probes.roleUse()),
    askAboutMail(
      known.flatMap(({ manifest }) => routedRecipients(manifest.spec)),
      ports,
    ),
  ]);
  return {
    permissions,
    receivingHost,
    active,
    quotas: {
      ruleSets: names,
      sets: found,
      buckets,
      functions,
      roles,
      pipelines: known.map(({ manifest, namespace }) => {
        const identity = identify(namespace, manifest.metadata.name);
        return { key: pipelineKey(identity), role: roleSize(manifest, identity) };
      }),
    },
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

/** Undefined for a role that is not ours, and where the manifest does not say what it may do. */
function roleSize(manifest: Manifest, identity: PipelineIdentity): RoleSize | undefined {
  const { logicalName, bucketName } = manifest.spec.messageBodyStorage;
  const [ours = ''] = bucketNames(identity, logicalName ?? '');
  try {
    const role = desiredRole({ manifest, identity }, bucketName ?? ours);
    if (role.kind === 'existing') return undefined;
    return { attachedPolicies: role.managedPolicyArns.length, inlineCharacters: JSON.stringify(role.policy).length };
  } catch (error) {
    if (error instanceof PipelineError) return undefined;
    throw error;
  }
}

/** What the pipelines at hand need beyond what all do. */
function needsOf(
  known: readonly Known[],
  limits: RoleLimits | undefined,
  partition: string,
  { permissionsBoundary }: DoctorOptions,
): Needs {
  const specs = known.map(({ manifest }) => manifest.spec);
  const boundary = permissionsBoundary ?? limits?.permissionsBoundaryArn ?? boundaryOfAll(specs);
  return {
    ...needsIn(specs, partition),
    ...(boundary !== undefined && { permissionsBoundaryArn: boundary }),
    ...(limits?.rolePath !== undefined && { rolePath: limits.rolePath }),
    tenant: limits !== undefined,
  };
}

/** What somebody has to be allowed: the role that was named, that of the place, or whoever it is. */
type Asked = {
  readonly identity: PipelineIdentity;
  readonly needs: Needs;
  readonly checkRole: string | undefined;
  readonly ownRole: string | undefined;
};

/** By simulation, which needs no call that changes something; where that is not possible by reading what is not there. */
async function askPermissions(
  { arn }: Caller,
  { identity, needs, checkRole, ownRole }: Asked,
  ports: Connected,
): Promise<PermissionFacts> {
  const simulated = await answerOf(async () => {
    const principal = checkRole ?? ownRole ?? (await principalOf(arn, ports));
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
  if (checkRole !== undefined) return { kind: 'unasked', fault: simulated.fault };
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
  // A session does not name the path of its role; most have none.
  const found = await answerOf(() => roles.get(role));
  const withoutPath = arn.replace(':sts:', ':iam:').replace(/:assumed-role\/([^/]+)\/.*$/, ':role/$1');
  return (found.ok ? found.value?.arn : undefined) ?? withoutPath;
}
