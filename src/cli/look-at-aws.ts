import { neighboursOf } from '../controller/neighbours.ts';
import type { Resource } from '../controller/source.ts';
import { desiredBlock } from '../core/desired-rules.ts';
import type { Pipeline, RoleLimits } from '../core/pipeline.ts';
import { lookAhead } from '../core/converge.ts';
import type { FunctionInputs } from '../core/function-inputs.ts';
import { mailRouting } from '../core/mail-routing.ts';
import type { Manifest } from '../core/manifest.ts';
import { ownerOfRule, pipelineKey, type PipelineIdentity } from '../core/names.ts';
import type { Work } from '../core/observe.ts';
import type { ObservedRuleSet } from '../core/observed.ts';
import { statementsOf, type PolicyDocument } from '../core/policy-document.ts';
import { ownsRule } from '../core/rule-block.ts';
import { askAboutMail, routedRecipients } from '../core/routing-facts.ts';
import { statusOf } from '../core/status.ts';
import { describeAction, isWrite } from '../core/step.ts';
import { answerOf } from '../diagnosis/answer.ts';
import type { AwsFacts, RuleFacts } from '../diagnosis/trace-facts.ts';
import type { Connected } from './io.ts';

/** One pipeline, and what is needed to look at it as the controller would. */
export type Subject = {
  readonly manifest: Manifest;
  readonly namespace: string;
  readonly deleting: boolean;
  readonly inputs: FunctionInputs;
  readonly createdAtMs: number | undefined;
  /** Other pipelines of the same cluster: what they claim is not the subject's. */
  readonly others: readonly Resource[];
  /** Other pipelines of the same files. */
  readonly beside: readonly Pick<Subject, 'manifest' | 'namespace' | 'inputs' | 'roleLimits'>[];
  readonly installation: string;
  /** What the controller forces on the role that a pipeline makes. */
  readonly roleLimits: RoleLimits;
};

/** Looks at all that AWS has of a pipeline, plans and judges it as `plan` does; writes nothing. */
export async function lookAtAws(subject: Subject, ports: Connected): Promise<AwsFacts> {
  const { account, partition } = await ports.identity.caller();
  const { manifest, namespace, installation } = subject;
  const { region } = manifest.spec;
  const identify = (name: string, of: string): PipelineIdentity => ({
    partition,
    account,
    region,
    installation,
    namespace: of,
    name,
  });
  const identity = identify(manifest.metadata.name, namespace);
  const key = pipelineKey(identity);
  const pipeline: Pipeline = {
    // It is to be looked at, whether or not somebody else may write.
    manifest: { ...manifest, spec: { ...manifest.spec, suspend: false } },
    identity,
    roleLimits: subject.roleLimits,
    ...subject.inputs,
    ...(subject.createdAtMs !== undefined && { createdAtMs: subject.createdAtMs }),
  };
  const beside = subject.beside.map((one): Pipeline => ({
    manifest: one.manifest,
    identity: identify(one.manifest.metadata.name, one.namespace),
    roleLimits: one.roleLimits,
    ...one.inputs,
  }));
  const work: Work = {
    region,
    apply: subject.deleting ? [] : [pipeline, ...beside],
    remove: subject.deleting ? [pipeline] : [],
    neighbours: neighboursOf(
      new Set([key]),
      region,
      // What a cluster has for another account claims nothing here.
      subject.others.filter((other) => [undefined, account].includes(accountOf(other))),
      installation,
    ),
  };
  const [outlook, facts] = await Promise.all([
    lookAhead(work, ports),
    askAboutMail(routedRecipients(manifest.spec), ports),
  ]);
  const { observation, steps, withheld } = outlook;
  const problems = outlook.problems.filter(({ owner }) => owner === key);
  const mine = observation?.input.pipelines.find(({ desired }) => desired.key === key);
  const ruleSets = observation?.input.ruleSets ?? { active: undefined, sets: new Map<string, ObservedRuleSet>() };
  const all = [...steps, ...withheld];
  const routing = mine === undefined ? undefined : mailRouting(mine.desired, ruleSets, facts);
  const status =
    mine === undefined || routing === undefined
      ? undefined
      : statusOf({ ...mine, ruleSets, steps: all, problems, routing });
  const block = mine?.desired.block ?? desiredBlock(manifest.spec, identity, '');
  const set = ruleSets.sets.get(mine?.desired.ruleSet.name ?? manifest.spec.ruleSet.name);
  return {
    account,
    status,
    routing,
    observed: mine?.observed,
    problems,
    todo: all.flatMap(({ owner, action, why }) => {
      if (!isWrite(action) || (owner !== undefined && owner !== key)) return [];
      const { verb, target } = describeAction(action);
      return [{ what: `${verb} ${target}`, why }];
    }),
    rules: (set?.rules ?? []).map(({ name, enabled }, index): RuleFacts => ({
      position: index + 1,
      name,
      enabled,
      owner: ownsRule(block, name) ? key : ownerOf(installation, name),
    })),
    givenRole: await lookAtGivenRole(manifest.spec.role.existingArn, ports),
  };
}

/** Account that the status of a pipeline names; undefined: it has nothing on AWS that is known. */
export const accountOf = ({ status }: Pick<Resource, 'status'>): string | undefined =>
  (status?.function?.arn ?? status?.role?.arn)?.split(':')[4];

function ownerOf(installation: string, rule: string): string | undefined {
  const owner = ownerOfRule(installation, rule);
  return owner === undefined ? undefined : pipelineKey(owner);
}

async function lookAtGivenRole(arn: string | undefined, { roles }: Connected): Promise<AwsFacts['givenRole']> {
  if (arn === undefined) return undefined;
  const name = arn.slice(arn.lastIndexOf('/') + 1);
  const trust = await answerOf(async () => {
    const role = await roles.get(name);
    return role?.arn === arn ? letsLambdaIn(role.trust) : undefined;
  });
  return { arn, trust };
}

/** Conditions are left to AWS: a statement with some is taken at its word. */
function letsLambdaIn(trust: PolicyDocument): boolean {
  const has = (wanted: readonly string[], value: unknown): boolean =>
    [value].flat().some((each) => typeof each === 'string' && wanted.includes(each));
  return statementsOf(trust).some(({ Effect, ...statement }) => {
    const { Service } = (statement['Principal'] ?? {}) as { readonly Service?: unknown };
    return (
      Effect === 'Allow' &&
      has(['lambda.amazonaws.com'], Service) &&
      has(['sts:AssumeRole', 'sts:*', '*'], statement['Action'])
    );
  });
}
