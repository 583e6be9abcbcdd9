import { createAuthorizer } from './authorizer.ts';
import { needsOf, type AccountView, type Need } from './call-needs.ts';
import type { Call, Clock, Ids, S3Door, SandboxContext } from './service.ts';
import { movableClock, randomIds, systemClock, type MovableClock } from './clock.ts';
import { createClockPage } from './clock-page.ts';
import { createFaultPage } from './fault-page.ts';
import type { FaultSettings } from './fault-settings.ts';
import { createFaults, type FaultControls } from './faults.ts';
import { startHttpServer, type HttpServer } from './http-server.ts';
import { openDataDir, type DataDir } from './data-dir.ts';
import { NO_HISTORY } from './history.ts';
import { createIam, type Iam } from './iam.ts';
import { createLambda, type Lambda } from './lambda.ts';
import { createLogGroups } from './log-groups.ts';
import { createLogs } from './logs.ts';
import { createDelivery } from './mail-delivery.ts';
import { startMailDoor } from './mail-door.ts';
import { createInspector } from './mail-inspector.ts';
import { createWork, type Work } from './mail-work.ts';
import { recordedContext } from './recorded-context.ts';
import { recordedS3Door, recordedService } from './recorded-services.ts';
import { noticesOf, NOTHING_RESTORED, restore, type Restored } from './restore.ts';
import { createS3, type S3Reader } from './s3.ts';
import { createSes, type Ses } from './ses.ts';
import { createSts } from './sts.ts';
import { jsonReply } from './wire/rest-json.ts';

export type SandboxOptions = {
  /** AWS over HTTP, default 4566; 0 takes a free one. */
  readonly port?: number;
  /** Mail comes in here, default 2525; 0 takes a free one. */
  readonly smtpPort?: number;
  /** Default 123456789012. */
  readonly account?: string;
  /** Default `aws`. */
  readonly partition?: string;
  /** Domains SES receives for; absent, every domain counts as verified. */
  readonly verifiedDomains?: readonly string[];
  /** How long a function is Pending or InProgress; default 200. */
  readonly functionUpdateMs?: number;
  /** Keeps the state in this folder, which one sandbox at a time may have. Absent: in memory. */
  readonly dataDir?: string;
  /** Where to listen; default loopback. There are no secrets here: whoever reaches the ports may do everything. */
  readonly host?: string;
  readonly clock?: Clock;
  readonly ids?: Ids;
  /** Trouble from the start; `/_sandbox/faults` changes it. */
  readonly faultSettings?: FaultSettings;
  readonly faults?: FaultControls;
};

/** A running sandbox. */
export type Sandbox = {
  /** For `AWS_ENDPOINT_URL`: `http://127.0.0.1:4566`. */
  readonly url: string;
  readonly port: number;
  readonly smtpPort: number;
  readonly account: string;
  /** Everything it can do: `ses:CreateReceiptRule` … */
  readonly operations: readonly string[];
  /** What there is to say about the state it started with; empty for a sandbox in memory. */
  readonly notices: readonly string[];
  readonly s3: S3Door & S3Reader;
  readonly iam: Pick<Iam, 'door' | 'roles'>;
  readonly lambda: Pick<Lambda, 'door' | 'logs' | 'idle'>;
  readonly ses: Pick<Ses, 'journal' | 'receive' | 'acceptsRecipient' | 'idle'>;
  readonly faults: FaultControls;
  /** What IAM would judge the caller of a call by, S3's own calls aside; asked before the call has an effect. */
  readonly needsOf: (operation: string, call: Call) => readonly Need[];
  /** Resolves when no mail, invocation or retry that is due now is in work. */
  readonly idle: () => Promise<void>;
  /** Ends both ports, every handler's process and all queued work. */
  readonly stop: () => Promise<void>;
};

const LOOPBACK = '127.0.0.1';

/**
 * Starts S3, IAM, STS, Lambda, CloudWatch Logs and SES receiving on one HTTP port, and an SMTP door for mail.
 *
 * @throws when one of the ports or the folder cannot be had; the sentence says why, `cause` is the system's error
 */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const real = contextOf(options);
  const dataDir = options.dataDir === undefined ? undefined : openDataDir(options.dataDir, real);
  const base: Base = { options, real, dataDir, work: createWork(real.clock), endpoint: { url: '' } };
  try {
    const aws = createAws(base);
    const restored = dataDir === undefined ? NOTHING_RESTORED : await bringBack(dataDir, aws);
    const sandbox = await openDoors(base, aws, noticesOf(restored));
    // Now, for their functions call back over HTTP.
    aws.lambda.resume(restored.openEvents);
    aws.ses.resume(restored.openMails);
    return sandbox;
  } catch (error) {
    dataDir?.close();
    throw error;
  }
}

/** What all parts of one sandbox stand on. */
type Base = {
  readonly options: SandboxOptions;
  readonly real: RealContext;
  /** Absent: everything is kept in memory. */
  readonly dataDir: DataDir | undefined;
  readonly work: Work;
  /** Known once the port is open. */
  readonly endpoint: { url: string };
};

