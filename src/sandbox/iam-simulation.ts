import { AwsError } from './aws-error.ts';
import { pageOf } from './iam-input.ts';
import type { PolicyBook } from './iam-policies.ts';
import type { RoleBook } from './iam-roles.ts';
import {
  actionsOf,
  ANY_RESOURCE,
  contextOf,
  entityOf,
  invalidInput,
  refuseWhatIsNotSimulated,
  resourcesOf,
  stringsOf,
  type Entity,
} from './iam-simulation-input.ts';
import type { ConditionContext } from './policy/condition.ts';
import { parsePolicy, type PolicyDocument, type Statement } from './policy/document.ts';
import { evaluate, type Evaluation } from './policy/evaluate.ts';
import { statementPositions } from './policy/statement-positions.ts';
import { sessionArn } from './principal-arn.ts';
import type { QueryOperation } from './query-service.ts';
import { homeOf, type Call } from './service.ts';
import type { QueryParams } from './wire/query-protocol.ts';
import type { XmlValue } from './wire/xml.ts';

/**
 * What a role may do, reckoned and not done: by its own policies within its boundary, as they are now, whatever has
 * propagated. No policy of a resource and none of an organization counts.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
 */
export function simulationOperations(roles: RoleBook, policies: PolicyBook): Readonly<Record<string, QueryOperation>> {
  return {
    SimulatePrincipalPolicy: (params, call) => {
      const entity = entityOf(params);
      refuseWhatIsNotSimulated(params);
      refuseOtherAccounts(call, entity.arn);
      const own = textsOf(entity, roles, policies);
      const [boundary] = [...inputsOf(params, 'PermissionsBoundaryPolicyInputList'), ...own.boundary];
      const question: Question = {
        arn: entity.arn,
        identity: [...own.identity, ...inputsOf(params, 'PolicyInputList')].map(readPolicy),
        boundary: boundary === undefined ? undefined : readPolicy(boundary),
        resources: resourcesOf(params),
        context: contextOf(params),
      };
      const page = pageOf(params, actionsOf(params));
      return { EvaluationResults: page.items.map((action) => evaluationOf(action, question)), ...page.rest };
    },
  };
}

/** A policy by the name under which results tell of it. */
type PolicyText = { readonly id: string; readonly text: string };

type Policy = {
  readonly document: PolicyDocument;
  /** How results tell of each. */
  readonly told: ReadonlyMap<Statement, XmlValue>;
};

type Question = {
  readonly arn: string;
  readonly identity: readonly Policy[];
  readonly boundary: Policy | undefined;
  readonly resources: readonly string[];
  readonly context: ConditionContext;
};

/** No right reaches into another account. */
function refuseOtherAccounts(call: Call, arn: string): void {
  const { account } = homeOf(call);
  if (arn.split(':')[4] === account) return;
  const message = `User: ${call.principal.kind === 'role' ? sessionArn(call.principal) : `account ${account}`} is not authorized to perform: iam:SimulatePrincipalPolicy on resource: ${arn}`;
  throw new AwsError(403, 'AccessDenied', message);
}

/** Whoever has a static key is shown as this user, and may do everything. */
const ROOT_USER = 'sandbox';
const EVERYTHING = 'arn:aws:iam::aws:policy/AdministratorAccess';

function textsOf(
  { arn, type, name }: Entity,
  roles: RoleBook,
  policies: PolicyBook,
): { readonly identity: readonly PolicyText[]; readonly boundary: readonly PolicyText[] } {
  const managed = (policyArn: string): PolicyText => ({
    id: policyArn.slice(policyArn.lastIndexOf('/') + 1),
    text: policies.documentOf(policyArn),
  });
  if (type === 'user' && name === ROOT_USER) return { identity: [managed(EVERYTHING)], boundary: [] };
  const role = roles.byArn(arn);
  if (role === undefined) throw new AwsError(404, 'NoSuchEntity', `The ${type} with name ${name} cannot be found.`);
  const { inline, attached, boundaryArn } = role.permissions.latest();
  return {
    identity: [
      ...[...inline].map(([policyName, text]) => ({ id: `role_${role.name}_${policyName}`, text })),
      ...[...attached].map(managed),
    ],
    boundary: boundaryArn === undefined ? [] : [managed(boundaryArn)],
  };
}

const inputsOf = (params: QueryParams, name: string): readonly PolicyText[] =>
  stringsOf(params, name).map((text, index) => ({ id: `${name}.${index + 1}`, text }));

