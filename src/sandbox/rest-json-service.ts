import { notImplemented, shapeOf } from './aws-error.ts';
import type { Call, Reply, Service } from './service.ts';
import { jsonError, matchPath, type PathLabels } from './wire/rest-json.ts';

/** Where an operation is found. Labels in `path` look like `{FunctionName}`. */
export type RestRoute = { readonly name: string; readonly method: string; readonly path: string };

/** One operation of a REST JSON service. Refuses by throwing `AwsError`. */
export type RestOperation = RestRoute & {
  readonly handle: (labels: PathLabels, call: Call) => Reply | Promise<Reply>;
};

/**
 * A REST JSON service from a table of its operations; the first that fits is taken. The rest is NotImplemented, those in
 * `lacking` by their name.
 */
export function restJsonService(description: {
  readonly signingName: Service['signingName'];
  readonly operations: readonly RestOperation[];
  readonly lacking?: readonly RestRoute[];
}): Service {
  const { signingName, operations, lacking = [] } = description;

  return {
    signingName,
    operations: operations.map(({ name }) => `${signingName}:${name}`),
    operationOf: (call) => `${signingName}:${find([...operations, ...lacking], call)?.route.name ?? 'Unknown'}`,
    refuse: (_call, error) => jsonError(error),
    handle: async (call) => {
      const found = find(operations, call);
      try {
        if (found !== undefined) return await found.route.handle(found.labels, call);
        const name = find(lacking, call)?.route.name;
        throw notImplemented(
          name === undefined ? `${signingName} ${call.method} ${call.path}` : `${signingName}:${name}`,
        );
      } catch (error) {
        return jsonError(shapeOf(error));
      }
    },
  };
}

function find<Route extends RestRoute>(
  routes: readonly Route[],
  call: Call,
): { readonly route: Route; readonly labels: PathLabels } | undefined {
  for (const route of routes) {
    if (route.method !== call.method) continue;
    const labels = matchPath(route.path, call.path);
    if (labels !== undefined) return { route, labels };
  }
  return undefined;
}
