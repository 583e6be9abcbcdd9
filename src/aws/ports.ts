import type { DnsServers } from '../core/dns-servers.ts';
import type { Clock, Dns, Ports } from '../core/ports.ts';
import type { Probes } from '../core/probes.ts';
import { SES_CALLS_PER_SECOND } from '../core/ses-pace.ts';
import type { RoleSession } from '../core/tenancy.ts';
import { assumedRole } from './assumed-role.ts';
import { buckets } from './buckets.ts';
import { callsOf, type CallReport } from './calls.ts';
import { awsClients, endpointOf, type ClientOptions } from './clients.ts';
import type { AwsService } from './error-row.ts';
import { functions } from './functions.ts';
import { identity } from './identity.ts';
import { createLane, type Lane } from './lane.ts';
import { logGroups } from './log-groups.ts';
import { receiptRules } from './receipt-rules.ts';
import { mailIdentities } from './mail-identities.ts';
import { NO_DNS, mxResolver } from './mx-resolver.ts';
import { probes } from './probes.ts';
import { roles } from './roles.ts';

export type AwsPortsOptions = ClientOptions & {
  readonly clock: Clock;
  /** The role to work as; its account is where the ports lead. Not set: the credentials themselves. */
  readonly role?: RoleSession;
  /**
   * The lane of the account and region, where several ports lead there; whoever made it closes it. Not set: one of
   * their own.
   */
  readonly lane?: Lane;
  /** What SES gets, at most; default 1, all that AWS allows. Divide it when several processes share an account. */
  readonly sesCallsPerSecond?: number;
  /**
   * Addresses of the DNS servers that are asked for MX records. Not set: those of this machine, but where AWS is not the
   * real one nobody, since DNS does not lead there.
   */
  readonly dnsServers?: DnsServers;
  /** Answers for MX records in place of DNS. */
  readonly dns?: Dns;
  readonly onCall?: (report: CallReport) => void;
  /** Told how long each SES call waited for its turn. */
  readonly onLaneWaited?: (waitMs: number) => void;
};

export type AwsPorts = Ports & { readonly probes: Probes; readonly close: () => void };

/**
 * The ports of one account and region on AWS, or on whatever answers at `endpointUrl`. A process has one lane for each
 * (account, region): ports that lead to the same one are given it.
 */
export function awsPorts(options: AwsPortsOptions): AwsPorts {
  const { clock, region, onCall } = options;
  const endpointUrl = endpointOf(options);
  const profile = options.profile ?? (process.env['AWS_PROFILE'] || undefined);
  const place = {
    region,
    ...(endpointUrl !== undefined && { endpointUrl }),
    ...(profile !== undefined && { profile }),
  };
  const calls = (service: AwsService) => callsOf(service, { clock, place, ...(onCall !== undefined && { onCall }) });

  const { role } = options;
  const clients = awsClients({
    ...options,
    ...(role !== undefined && { credentialsFrom: (sts) => assumedRole(sts, role, calls('sts')) }),
  });
  const lane = options.lane ?? sesLane(options);
  const itsLane = role === undefined ? lane : laneAs(role, lane);
  const caller = identity(clients.sts, calls('sts'));
  const dnsServers = options.dnsServers ?? (endpointUrl === undefined ? [] : 'none');

  return {
    clock,
    identity: caller,
    buckets: buckets({ s3: clients.s3, call: calls('s3'), region, identity: caller }),
    roles: roles(clients.iam, calls('iam')),
    functions: functions(clients.lambda, calls('lambda')),
    logGroups: logGroups(clients.logs, calls('logs')),
    receiptRules: receiptRules(clients.ses, calls('ses'), itsLane),
    mailIdentities: mailIdentities(clients.ses, calls('ses'), itsLane),
    dns: options.dns ?? dnsAt(dnsServers),
    probes: probes({ clients, calls, lane: itsLane, region, dnsServers }),
    close: () => {
      if (options.lane === undefined) lane.close();
      clients.destroy();
    },
  };
}

const dnsAt = (servers: DnsServers): Dns => (servers === 'none' ? NO_DNS : mxResolver({ servers }));

/** A lane to SES at the pace of these options; close it when no port uses it any more. */
export function sesLane({
  clock,
  sesCallsPerSecond,
  onLaneWaited,
}: Pick<AwsPortsOptions, 'clock' | 'sesCallsPerSecond' | 'onLaneWaited'>): Lane {
  return createLane({
    clock,
    callsPerSecond: sesCallsPerSecond ?? SES_CALLS_PER_SECOND,
    ...(onLaneWaited !== undefined && { onWaited: onLaneWaited }),
  });
}

/**
 * Each role shares its reads with itself alone: the answer to one is not for another's eyes, and that one of them may
 * not ask is no trouble of the others.
 */
const laneAs = ({ roleArn, sessionName }: RoleSession, lane: Lane): Lane => ({
  ...lane,
  run: (send, shareKey) => lane.run(send, shareKey === undefined ? undefined : `${roleArn} ${sessionName} ${shareKey}`),
});
