import { byTypeOrder } from './condition-order.ts';
import type { Finding } from './finding.ts';
import { judgeLane } from './lane-load.ts';
import { judgeLease, NO_LEASE } from './lease-health.ts';
import type { AnyCondition, AwsFacts, RuleFacts, TraceFacts } from './trace-facts.ts';
import { duration } from './words.ts';

/** A line for people, and what lies below it. */
export type TreeNode = { readonly text: string; readonly mark?: Mark; readonly below?: readonly TreeNode[] };
export type Mark = 'good' | 'bad' | 'noted' | 'unknown';

/** Everything that is known of a pipeline: resource, conditions, what AWS has, what has happened, who works on it. */
export function traceTree(facts: TraceFacts): readonly TreeNode[] {
  return [
    ...resourceNode(facts),
    ...conditionNodes(facts),
    ...awsNode(facts),
    ...eventNode(facts),
    ...controllerNode(facts),
  ];
}

function resourceNode({ resource, nowMs, suspended, key }: TraceFacts): readonly TreeNode[] {
  if (resource === undefined) return [];
  const { generation, observedGeneration, createdAtMs, deleting, requestedAt, handledAt } = resource;
  const current = generation === observedGeneration;
  const seen = current
    ? 'looked at'
    : observedGeneration < 0
      ? 'not looked at yet'
      : `generation ${observedGeneration} was looked at last`;
  return [
    {
      text: `resource ${key}${createdAtMs === undefined ? '' : `, ${duration(nowMs - createdAtMs)} old`}`,
      below: [
        { text: `generation ${generation}, ${seen}`, mark: current ? 'good' : 'noted' },
        ...(suspended ? [{ text: 'suspended', mark: 'noted' } as const] : []),
        ...(deleting ? [{ text: 'being deleted', mark: 'noted' } as const] : []),
        ...(requestedAt === undefined
          ? []
          : [
              {
                text: `asked to reconcile at ${requestedAt}, ${requestedAt === handledAt ? 'done' : 'not yet done'}`,
                mark: requestedAt === handledAt ? 'good' : 'noted',
              } as const,
            ]),
      ],
    },
  ];
}

/** What the controller has written; without a cluster what a look at AWS comes to. */
function conditionNodes({ resource, aws, nowMs }: TraceFacts): readonly TreeNode[] {
  const conditions: readonly AnyCondition[] =
    resource?.conditions ?? (aws?.ok === true ? (aws.value.status?.conditions ?? []) : []);
  if (conditions.length === 0) return [];
  const since = (condition: AnyCondition): string =>
    'lastTransitionTime' in condition ? `, for ${duration(nowMs - Date.parse(condition.lastTransitionTime))}` : '';
  return [
    {
      text: 'conditions',
      below: conditions.toSorted(byTypeOrder).map((condition) => ({
        text: `${condition.type} ${condition.status}: ${condition.reason}${since(condition)}`,
        mark: markOf(condition),
        ...(condition.status === 'True' && condition.reason === 'Succeeded'
          ? {}
          : { below: [{ text: condition.message }] }),
      })),
    },
  ];
}

function markOf({ type, status, reason }: AnyCondition): Mark {
  if (['Stalled', 'Drifted', 'Suspended', 'Reconciling'].includes(type)) return type === 'Stalled' ? 'bad' : 'noted';
  if (status === 'Unknown') return 'unknown';
  return status === 'True' ? 'good' : reason === 'NotActive' && type === 'RuleSetActive' ? 'noted' : 'bad';
}

function awsNode({ aws, region, elsewhere }: TraceFacts): readonly TreeNode[] {
  if (elsewhere !== undefined)
    return [{ text: `AWS account ${elsewhere.account}, ${region ?? ''}: not looked at`, mark: 'unknown' }];
  if (aws === undefined) return [];
  if (!aws.ok)
    return [{ text: `AWS in ${region ?? 'its region'}`, mark: 'unknown', below: [{ text: aws.fault.message }] }];
  const { account, todo } = aws.value;
  return [
    {
      text: `AWS account ${account}, ${region ?? ''}`,
      below: [
        ...objectNodes(aws.value),
        ...(todo.length === 0
          ? []
          : [
              {
                text: 'a plan would',
                mark: 'noted',
                below: todo.map(({ what, why }) => ({ text: `${what}, because ${why}` })),
              } as const,
            ]),
      ],
    },
  ];
}

