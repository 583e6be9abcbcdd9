import { OPERATORS, type Condition, type Operator } from './condition.ts';

/**
 * Where a policy hangs decides its elements: on a resource it names a principal and resources, on an identity resources
 * only, as a role's trust a principal only.
 */
export type PolicyKind = 'resource' | 'identity' | 'trust';

export type PolicyDocument = { readonly statements: readonly Statement[] };

export type Statement = {
  readonly sid: string | undefined;
  readonly effect: 'Allow' | 'Deny';
  /** Undefined on an identity's policy: it is the identity's own. */
  readonly principals: Principals | undefined;
  readonly actions: Named;
  /** Undefined in a trust policy: the role itself. */
  readonly resources: Named | undefined;
  readonly conditions: readonly Condition[];
};

/** What an element names: these, or (`NotAction`, `NotResource`) all but these. */
export type Named = { readonly allBut: boolean; readonly patterns: readonly string[] };

export type Principals = {
  readonly everyone: boolean;
  readonly services: readonly string[];
  /** Account ids, root ARNs and role ARNs as written. */
  readonly aws: readonly string[];
};

export type ParsedPolicy =
  | { readonly ok: true; readonly document: PolicyDocument }
  | { readonly ok: false; readonly why: string };

/** Reads a policy. Whatever the evaluator would not judge truly (NotPrincipal, a rare operator) is refused here, in words. */
export function parsePolicy(text: string, kind: PolicyKind): ParsedPolicy {
  try {
    return { ok: true, document: { statements: statementsOf(jsonOf(text)).map((each) => statementOf(each, kind)) } };
  } catch (error) {
    if (error instanceof Malformed) return { ok: false, why: error.message };
    throw error;
  }
}

class Malformed extends Error {
  override readonly name = 'Malformed';
}

type Json = Readonly<Record<string, unknown>>;

function jsonOf(text: string): Json {
  try {
    return objectOf(JSON.parse(text), 'The policy');
  } catch (error) {
    if (error instanceof Malformed) throw error;
    throw new Malformed('The policy is not valid JSON.', { cause: error });
  }
}

function statementsOf(policy: Json): readonly unknown[] {
  onlyKnown(policy, ['Version', 'Id', 'Statement'], 'The policy');
  const version = policy['Version'];
  if (version !== undefined && version !== '2012-10-17' && version !== '2008-10-17') {
    throw new Malformed('The policy must have Version 2012-10-17 or 2008-10-17.');
  }
  const statements = Array.isArray(policy['Statement']) ? policy['Statement'] : [policy['Statement']];
  if (policy['Statement'] === undefined || statements.length === 0) throw new Malformed('The policy has no Statement.');
  return statements;
}

const KNOWN = ['Sid', 'Effect', 'Principal', 'Action', 'NotAction', 'Resource', 'NotResource', 'Condition'];

function statementOf(value: unknown, kind: PolicyKind): Statement {
  const raw = objectOf(value, 'A statement');
  if ('NotPrincipal' in raw) {
    throw new Malformed('The sandbox does not evaluate NotPrincipal: write the statement without it.');
  }
  onlyKnown(raw, KNOWN, 'A statement');
  const effect = raw['Effect'];
  if (effect !== 'Allow' && effect !== 'Deny') throw new Malformed('A statement needs Effect "Allow" or "Deny".');
  const sid = raw['Sid'];
  if (sid !== undefined && typeof sid !== 'string') throw new Malformed('Sid must be a string.');
  return {
    sid,
    effect,
    principals: principalsOf(raw['Principal'], kind),
    actions: actionsOf(raw),
    resources: resourcesOf(raw, kind),
    conditions: conditionsOf(raw['Condition']),
  };
}

