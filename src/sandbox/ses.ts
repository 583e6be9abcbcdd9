import { BlockList } from 'node:net';
import { createJournal, type Journal, type MailRecord } from './mail-journal.ts';
import type { IncomingMail } from './mail-message.ts';
import { createWork, type Work } from './mail-work.ts';
import { queryService, type QueryOperation } from './query-service.ts';
import { sesError } from './ses-error.ts';
import { judge } from './ses-evaluate.ts';
import { createIdentities } from './ses-identities.ts';
import { sesOperations, type SesOperation, type SesRegion } from './ses-operations.ts';
import { createPace } from './ses-pace.ts';
import { takeIn } from './ses-receiver.ts';
import { domainOf } from './ses-recipient.ts';
import { createRuleSets } from './ses-rule-sets.ts';
import type { ReceiptFilter } from './ses-types.ts';
import {
  homeOf,
  type Home,
  type IamDoor,
  type LambdaDoor,
  type S3Door,
  type SandboxContext,
  type Service,
} from './service.ts';

export type SesOptions = {
  readonly context: SandboxContext;
  readonly s3: S3Door;
  readonly iam: IamDoor;
  readonly lambda: LambdaDoor;
  /** Shared with Lambda, so that `idle` waits for invocations too. */
  readonly work?: Work;
  /** Absent: every domain counts as verified. */
  readonly verifiedDomains?: readonly string[];
};

/** What the mail door wants to know before it takes a mail. */
type RecipientVerdict = { readonly accepted: true } | { readonly accepted: false; readonly why: string };

/** What is known of a client before it sends its mail. */
type Session = Pick<IncomingMail, 'tls' | 'clientAddress'>;

/** SES receiving: the API, the way of a mail through the active rule sets, and the record of it. */
export type Ses = {
  readonly service: Service;
  readonly journal: Journal;
  /** Whether any region's active rule set takes mail for this recipient from this client. */
  readonly acceptsRecipient: (recipient: string, session: Session) => RecipientVerdict;
  /**
   * Takes the mail in, in every region whose active rule set captures one of its recipients; each has its own message
   * id. The actions run behind: `idle` tells when they have.
   */
  readonly receive: (mail: IncomingMail) => readonly MailRecord[];
  /** Resolves when no mail, invocation or retry that is due now is in work. */
  readonly idle: () => Promise<void>;
  /** Gives up all retries and waits for what is running. */
  readonly stop: () => Promise<void>;
};

const NAMESPACE = 'http://ses.amazonaws.com/doc/2010-12-01/';

export function createSes(options: SesOptions): Ses {
  const { context, s3, iam, lambda } = options;
  const { clock, ids, faults } = context;
  const work = options.work ?? createWork(clock);
  const journal = createJournal();
  const regions = new Map<string, SesRegion>();
  const stopping = new AbortController();

  const regionOf = ({ account, region: name }: Home): SesRegion => {
    const known = regions.get(`${account}/${name}`);
    if (known !== undefined) return known;
    const region: SesRegion = {
      home: { partition: context.partition, account, region: name },
      ruleSets: createRuleSets(clock.now),
      identities: createIdentities(options.verifiedDomains),
    };
    regions.set(`${account}/${name}`, region);
    return region;
  };
  const isVerified = (home: Home, address: string): boolean => regionOf(home).identities.isVerified(address);
  const targets = { s3, iam, lambda, isVerified };

  const fits = createPace(clock.now, faults.sesCallsPerSecond);
  const paced =
    (operation: SesOperation): QueryOperation =>
    (params, call) => {
      const home = homeOf(call);
      if (!fits(`${home.account}/${home.region}`)) throw sesError('Throttling', 'Rate exceeded');
      return operation(regionOf(home), params);
    };
  const operations = Object.entries(sesOperations(targets, faults.createsAppend, ids.hex));

  const captures = ({ ruleSets, identities }: SesRegion, recipient: string, session: Session): boolean => {
    const { rules } = ruleSets.active() ?? { rules: [] };
    return (
      identities.isVerified(domainOf(recipient) ?? '') &&
      !isBlocked(ruleSets.filters(), session.clientAddress) &&
      rules.some((rule) => judge(rule, { recipients: [recipient], tls: session.tls }).outcome === 'matched')
    );
  };

  return {
    service: withMaps(
      queryService({
        signingName: 'ses',
        namespace: NAMESPACE,
        emptyResults: true,
        operations: Object.fromEntries(operations.map(([name, operation]) => [name, paced(operation)])),
      }),
    ),
    journal,
    acceptsRecipient: (recipient, session) => {
      const all = [...regions.values()];
      if (all.some((region) => captures(region, recipient, session))) return { accepted: true };
      const anyActive = all.some(({ ruleSets }) => ruleSets.active() !== undefined);
      return {
        accepted: false,
        why: anyActive ? 'no enabled rule of the active rule set captures it' : 'no rule set is active',
      };
    },
    receive: (mail) => {
      const deps = { targets, journal, work, clock, ids, signal: stopping.signal };
      return [...regions.values()].flatMap((region) => {
        const recipients = mail.recipients.filter((recipient) => captures(region, recipient, mail));
        const active = region.ruleSets.active();
        if (recipients.length === 0 || active === undefined) return [];
        return [takeIn(deps, region.home, active, { ...mail, recipients })];
      });
    },
    idle: work.idle,
    stop: async () => {
      stopping.abort();
      await work.idle();
    },
  };
}

/** The query protocol writes a map as repeated `<entry>`, where a list named `entry` is one with `<member>` in it. */
function withMaps(service: Service): Service {
  const asEntries = (members: string): string =>
    members.replaceAll('<member>', '<entry>').replaceAll('</member>', '</entry>');
  return {
    ...service,
    handle: async (call) => {
      const reply = await service.handle(call);
      const body = String(reply.body).replace(/<entry>(.*)<\/entry>/s, (_whole, members: string) => asEntries(members));
      return { ...reply, body };
    },
  };
}

/** An Allow filter exempts an address from the Block filters. https://docs.aws.amazon.com/ses/latest/dg/receiving-email-ip-filtering-console-walkthrough.html */
function isBlocked(filters: readonly ReceiptFilter[], address: string): boolean {
  const hit = (policy: ReceiptFilter['policy']): boolean => {
    const list = new BlockList();
    for (const { cidr } of filters.filter((filter) => filter.policy === policy)) {
      const [network = '', bits = '32'] = cidr.split('/');
      list.addSubnet(network, Number(bits));
    }
    return list.check(address, address.includes(':') ? 'ipv6' : 'ipv4');
  };
  return hit('Block') && !hit('Allow');
}
