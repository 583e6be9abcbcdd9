import { AwsError, notImplemented, shapeOf } from './aws-error.ts';
import type { Call, Service } from './service.ts';
import {
  parseQuery,
  queryError,
  QueryFormatError,
  querySuccess,
  stringParam,
  type QueryParams,
} from './wire/query-protocol.ts';
import type { XmlValue } from './wire/xml.ts';

/** One operation: members of its result, or undefined when it returns nothing. Refuses by throwing `AwsError`. */
export type QueryOperation = (
  params: QueryParams,
  call: Call,
) => QueryResult | undefined | Promise<QueryResult | undefined>;

/** Arrays become `<member>` lists. */
export type QueryResult = Readonly<Record<string, XmlValue>>;

/** A service that speaks AWS query, from a table of its operations. An operation not in the table is NotImplemented. */
export function queryService(description: {
  readonly signingName: Service['signingName'];
  readonly namespace: string;
  readonly operations: Readonly<Record<string, QueryOperation>>;
  /** True when even an operation that returns nothing answers an empty `<XResult/>` (SES). */
  readonly emptyResults: boolean;
}): Service {
  const { signingName, namespace, emptyResults } = description;
  const operations = new Map(Object.entries(description.operations));

  return {
    signingName,
    operations: [...operations.keys()].map((name) => `${signingName}:${name}`),
    operationOf: (call) => `${signingName}:${actionOf(call)}`,
    refuse: (call, error) => queryError(namespace, error, call.requestId),
    handle: async (call) => {
      const action = actionOf(call);
      const operation = operations.get(action);
      try {
        if (operation === undefined) throw notImplemented(`${signingName}:${action}`);
        const result = await operation(parseQuery(formOf(call)), call);
        const resultElement = emptyResults || result !== undefined;
        return querySuccess(action, namespace, result ?? {}, { requestId: call.requestId, resultElement });
      } catch (error) {
        const known = error instanceof QueryFormatError ? new AwsError(400, error.code, error.message) : error;
        return queryError(namespace, shapeOf(known), call.requestId);
      }
    },
  };
}

/** The parameters of a call as they were sent, URL-encoded. */
export function formOf(call: Call): string {
  return call.method === 'GET' ? call.query.toString() : call.body.toString('utf8');
}

function actionOf(call: Call): string {
  const action = new URLSearchParams(formOf(call)).get('Action') ?? '';
  return /^[A-Za-z]{1,128}$/.test(action) ? action : 'Unknown';
}

/** A parameter that must be there. */
export function requiredString(params: QueryParams, name: string): string {
  const value = stringParam(params, name);
  if (value === undefined) {
    throw new AwsError(
      400,
      'ValidationError',
      `1 validation error detected: Value null at '${camel(name)}' failed to satisfy constraint: Member must not be null`,
    );
  }
  return value;
}

function camel(name: string): string {
  return name.slice(0, 1).toLowerCase() + name.slice(1);
}