function readPolicy({ id, text }: PolicyText): Policy {
  const parsed = parsePolicy(text, 'identity');
  if (!parsed.ok) throw invalidInput(`Invalid policy ${id}: ${parsed.why}`);
  const spans = statementPositions(text);
  const told = parsed.document.statements.map((statement, index): [Statement, XmlValue] => {
    const span = spans[index];
    const positions = span && { StartPosition: placeOf(span.start), EndPosition: placeOf(span.end) };
    // What live IAM answers, whose documentation lists other words.
    return [statement, { SourcePolicyId: id, SourcePolicyType: 'IAM Policy', ...positions }];
  });
  return { document: parsed.document, told: new Map(told) };
}

const placeOf = ({ line, column }: { readonly line: number; readonly column: number }): XmlValue => ({
  Line: line,
  Column: column,
});

type Decision = 'allowed' | 'implicitDeny' | 'explicitDeny';

type Judged = {
  readonly resource: string;
  readonly decision: Decision;
  readonly matched: readonly XmlValue[];
  readonly missing: readonly string[];
  /** Undefined without a boundary. */
  readonly withinBoundary: boolean | undefined;
};

/** On all resources together the strictest decision counts. */
const STRICTEST_FIRST = ['explicitDeny', 'implicitDeny', 'allowed'] as const;

function evaluationOf(action: string, question: Question): XmlValue {
  const judged = question.resources.map((resource) => judgeOn(action, resource, question));
  const decision = STRICTEST_FIRST.find((each) => judged.some((one) => one.decision === each)) ?? 'implicitDeny';
  const deciding = judged.filter((each) => each.decision === decision);
  const boundaries = judged.flatMap(({ withinBoundary }) => withinBoundary ?? []);
  return {
    EvalActionName: action,
    // The template of the action's ARNs, or this where there is none; the sandbox has no list of them.
    EvalResourceName: ANY_RESOURCE,
    EvalDecision: decision,
    MatchedStatements: [...new Set(deciding.flatMap(({ matched }) => matched))],
    MissingContextValues: [...new Set(judged.flatMap(({ missing }) => missing))],
    ...limitOf(boundaries.length === 0 ? undefined : boundaries.every(Boolean)),
    ...(question.resources.some((resource) => resource !== ANY_RESOURCE) && {
      EvalDecisionDetails: {},
      ResourceSpecificResults: judged.map((one) => ({
        EvalResourceName: one.resource,
        EvalResourceDecision: one.decision,
        MatchedStatements: one.matched,
        MissingContextValues: one.missing,
        ...limitOf(one.withinBoundary),
      })),
    }),
  };
}

const limitOf = (withinBoundary: boolean | undefined): Readonly<Record<string, XmlValue>> =>
  withinBoundary === undefined
    ? {}
    : { PermissionsBoundaryDecisionDetail: { AllowedByPermissionsBoundary: withinBoundary } };

function judgeOn(action: string, resource: string, { arn, identity, boundary, context }: Question): Judged {
  const principal = { kind: 'aws', account: arn.split(':')[4] ?? '', arn } as const;
  const ask = (policies: readonly Policy[]): Evaluation =>
    evaluate({ documents: policies.map(({ document }) => document), principal, action, resource, context });
  const own = ask(identity);
  const limit = boundary === undefined ? undefined : ask([boundary]);
  const both = limit === undefined ? [own] : [own, limit];
  const decision = decisionOf(both);
  const denying = both.flatMap((each) => (each.decision === 'deny' ? each.deciding : []));
  const deciding = { allowed: own.deciding, implicitDeny: [], explicitDeny: denying }[decision];
  const told = [...identity, ...(boundary === undefined ? [] : [boundary])].map((policy) => policy.told);
  return {
    resource,
    decision,
    matched: deciding.flatMap((statement) => told.flatMap((statements) => statements.get(statement) ?? [])),
    missing: [...new Set(both.flatMap(({ missingKeys }) => missingKeys))],
    withinBoundary: limit === undefined ? undefined : limit.decision === 'allow',
  };
}

function decisionOf(evaluations: readonly Evaluation[]): Decision {
  if (evaluations.some(({ decision }) => decision === 'deny')) return 'explicitDeny';
  return evaluations.every(({ decision }) => decision === 'allow') ? 'allowed' : 'implicitDeny';
}
