import type { Desired } from './desired.ts';
import { bucketDomainName, websiteUrl, type Discovery } from './discovery.ts';
import { functionState } from './function-state.ts';
import { bucketLogicalId } from './names.ts';
import { mailRoutedCondition, type MailRouting } from './mail-routing.ts';
import type { ObservedFunction, ObservedPipeline, ObservedRuleSets } from './observed.ts';
import type { Problem } from './plan.ts';
import type { ConditionReason } from './reasons.ts';
import { ownsRule } from './rule-block.ts';
import { describeAction, isWrite, type Part, type Step } from './step.ts';

export type Condition = {
  readonly type: ConditionType;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: ConditionReason;
  /** For people; stable text without times and request ids. */
  readonly message: string;
};

/** Of the parts of a pipeline, in the order in which one stands on the other. */
export const PART_CONDITIONS = [
  'BucketReady',
  'RoleReady',
  'FunctionReady',
  'PermissionReady',
  'RulesReady',
  'RuleSetActive',
] as const;

export type ConditionType = 'Ready' | (typeof PART_CONDITIONS)[number] | 'MailRouted';

/** What a resource says about itself once AWS was looked at. */
export type PipelineStatus = {
  readonly conditions: readonly Condition[];
  readonly bucket?: {
    readonly logicalName?: string;
    readonly logicalId?: string;
    readonly name: string;
    readonly arn: string;
    readonly domainName: string;
    readonly websiteURL: string;
  };
  readonly role?: { readonly name: string; readonly arn: string };
  readonly function?: {
    readonly name: string;
    readonly arn: string;
    readonly codeSha256: string;
    /** What the alias leads to. */
    readonly version?: string;
    readonly logGroup?: string;
  };
  readonly ruleSet: {
    readonly name: string;
    readonly active: boolean;
    /** `name` as in the manifest, `ruleName` as on AWS, `position` counted from 1 among all rules of the set. */
    readonly rules: readonly { readonly name: string; readonly ruleName: string; readonly position: number }[];
  };
  readonly discovery: Discovery;
};

export type StatusInput = {
  readonly desired: Desired;
  readonly observed: ObservedPipeline;
  readonly ruleSets: ObservedRuleSets;
  /** What a plan for this look at AWS would do; other pipelines' steps may be among them. */
  readonly steps: readonly Step[];
  readonly problems: readonly Problem[];
  readonly routing: MailRouting;
};

/** The status of one pipeline: the discovered names, and a condition for each part. */
export function statusOf(input: StatusInput): PipelineStatus {
  const { desired, observed, ruleSets } = input;
  const parts = PARTS.map((part) => partCondition(part, input));
  const { bucket, role, function: fn } = observed;
  return {
    conditions: [readyCondition(parts), ...parts, mailRoutedCondition(input.routing)],
    ...(bucket === undefined ? {} : { bucket: bucketStatus(desired, bucket.name) }),
    ...(role === undefined ? {} : { role: { name: role.name, arn: role.arn } }),
    ...(fn === undefined ? {} : { function: functionStatus(fn) }),
    ruleSet: {
      name: desired.ruleSet.name,
      active: ruleSets.active === desired.ruleSet.name,
      rules: (ruleSets.sets.get(desired.ruleSet.name)?.rules ?? []).flatMap(({ name }, index) =>
        ownsRule(desired.block, name)
          ? [{ name: nameInManifest(desired, name), ruleName: name, position: index + 1 }]
          : [],
      ),
    },
    discovery: desired.discovery,
  };
}

/** What the manifest calls the rule. */
const nameInManifest = ({ block, takenOverAs }: Desired, ruleName: string): string =>
  takenOverAs.get(ruleName) ?? ruleName.slice(block.prefix.length);

function functionStatus({ name, arn, codeSha256, alias, logging: { group } }: ObservedFunction) {
  return {
    name,
    arn,
    codeSha256,
    ...(alias === undefined ? {} : { version: alias.version }),
    ...(group === undefined ? {} : { logGroup: group }),
  };
}