function objectNodes({ observed, status, rules, problems }: AwsFacts): readonly TreeNode[] {
  if (observed === undefined) return problems.map(({ fault }) => ({ text: fault.message, mark: 'bad' }));
  const { bucket, role, function: fn } = observed;
  const of = (type: string): Mark => {
    const condition = status?.conditions.find((each) => each.type === type);
    return condition === undefined ? 'unknown' : markOf(condition);
  };
  const reserved = fn?.reservedConcurrency === undefined ? '' : `, at most ${fn.reservedConcurrency} at once`;
  return [
    { text: bucket === undefined ? 'no bucket' : `bucket ${bucket.name}`, mark: of('BucketReady') },
    { text: role === undefined ? 'no role of its own' : `role ${role.name}`, mark: of('RoleReady') },
    {
      text:
        fn === undefined ? 'no function' : `function ${fn.name}: ${fn.state}, ${fn.runtime ?? 'no runtime'}${reserved}`,
      mark: of('FunctionReady'),
    },
    {
      text: `rule set ${status?.ruleSet.name ?? ''}${status?.ruleSet.active === true ? ', active' : ', not active'}`,
      mark: of('RuleSetActive'),
      below: ruleNodes(rules, status?.ruleSet.rules.map(({ ruleName }) => ruleName) ?? []),
    },
  ];
}

/** Ours, and those of others that see the mail before them. */
function ruleNodes(rules: readonly RuleFacts[], ours: readonly string[]): readonly TreeNode[] {
  const last = rules.findLastIndex(({ name }) => ours.includes(name));
  const shown = rules.slice(0, last + 1).map(({ position, name, enabled, owner }): TreeNode => {
    const whose = ours.includes(name) ? 'ours' : owner === undefined ? "somebody else's" : `of ${owner}`;
    return { text: `${position}. ${name} (${whose}${enabled ? '' : ', not enabled'})` };
  });
  const behind = rules.length - shown.length;
  if (behind === 0) return shown;
  return [
    ...shown,
    { text: shown.length === 0 ? `${behind} of others, none of ours` : `and ${behind} of others behind` },
  ];
}

const EVENTS_SHOWN = 8;

function eventNode({ events, nowMs }: TraceFacts): readonly TreeNode[] {
  if (events === undefined) return [];
  if (!events.ok) return [{ text: 'events', mark: 'unknown', below: [{ text: events.fault.message }] }];
  const below = events.value.slice(-EVENTS_SHOWN).map(({ type, reason, message, count, atMs }): TreeNode => ({
    text: `${atMs === undefined ? '' : `${duration(nowMs - atMs)} ago, `}${reason}: ${message}${count > 1 ? ` (${count} times)` : ''}`,
    mark: type === 'Warning' ? 'noted' : 'good',
  }));
  return [{ text: below.length === 0 ? 'no events in the last hour' : 'events, the latest last', below }];
}

function controllerNode({ leases, lane }: TraceFacts): readonly TreeNode[] {
  const judged: readonly Finding[] = [
    ...(leases?.ok === true ? (leases.value.length === 0 ? [NO_LEASE] : leases.value.map(judgeLease)) : []),
    ...(lane?.ok === true ? [judgeLane(lane.value)] : []),
  ];
  if (judged.length === 0) return [];
  return [
    { text: 'controller', below: judged.map(({ outcome, message }) => ({ text: message, mark: MARKS[outcome] })) },
  ];
}

export const MARKS = { ok: 'good', warn: 'noted', fail: 'bad', unknown: 'unknown' } as const;
