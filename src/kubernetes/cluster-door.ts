import type { Resource } from '../controller/source.ts';
import { RECONCILE_REQUESTED_AT } from '../core/annotations.ts';
import { PipelineError, faultOf, type Fault } from '../core/fault.ts';
import type { FunctionInputs } from '../core/function-inputs.ts';
import type { Manifest } from '../core/manifest.ts';
import type { Clock } from '../core/ports.ts';
import { KubernetesError } from './api-error.ts';
import { EVENTS, LEASES, type ApiObject, type ApiResource, type ListPage, type ObjectRef } from './api-object.ts';
import { kubeConfigTransport, type Transport } from './api-transport.ts';
import { createKubernetesApi } from './api.ts';
import { chooseCluster, type ChosenCluster, type ClusterOptions } from './kubeconfig.ts';
import { holderOf, type Lease } from './lease-record.ts';
import { pipelineInputs } from './pipeline-inputs.ts';
import { PIPELINES, toResource, type PipelineObject } from './pipelines.ts';

const DEFINITIONS: ApiResource = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  plural: 'customresourcedefinitions',
};

/** As much as is read at once, so that no answer of a large cluster is too long. */
const PAGE = 500;
const CALL_TIMEOUT_MS = 15_000;

type EventObject = ApiObject & {
  readonly type?: string;
  readonly reason?: string;
  readonly note?: string;
  readonly eventTime?: string | null;
  readonly series?: { readonly count?: number; readonly lastObservedTime?: string };
  readonly regarding?: { readonly uid?: string };
};

export type DoorOptions = ClusterOptions & {
  readonly clock: Clock;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly version: string;
  /** What this program was started as. */
  readonly program: string;
};

/**
 * A cluster as a person at a command line needs it: what is there, and the few changes that a person asks for. Every
 * method throws {@link PipelineError} in words for that person.
 */
export function openCluster(options: DoorOptions) {
  const chosen = chooseCluster(options, options.env);
  const server = { timeMs: undefined as number | undefined };
  const api = createKubernetesApi({
    transport: noting(kubeConfigTransport(chosen.config), server),
    clock: options.clock,
    callTimeoutMs: CALL_TIMEOUT_MS,
    userAgent: `ses-lambda-pipeline/${options.version}`,
  });
  const told = async <T>(what: Asked, work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      throw forPeople(error, what, { ...chosen, program: options.program });
    }
  };
  const listAll = async <T extends ApiObject>(resource: ApiResource, selection: Selection): Promise<readonly T[]> => {
    const found: T[] = [];
    for (let continueToken: string | undefined; ;) {
      const page: ListPage<T> = await api.list<T>(resource, {
        ...selection,
        limit: PAGE,
        ...(continueToken !== undefined && { continueToken }),
      });
      found.push(...page.items);
      if (page.continueToken === undefined) return found;
      ({ continueToken } = page);
    }
  };
  const change = async (ref: ObjectRef, body: object): Promise<Resource | undefined> => {
    const asked = { verb: 'patch', plural: PIPELINES.plural, namespace: ref.namespace };
    const changed = await told(asked, api.patch<PipelineObject>(PIPELINES, ref, { kind: 'merge', body }));
    return changed === undefined ? undefined : toResource(changed);
  };

  return {
    context: chosen.context,
    namespace: chosen.namespace,
    /** Of one namespace, or of all. */
    pipelines: async (namespace: string | undefined): Promise<readonly Resource[]> => {
      const asked = { verb: 'list', plural: PIPELINES.plural, namespace };
      const found = await told(asked, listAll<PipelineObject>(PIPELINES, inNamespace(namespace)));
      // A list leaves out of its items what stands at its head.
      return found.map((item) => toResource({ apiVersion: PIPELINES.apiVersion, kind: PIPELINES.kind, ...item }));
    },
    pipeline: async (ref: ObjectRef): Promise<Resource | undefined> => {
      const asked = { verb: 'get', plural: PIPELINES.plural, namespace: ref.namespace };
      const found = await told(asked, api.get<PipelineObject>(PIPELINES, ref));
      return found === undefined ? undefined : toResource(found);
    },
    /** Code and variables of a function. @throws {PipelineError} `dependency` when something is missing */
    inputs: (manifest: Manifest, namespace: string): Promise<FunctionInputs> =>
      told({ verb: 'get', plural: 'configmaps and secrets', namespace }, pipelineInputs(manifest, namespace, api)),
    /** What has been told of a pipeline, in the order in which it happened. */
    events: async ({ namespace, name }: ObjectRef, uid: string) => {
      const asked = { verb: 'list', plural: EVENTS.plural, namespace };
      const fieldSelector = `regarding.name=${name}`;
      const found = await told(asked, listAll<EventObject>(EVENTS, { namespace, fieldSelector }));
      return found
        .filter(({ regarding }) => regarding?.uid === uid)
        .map(({ type = '', reason = '', note = '', eventTime, series }) => ({
          type,
          reason,
          message: note,
          count: series?.count ?? 1,
          atMs: timeOf(series?.lastObservedTime ?? eventTime ?? undefined),
        }))
        .sort((a, b) => (a.atMs ?? 0) - (b.atMs ?? 0));
    },
    /** Leases of this name, and when the API server says they were read: other clocks are not compared with. */
    leases: async (name: string, namespace: string | undefined) => {
      const asked = { verb: 'list', plural: LEASES.plural, namespace };
      const fieldSelector = `metadata.name=${name}`;
      const found = await told(asked, listAll<Lease>(LEASES, { ...inNamespace(namespace), fieldSelector }));
      const readAtMs = server.timeMs ?? options.clock.now();
      return found.map((lease) => ({
        lease: `${lease.metadata.namespace ?? ''}/${lease.metadata.name}`,
        holder: holderOf(lease),
        durationMs: (lease.spec?.leaseDurationSeconds ?? 0) * 1_000,
        renewedAtMs: timeOf(lease.spec?.renewTime),
        acquiredAtMs: timeOf(lease.spec?.acquireTime),
        transitions: lease.spec?.leaseTransitions ?? 0,
        readAtMs,
      }));
    },
    /** The CustomResourceDefinition; undefined: not installed. */
    definition: (name: string): Promise<object | undefined> =>
      told({ verb: 'get', plural: DEFINITIONS.plural, namespace: undefined }, api.get(DEFINITIONS, { name })),
    /** Asks the controller to look at once. @param token different from the last one */
    requestReconcile: (ref: ObjectRef, token: string): Promise<Resource | undefined> =>
      change(ref, { metadata: { annotations: { [RECONCILE_REQUESTED_AT]: token } } }),
    setSuspended: (ref: ObjectRef, suspend: boolean): Promise<Resource | undefined> =>
      change(ref, { spec: { suspend } }),
  };
}

