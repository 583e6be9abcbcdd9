import { AwsError } from './aws-error.ts';
import type { ConditionContext } from './policy/condition.ts';
import { requiredString } from './query-service.ts';
import { listParam, stringParam, type QueryParams, type QueryValue } from './wire/query-protocol.ts';

/** Readers of the parameters of a simulation: each gives a valid value or refuses as IAM does. */

/** Whose policies are simulated. */
export type Entity = { readonly arn: string; readonly type: string; readonly name: string };

export function entityOf(params: QueryParams): Entity {
  const arn = requiredString(params, 'PolicySourceArn');
  const [, type = '', path = ''] = /^arn:[a-z-]+:iam::\d{12}:(user|group|role)\/(.+)$/.exec(arn) ?? [];
  if (type === '') throw invalidInput(`Invalid Entity Arn: ${arn} does not clearly define entity type and name.`);
  return { arn, type, name: path.slice(path.lastIndexOf('/') + 1) };
}

/** Parameters that would change the answer, and that the sandbox would have to leave out. */
const NOT_SIMULATED = ['ResourcePolicy', 'ResourceOwner', 'CallerArn', 'ResourceHandlingOption', 'PolicyExclusionList'];

export function refuseWhatIsNotSimulated(params: QueryParams): void {
  const given = NOT_SIMULATED.find((name) => params[name] !== undefined && params[name] !== '');
  if (given !== undefined) throw notSimulated(`with ${given}`);
}

const notSimulated = (what: string): AwsError =>
  new AwsError(501, 'NotImplemented', `The sandbox does not simulate policies ${what}.`);

export const stringsOf = (params: QueryValue, name: string): readonly string[] =>
  (listParam(params, name) ?? []).flatMap((each) => (typeof each === 'string' ? [each] : []));

export function actionsOf(params: QueryParams): readonly string[] {
  const actions = stringsOf(params, 'ActionNames');
  if (actions.length === 0) throw invalidInput('At least one of ActionNames is needed.');
  const wrong = actions.find((action) => !/^[A-Za-z0-9-]+:[A-Za-z0-9]+$/.test(action));
  if (wrong !== undefined) throw invalidInput(`Invalid Action Name: ${wrong} must look like service:Operation.`);
  return actions;
}

/** All resources, which is what a simulation is about that names none. */
export const ANY_RESOURCE = '*';

export function resourcesOf(params: QueryParams): readonly string[] {
  const resources = stringsOf(params, 'ResourceArns');
  const wrong = resources.find((resource) => resource !== ANY_RESOURCE && resource.split(':').length < 6);
  if (wrong !== undefined) throw invalidInput(`Invalid Resource Arn: ${wrong}`);
  return resources.length === 0 ? [ANY_RESOURCE] : resources;
}

const TYPES = ['string', 'numeric', 'boolean', 'ip', 'binary', 'date'].flatMap((type) => [type, `${type}List`]);

export function contextOf(params: QueryParams): ConditionContext {
  const entries = (listParam(params, 'ContextEntries') ?? []).map((entry): [string, string | undefined] => {
    const key = stringParam(entry, 'ContextKeyName') ?? '';
    const type = stringParam(entry, 'ContextKeyType') ?? '';
    const values = stringsOf(entry, 'ContextKeyValues');
    if (!/^[\w-]+:.+$/.test(key)) throw invalidInput(`Invalid Context Key Name: ${key}`);
    if (!TYPES.includes(type)) throw invalidInput(`Invalid Context Key Type of ${key}: ${type}`);
    if (values.length > 1) throw notSimulated(`with several values of a context key (${key})`);
    return [key.toLowerCase(), values[0]];
  });
  return Object.fromEntries(entries);
}

export const invalidInput = (message: string): AwsError => new AwsError(400, 'InvalidInput', message);
