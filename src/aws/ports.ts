import type { Clock, Ports } from '../core/ports.ts';
import { buckets } from './buckets.ts';
import { callsOf, type CallReport } from './calls.ts';
import { awsClients, endpointOf, type ClientOptions } from './clients.ts';
import type { AwsService } from './error-row.ts';
import { functions } from './functions.ts';
import { identity } from './identity.ts';
import { createLane } from './lane.ts';
import { receiptRules } from './receipt-rules.ts';
import { roles } from './roles.ts';

export type AwsPortsOptions = ClientOptions & {
  readonly clock: Clock;
  /** What SES gets, at most; default 1, all that AWS allows. Divide it when several processes share an account. */
  readonly sesCallsPerSecond?: number;
  readonly onCall?: (report: CallReport) => void;
  /** Told how long each SES call waited for its turn. */
  readonly onLaneWaited?: (waitMs: number) => void;
};

/**
 * The ports of one account and region on AWS, or on whatever answers at `endpointUrl`. Make one for each (account,
 * region) of a process: it holds the only lane to SES.
 */
export function awsPorts(options: AwsPortsOptions): Ports & { readonly close: () => void } {
  const { clock, region, onCall } = options;
  const endpointUrl = endpointOf(options);
  const profile = options.profile ?? (process.env['AWS_PROFILE'] || undefined);
  const place = {
    region,
    ...(endpointUrl !== undefined && { endpointUrl }),
    ...(profile !== undefined && { profile }),
  };
  const calls = (service: AwsService) => callsOf(service, { clock, place, ...(onCall !== undefined && { onCall }) });

  const clients = awsClients(options);
  const lane = createLane({
    clock,
    callsPerSecond: options.sesCallsPerSecond ?? 1,
    ...(options.onLaneWaited !== undefined && { onWaited: options.onLaneWaited }),
  });
  const caller = identity(clients.sts, calls('sts'));

  return {
    clock,
    identity: caller,
    buckets: buckets({ s3: clients.s3, call: calls('s3'), region, identity: caller }),
    roles: roles(clients.iam, calls('iam')),
    functions: functions(clients.lambda, calls('lambda')),
    receiptRules: receiptRules(clients.ses, calls('ses'), lane),
    close: () => {
      lane.close();
      clients.destroy();
    },
  };
}