/** The services, of which those that write are recorded when there is a folder to record them in. */
function createAws({ options, real, dataDir, work, endpoint }: Base) {
  const recorder = recordedContext(real);
  const context = dataDir === undefined ? real : recorder.context;
  const history = dataDir?.history ?? NO_HISTORY;

  const iam = createIam(context);
  const s3 = createS3(context, iam);
  const s3Door = dataDir === undefined ? s3.door : recordedS3Door(s3.door, recorder, history);
  const lambda = createLambda({
    context,
    s3: s3Door,
    iam: iam.door,
    readObject: s3.reader.readObject,
    endpointUrl: () => endpoint.url,
    work,
    history,
    ...(options.functionUpdateMs === undefined ? {} : { updateMs: options.functionUpdateMs }),
  });
  const ses = createSes({
    context,
    s3: s3Door,
    iam: iam.door,
    lambda: lambda.door,
    work,
    history,
    ...(options.verifiedDomains === undefined ? {} : { verifiedDomains: options.verifiedDomains }),
  });
  const logs = createLogs(createLogGroups(context.clock, lambda.logs), context.partition);
  const services = [s3.service, iam.service, createSts(context, iam), lambda.service, logs, ses.service];
  return { iam, s3, lambda, ses, services, recorder };
}

type Aws = ReturnType<typeof createAws>;

/** Puts back what an earlier process left in the folder. */
async function bringBack({ history }: DataDir, { s3, ses, lambda, services, recorder }: Aws): Promise<Restored> {
  const restored = await restore(history, { services, s3: s3.door, logs: lambda.logs, recorder });
  ses.journal.restore(restored.records, restored.refusals);
  return restored;
}

async function openDoors(
  { options, real, dataDir, work, endpoint }: Base,
  { iam, s3, lambda, ses, services, recorder }: Aws,
  notices: readonly string[],
): Promise<Sandbox> {
  const { clock, ids, faults } = real;
  const account = accountView(iam, lambda, real);
  const host = options.host ?? LOOPBACK;
  const door: { certificate: string } = { certificate: '' };
  const http = await startHttpServer({
    host,
    port: options.port ?? 4566,
    services:
      dataDir === undefined ? services : services.map((each) => recordedService(each, recorder, dataDir.history)),
    routes: {
      '/_sandbox/health': () => jsonReply(200, { status: 'ok' }),
      '/_sandbox/clock': createClockPage(clock),
      '/_sandbox/faults': createFaultPage(faults),
      '/_sandbox/': createInspector({
        journal: ses.journal,
        logs: lambda.logs,
        delivery: createDelivery(ses, clock),
        certificate: () => door.certificate,
      }),
    },
    principalOf: iam.sessions.principalOf,
    authorize: createAuthorizer(iam.roles, account),
    clock,
    ids,
    faults,
  });
  endpoint.url = http.url;
  const mail = await startMailDoor({ ses, clock, host, port: options.smtpPort ?? 2525 }).catch(
    async (error: unknown) => {
      await http.stop();
      throw error;
    },
  );
  door.certificate = mail.certificate;

  return {
    url: http.url,
    port: http.port,
    smtpPort: mail.port,
    account: real.account,
    operations: services.flatMap(({ operations }) => operations),
    notices,
    s3: { ...s3.door, ...s3.reader },
    iam,
    lambda,
    ses,
    faults,
    needsOf: (operation, call) => needsOf(operation, call, account),
    idle: work.idle,
    stop: once(async () => {
      await stopAll(mail, ses, lambda, http);
      dataDir?.close();
    }),
  };
}

/** From the outside in: no new mail, then no new work, then the port that handlers still talk to. */
async function stopAll(mail: { stop: () => Promise<void> }, ses: Ses, lambda: Lambda, http: HttpServer): Promise<void> {
  await mail.stop();
  // Together: SES waits for invocations that only end when Lambda ends their processes.
  await Promise.all([ses.stop(), lambda.stop()]);
  await http.stop();
}

function once(stop: () => Promise<void>): () => Promise<void> {
  let stopped: Promise<void> | undefined;
  return () => (stopped ??= stop());
}

type RealContext = SandboxContext & { readonly faults: FaultControls; readonly clock: MovableClock };

function contextOf(options: SandboxOptions): RealContext {
  const clock = movableClock(options.clock ?? systemClock());
  return {
    account: options.account ?? '123456789012',
    partition: options.partition ?? 'aws',
    clock,
    ids: options.ids ?? randomIds(),
    faults: options.faults ?? createFaults(clock, options.faultSettings),
  };
}

/** What the accounts have now, as far as policies are about it. */
const accountView = ({ roles }: Iam, { view }: Lambda, { partition }: SandboxContext): AccountView => ({
  partition,
  role: (account, name) => {
    const role = roles
      .of(account)
      .list()
      .find((each) => each.name.toLowerCase() === name.toLowerCase());
    return role && { arn: role.arn, boundaryArn: role.permissions.latest().boundaryArn };
  },
  fn: view,
});