type Selection = { readonly namespace?: string; readonly fieldSelector?: string };

const inNamespace = (namespace: string | undefined): Selection => (namespace === undefined ? {} : { namespace });

/** Every answer bears the time of who gives it. */
const noting =
  (transport: Transport, server: { timeMs: number | undefined }): Transport =>
  async (call) => {
    const answer = await transport(call);
    server.timeMs = timeOf(answer.headers['date']) ?? server.timeMs;
    return answer;
  };

function timeOf(text: string | undefined): number | undefined {
  const timeMs = Date.parse(text ?? '');
  return Number.isNaN(timeMs) ? undefined : timeMs;
}

/** A permission of Kubernetes. */
type Asked = { readonly verb: string; readonly plural: string; readonly namespace: string | undefined };

/** The engine's messages speak to whoever runs the controller; whoever types a command has a kubeconfig. */
function forPeople(
  error: unknown,
  { verb, plural, namespace }: Asked,
  { context, server, program }: ChosenCluster & Pick<DoorOptions, 'program'>,
): PipelineError {
  const fault = faultOf(error);
  const again = (message: string): PipelineError => new PipelineError({ ...fault, message }, { cause: error });
  if (!(error instanceof KubernetesError)) return error instanceof PipelineError ? error : again(fault.message);
  const where = namespace === undefined ? 'in all namespaces' : `in namespace ${namespace}`;
  if (error.status === 401)
    return again(`The cluster of context ${context} does not accept your credentials. Sign in again.`);
  if (error.status === 403)
    return again(
      `The user of context ${context} may not ${verb} ${plural} ${where}. Ask for a Role that allows it${namespace === undefined ? ', or name a namespace with -n' : ''}.`,
    );
  if (error.status === 404 && plural === PIPELINES.plural)
    return again(
      `The cluster of context ${context} does not know SesLambdaPipeline. Install its CRD: ${program} crd | kubectl apply -f -`,
    );
  if (error.status === undefined)
    return again(
      `Cannot reach the cluster of context ${context} at ${server} (${whyOf(error, fault)}). Is it running, and is it the one you mean?`,
    );
  return again(fault.message.replace(/ It is (?:asked|read|tried) again\.$/, ''));
}

function whyOf(error: Error, { code }: Fault): string {
  const { cause } = error;
  return code ?? (cause instanceof Error ? cause.message : 'no answer');
}
