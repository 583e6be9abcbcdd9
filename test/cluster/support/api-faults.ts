import type { ApiCall, Verb } from './api-call.ts';

/** What happens to a request instead of being answered. */
export type ApiFault =
  /** A refusal of the API server, with its Status object. */
  | { readonly kind: 'refuse'; readonly status: number; readonly reason: string; readonly retryAfterSeconds?: number }
  /** A watch that is accepted, and whose first event says that its version is too old. */
  | { readonly kind: 'expired-event' }
  /** The connection is reset. `after`: the request has had its effect. */
  | { readonly kind: 'reset'; readonly when: 'before' | 'after' }
  | { readonly kind: 'slow'; readonly delayMs: number };

export type ApiFaultOrder = {
  readonly verb: Verb;
  /** With its subresource: `seslambdapipelines/status`. */
  readonly resource: string;
  /** How many requests are hit; default 1. `Infinity`: all until it is called off. */
  readonly times?: number;
  readonly fault: ApiFault;
};

/** An order that was placed. */
export type OrderedFault = {
  /** How many requests it has hit. */
  readonly struck: () => number;
  readonly callOff: () => void;
};

export type ApiFaults = {
  readonly order: (order: ApiFaultOrder) => OrderedFault;
  /** The fault that hits this request, if any; counts as struck. */
  readonly strike: (call: ApiCall) => ApiFault | undefined;
};

export function createApiFaults(): ApiFaults {
  const orders: { readonly order: ApiFaultOrder; left: number; struck: number }[] = [];
  return {
    order: (order) => {
      const placed = { order, left: order.times ?? 1, struck: 0 };
      orders.push(placed);
      return { struck: () => placed.struck, callOff: () => void (placed.left = 0) };
    },
    strike: ({ verb, resource }) => {
      const hit = orders.find(({ order, left }) => left > 0 && order.verb === verb && order.resource === resource);
      if (hit === undefined) return undefined;
      hit.left -= 1;
      hit.struck += 1;
      return hit.order.fault;
    },
  };
}

/** What the API server sends as a refusal. */
export function statusObject(status: number, reason: string, retryAfterSeconds?: number): object {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: `injected: ${reason}`,
    reason,
    code: status,
    ...(retryAfterSeconds !== undefined && { details: { retryAfterSeconds } }),
  };
}
