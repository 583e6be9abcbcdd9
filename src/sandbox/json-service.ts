import { notImplemented, AwsError, shapeOf } from './aws-error.ts';
import type { AwsErrorShape, Call, Reply, Service } from './service.ts';
import { jsonMembers } from './wire/rest-json.ts';

/** The body of a call; members are looked at one by one. */
export type JsonInput = Readonly<Record<string, unknown>>;

/** One operation: its result, or undefined when it returns nothing. Refuses by throwing `AwsError`. */
export type JsonOperation = (input: JsonInput, call: Call) => Readonly<Record<string, unknown>> | undefined;

/**
 * A service that speaks AWS JSON 1.1, from a table of its operations. An operation not in the table is NotImplemented.
 *
 * @see https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html
 */
export function jsonService(description: {
  readonly signingName: Service['signingName'];
  readonly operations: Readonly<Record<string, JsonOperation>>;
}): Service {
  const { signingName } = description;
  const operations = new Map(Object.entries(description.operations));

  return {
    signingName,
    operations: [...operations.keys()].map((name) => `${signingName}:${name}`),
    operationOf: (call) => `${signingName}:${operationNameOf(call)}`,
    refuse: (_call, error) => refusal(error),
    handle: async (call) => {
      const name = operationNameOf(call);
      const operation = operations.get(name);
      try {
        if (operation === undefined) throw notImplemented(`${signingName}:${name}`);
        const result = operation(inputOf(call), call);
        return reply(200, result === undefined ? '' : JSON.stringify(result));
      } catch (error) {
        return refusal(shapeOf(error));
      }
    },
  };
}

function operationNameOf({ headers }: Call): string {
  return /^\w+\.(\w{1,128})$/.exec(headers['x-amz-target'] ?? '')?.[1] ?? 'Unknown';
}

function inputOf({ body }: Call): JsonInput {
  const members = jsonMembers(body);
  if (members !== undefined) return members;
  throw new AwsError(400, 'SerializationException', 'The request body is not a JSON structure.');
}

function refusal({ status, code, message }: AwsErrorShape): Reply {
  return reply(status, JSON.stringify({ __type: code, message }));
}

function reply(status: number, body: string): Reply {
  return { status, headers: { 'content-type': 'application/x-amz-json-1.1' }, body };
}
