import { conditionFaults } from '../../../src/core/conditions.ts';
import { statusSchema } from '../../../src/core/status-schema.ts';
import type { FunctionInputs } from '../../../src/core/function-inputs.ts';
import type {
  Change,
  PipelineEvent,
  PipelineSource,
  Resource,
  ResourceStatus,
} from '../../../src/controller/source.ts';
import { CODE } from '../../core/support/pipeline.ts';
import { recordStatus } from '../../support/recorded-statuses.ts';

/** Pipelines in memory, with the manners of an API server: what is written comes back, its members sorted. */
export type FakeSource = PipelineSource & {
  readonly resources: Map<string, Resource>;
  /** What `read` finds where that is not what was last seen; `undefined` for what is gone. */
  readonly live: Map<string, Resource | undefined>;
  readonly statuses: ResourceStatus[];
  readonly events: PipelineEvent[];
  readonly claims: string[];
  readonly releases: string[];
  readonly put: (resource: Resource) => void;
  readonly remove: (key: string) => void;
  /** Tells of a change of something else than the manifest. */
  readonly change: (key: string, kind: Change['kind']) => void;
  /** Asked before each call of a method; it may throw. */
  before: (method: string, key: string) => void;
  inputsOf: (key: string) => FunctionInputs;
};

export function fakeSource(...first: readonly Resource[]): FakeSource {
  let onChange: (change: Change) => void = () => {};
  const resources = new Map(first.map((resource) => [resource.key, resource]));
  const change = (key: string, over: Partial<Resource>): void => {
    const before = resources.get(key);
    if (before !== undefined) resources.set(key, { ...before, ...over });
  };
  const source: FakeSource = {
    resources,
    live: new Map(),
    statuses: [],
    events: [],
    claims: [],
    releases: [],
    before: () => undefined,
    inputsOf: () => ({ code: CODE, environment: {} }),
    put: (resource) => {
      resources.set(resource.key, resource);
      onChange({ key: resource.key, kind: 'spec' });
    },
    remove: (key) => {
      resources.delete(key);
      onChange({ key, kind: 'gone' });
    },
    change: (key, kind) => onChange({ key, kind }),
    start: async (listener) => {
      onChange = listener;
      for (const key of resources.keys()) onChange({ key, kind: 'spec' });
    },
    list: () => {
      source.before('list', '');
      return [...resources.values()];
    },
    get: (key) => {
      source.before('get', key);
      return resources.get(key);
    },
    read: async (key) => {
      source.before('read', key);
      return source.live.has(key) ? source.live.get(key) : resources.get(key);
    },
    claim: async ({ key }) => {
      source.before('claim', key);
      source.claims.push(key);
      change(key, { claimed: true });
      onChange({ key, kind: 'spec' });
    },
    release: async ({ key }) => {
      source.before('release', key);
      source.releases.push(key);
      source.remove(key);
    },
    inputs: async ({ key }) => {
      source.before('inputs', key);
      return source.inputsOf(key);
    },
    writeStatus: async ({ key, generation: looked, deleting, manifest }, status) => {
      source.before('writeStatus', key);
      const faults = conditionFaults(status.conditions);
      if (faults.length > 0) throw new Error(`a status that must not be written: ${faults.join('; ')}`);
      statusSchema.parse(JSON.parse(JSON.stringify(status))); // what the API server would drop would be written forever
      const generation = resources.get(key)?.generation ?? looked;
      recordStatus({ ...status, generation, deleting, suspended: manifest?.spec.suspend === true });
      source.statuses.push(status);
      change(key, { status: sorted(status) });
    },
    tell: (_, event) => void source.events.push(event),
    lastAliveMs: () => 0,
  };
  return source;
}

/** The API server keeps no order of members: it sends them sorted. */
function sorted<T>(value: T): T {
  return JSON.parse(JSON.stringify(value), (_, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  ) as T;
}