function bucketStatus(desired: Desired, name: string) {
  const { identity, bucket } = desired;
  const logical =
    bucket.kind === 'own' ? { logicalName: bucket.logicalName, logicalId: bucketLogicalId(bucket.logicalName) } : {};
  return {
    ...logical,
    name,
    arn: `arn:${identity.partition}:s3:::${name}`,
    domainName: bucketDomainName(identity, name),
    websiteURL: websiteUrl(identity, name),
  };
}

const PARTS: readonly Part[] = ['bucket', 'role', 'function', 'permission', 'rules', 'ruleSet'];

const CONDITIONS: Readonly<Record<Part, ConditionType>> = {
  bucket: 'BucketReady',
  role: 'RoleReady',
  function: 'FunctionReady',
  permission: 'PermissionReady',
  rules: 'RulesReady',
  ruleSet: 'RuleSetActive',
};

function partCondition(part: Part, input: StatusInput): Condition {
  const type = CONDITIONS[part];
  const { desired } = input;
  const problem = input.problems.find((other) => other.owner === desired.key && other.part === part);
  if (problem !== undefined)
    return { type, status: 'False', reason: problem.fault.reason, message: problem.fault.message };
  const fn = part === 'function' ? input.observed.function : undefined;
  const state = fn === undefined ? undefined : functionState(fn);
  if (state !== undefined && state.kind !== 'ready')
    return { type, status: 'False', reason: state.fault.reason, message: state.fault.message };
  const steps = input.steps.filter(
    (step) => step.part === part && isWrite(step.action) && (step.owner === desired.key || step.owner === undefined),
  );
  const [first] = steps;
  if (first !== undefined) {
    const { verb, target } = describeAction(first.action);
    const more = steps.length > 1 ? ` and ${steps.length - 1} more` : '';
    return {
      type,
      status: 'False',
      reason: isMissing(part, input) ? 'NotCreated' : 'OutOfSync',
      message: `To do: ${verb} ${target}${more}`,
    };
  }
  const heldUp = input.problems.some(({ owner, stops }) => stops && owner === desired.key);
  if (heldUp && part !== 'ruleSet' && isMissing(part, input))
    return { type, status: 'False', reason: 'NotCreated', message: 'It is not there, and another trouble holds it up' };
  if (part === 'ruleSet' && input.ruleSets.active !== desired.ruleSet.name)
    return {
      type,
      status: 'False',
      reason: 'NotActive',
      message: `Rule set ${desired.ruleSet.name} is not active, so it receives no mail`,
    };
  return { type, status: 'True', reason: 'Succeeded', message: GOOD[part] };
}

/** Permission and rules stand on the function. A role that is not ours is not looked at. */
function isMissing(part: Part, { desired, observed }: StatusInput): boolean {
  if (part === 'role') return desired.role.kind === 'own' && observed.role === undefined;
  return (part === 'bucket' ? observed.bucket : observed.function) === undefined;
}

const GOOD: Readonly<Record<Part, string>> = {
  bucket: 'The bucket is there and SES may write to it',
  role: 'The role is there with its policies',
  function: 'The function runs the code and configuration of the manifest',
  permission: 'SES may invoke the function for the rules',
  rules: 'The receipt rules are as declared, in order',
  ruleSet: 'The rule set is active',
};

/** True when every part is; a set that is not to be activated does not count against it. */
function readyCondition(parts: readonly Condition[]): Condition {
  const unready = parts.filter((part) => part.status !== 'True' && part.reason !== 'NotActive');
  // What holds the others up says most.
  const first = unready.find(({ reason }) => reason !== 'NotCreated') ?? unready[0];
  if (first === undefined)
    return { type: 'Ready', status: 'True', reason: 'Succeeded', message: 'AWS is as the manifest says' };
  const others = unready.filter((part) => part !== first).map((part) => part.type);
  return {
    type: 'Ready',
    status: 'False',
    reason: first.reason,
    message: others.length === 0 ? first.message : `${first.message} (also not ready: ${others.join(', ')})`,
  };
}