function principalsOf(value: unknown, kind: PolicyKind): Principals | undefined {
  if (kind === 'identity') {
    if (value !== undefined) throw new Malformed('A policy of an identity must not have a Principal.');
    return undefined;
  }
  if (value === '*') return { everyone: true, services: [], aws: [] };
  if (value === undefined) throw new Malformed('A statement needs a Principal.');
  const raw = objectOf(value, 'Principal');
  onlyKnown(raw, ['Service', 'AWS'], 'Principal');
  const aws = raw['AWS'] === undefined ? [] : stringsOf(raw['AWS'], 'Principal.AWS');
  const services = raw['Service'] === undefined ? [] : stringsOf(raw['Service'], 'Principal.Service');
  if (aws.length + services.length === 0) throw new Malformed('A statement needs a Principal.');
  const invalid = aws.find((each) => each !== '*' && !/^\d{12}$|^arn:[a-z-]+:(iam|sts)::\d{12}:.+$/.test(each));
  if (invalid !== undefined) throw new Malformed(`Invalid principal in policy: "${invalid}"`);
  const unknown = services.find((each) => !/^[a-z0-9.-]+\.amazonaws\.com(\.cn)?$/.test(each));
  if (unknown !== undefined) throw new Malformed(`Invalid principal in policy: "SERVICE":"${unknown}"`);
  return { everyone: aws.includes('*'), services, aws };
}

function actionsOf(raw: Json): Named {
  const { name, allBut } = oneOf(raw, 'Action', 'NotAction');
  const actions = stringsOf(raw[name], name);
  const wrong = actions.find((action) => action !== '*' && !/^[A-Za-z0-9-]+:[A-Za-z0-9*?]+$/.test(action));
  if (wrong !== undefined) throw new Malformed(`Action "${wrong}" must look like service:Operation.`);
  return { allBut, patterns: actions };
}

/** An element or its negation, never both. */
function oneOf(raw: Json, name: string, negated: string): { readonly name: string; readonly allBut: boolean } {
  if (name in raw && negated in raw) throw new Malformed(`A statement has ${name} or ${negated}, not both.`);
  return negated in raw ? { name: negated, allBut: true } : { name, allBut: false };
}

function resourcesOf(raw: Json, kind: PolicyKind): Named | undefined {
  const { name, allBut } = oneOf(raw, 'Resource', 'NotResource');
  if (kind === 'trust') {
    if (raw[name] !== undefined) throw new Malformed('A trust policy must not have a Resource.');
    return undefined;
  }
  const resources = stringsOf(raw[name], name);
  const wrong = resources.find((resource) => resource !== '*' && !resource.startsWith('arn:'));
  if (wrong !== undefined) throw new Malformed(`Resource "${wrong}" must be an ARN or "*".`);
  return { allBut, patterns: resources.map(withoutVariables) };
}

function conditionsOf(value: unknown): readonly Condition[] {
  if (value === undefined) return [];
  return Object.entries(objectOf(value, 'Condition')).flatMap(([name, keys]) => {
    const ifExists = name.endsWith('IfExists');
    const operator = operatorOf(ifExists ? name.slice(0, -'IfExists'.length) : name);
    return Object.entries(objectOf(keys, `Condition ${name}`)).map(([key, given]) => ({
      operator,
      ifExists,
      key: key.toLowerCase(),
      keyAsWritten: key,
      values: stringsOf(typeof given === 'boolean' ? String(given) : given, `Condition ${name} ${key}`).map(
        withoutVariables,
      ),
    }));
  });
}

function operatorOf(name: string): Operator {
  const operator = OPERATORS.find((each) => each === name);
  if (operator === undefined) {
    throw new Malformed(
      `The sandbox does not evaluate the condition operator ${name}: it knows ${OPERATORS.join(', ')}.`,
    );
  }
  return operator;
}

function withoutVariables(text: string): string {
  if (text.includes('${')) throw new Malformed(`The sandbox does not evaluate policy variables ("${text}").`);
  return text;
}

function stringsOf(value: unknown, what: string): readonly string[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (list.length === 0 || !list.every((each) => typeof each === 'string')) {
    throw new Malformed(`${what} must be a string or a list of strings.`);
  }
  return list;
}

function objectOf(value: unknown, what: string): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Malformed(`${what} must be an object.`);
  return value as Json;
}

function onlyKnown(raw: Json, known: readonly string[], what: string): void {
  const unknown = Object.keys(raw).find((name) => !known.includes(name));
  if (unknown !== undefined) throw new Malformed(`${what} has an element the sandbox does not know: ${unknown}.`);
}
