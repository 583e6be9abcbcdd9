import { notImplemented, shapeOf } from './aws-error.ts';
import type { Call, Reply, Service } from './service.ts';
import { jsonError, matchPath, type PathLabels } from './wire/rest-json.ts';

/** One operation of a REST JSON service. Refuses by throwing `AwsError`. Labels in `path` look like `{FunctionName}`. */
export type RestOperation = {
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly handle: (labels: PathLabels, call: Call) => Reply | Promise<Reply>;
};

/** A REST JSON service from a table of its operations; the first that fits is taken. The rest is NotImplemented. */
export function restJsonService(description: {
  readonly signingName: Service['signingName'];
  readonly operations: readonly RestOperation[];
}): Service {
  const { signingName, operations } = description;

  const find = (call: Call): { operation: RestOperation; labels: PathLabels } | undefined => {
    for (const operation of operations) {
      if (operation.method !== call.method) continue;
      const labels = matchPath(operation.path, call.path);
      if (labels !== undefined) return { operation, labels };
    }
    return undefined;
  };

  return {
    signingName,
    operationOf: (call) => `${signingName}:${find(call)?.operation.name ?? 'Unknown'}`,
    refuse: (_call, error) => jsonError(error),
    handle: async (call) => {
      const found = find(call);
      try {
        if (found === undefined) throw notImplemented(`${signingName} ${call.method} ${call.path}`);
        return await found.operation.handle(found.labels, call);
      } catch (error) {
        return jsonError(shapeOf(error));
      }
    },
  };
}
