import type { AwsErrorShape, Call, Clock, Ids, Principal, S3Door, SandboxContext } from './service.ts';
import { randomIds, systemClock } from './clock.ts';
import { createFaultPage } from './fault-page.ts';
import type { FaultSettings } from './fault-settings.ts';
import { createFaults, type FaultControls } from './faults.ts';
import { startHttpServer, type HttpServer } from './http-server.ts';
import { createIam, type Iam } from './iam.ts';
import { createLambda, type Lambda } from './lambda.ts';
import { createLogGroups } from './log-groups.ts';
import { createLogs } from './logs.ts';
import { startMailDoor } from './mail-door.ts';
import { createInspector } from './mail-inspector.ts';
import { createWork } from './mail-work.ts';
import { principalTags } from './principal-tags.ts';
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
  readonly clock?: Clock;
  readonly ids?: Ids;
  /** Trouble from the start; `/_sandbox/faults` changes it. */
  readonly faultSettings?: FaultSettings;
  readonly faults?: FaultControls;
};

/** A running sandbox. Its state lives in memory and ends with `stop`. */
export type Sandbox = {
  /** For `AWS_ENDPOINT_URL`: `http://127.0.0.1:4566`. */
  readonly url: string;
  readonly port: number;
  readonly smtpPort: number;
  readonly account: string;
  /** Everything it can do: `ses:CreateReceiptRule` … */
  readonly operations: readonly string[];
  readonly s3: S3Door & S3Reader;
  readonly iam: Pick<Iam, 'door' | 'roles'>;
  readonly lambda: Pick<Lambda, 'door' | 'logs' | 'idle'>;
  readonly ses: Pick<Ses, 'journal' | 'receive' | 'acceptsRecipient' | 'idle'>;
  readonly faults: FaultControls;
  /** Resolves when no mail, invocation or retry that is due now is in work. */
  readonly idle: () => Promise<void>;
  /** Ends both ports, every handler's process and all queued work. */
  readonly stop: () => Promise<void>;
};

/** Loopback only: there are no secrets here, so nobody else may reach it. */
const HOST = '127.0.0.1';

/**
 * Starts S3, IAM, STS, Lambda, CloudWatch Logs and SES receiving on one HTTP port, and an SMTP door for mail.
 *
 * @throws when one of the ports cannot be had; the sentence names it, `cause` is the system's error
 */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const context = contextOf(options);
  const endpoint: { url: string } = { url: '' };
  const work = createWork(context.clock);

  const iam = createIam(context);
  const s3 = createS3(context, iam);
  const lambda = createLambda({
    context,
    iam: iam.door,
    readObject: s3.reader.readObject,
    endpointUrl: () => endpoint.url,
    work,
    ...(options.functionUpdateMs === undefined ? {} : { updateMs: options.functionUpdateMs }),
  });
  const ses = createSes({
    context,
    s3: s3.door,
    iam: iam.door,
    lambda: lambda.door,
    work,
    ...(options.verifiedDomains === undefined ? {} : { verifiedDomains: options.verifiedDomains }),
  });

  const logs = createLogs(createLogGroups(context.clock, lambda.logs), context.partition);

  const services = [s3.service, iam.service, createSts(context, iam), lambda.service, logs, ses.service];
  const http = await startHttpServer({
    host: HOST,
    port: options.port ?? 4566,
    services,
    routes: {
      '/_sandbox/health': () => jsonReply(200, { status: 'ok' }),
      '/_sandbox/faults': createFaultPage(context.faults),
      '/_sandbox/': createInspector(ses.journal, lambda.logs),
    },
    principalOf: iam.sessions.principalOf,
    authorize: authorizer(iam),
    clock: context.clock,
    ids: context.ids,
    faults: context.faults,
  });
  endpoint.url = http.url;
  const mail = await startMailDoor({ ses, port: options.smtpPort ?? 2525 }).catch(async (error: unknown) => {
    await http.stop();
    throw error;
  });

  return {
    url: http.url,
    port: http.port,
    smtpPort: mail.port,
    account: context.account,
    operations: services.flatMap(({ operations }) => operations),
    s3: { ...s3.door, ...s3.reader },
    iam,
    lambda,
    ses,
    faults: context.faults,
    idle: work.idle,
    stop: once(() => stopAll(mail, ses, lambda, http)),
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

function contextOf(options: SandboxOptions): SandboxContext & { readonly faults: FaultControls } {
  const clock = options.clock ?? systemClock();
  return {
    account: options.account ?? '123456789012',
    partition: options.partition ?? 'aws',
    clock,
    ids: options.ids ?? randomIds(),
    faults: options.faults ?? createFaults(clock, options.faultSettings),
  };
}

const OPEN_TO_ALL = new Set(['sts:GetCallerIdentity', 'sts:AssumeRole']);
const ACTION_OF: Readonly<Record<string, string>> = { 'lambda:Invoke': 'lambda:InvokeFunction' };

/**
 * Keeps a role's session from operations its policies do not allow at all. S3 judges by itself, with resources; here
 * the action alone is judged, so a grant (or a Deny) on one resource counts for calls on all.
 */
function authorizer(iam: Iam): (operation: string, call: Call) => AwsErrorShape | undefined {
  return (operation, { principal }) => {
    if (principal.kind !== 'role' || operation.startsWith('s3:') || OPEN_TO_ALL.has(operation)) return undefined;
    const action = ACTION_OF[operation] ?? operation;
    const verdict = iam.roles.judge(principal.roleArn, { action, context: principalTags(principal) });
    if (verdict.decision === 'allow') return undefined;
    return {
      status: 403,
      code: operation.startsWith('lambda:') ? 'AccessDeniedException' : 'AccessDenied',
      message: `User: ${nameOf(principal)} is not authorized to perform: ${action} (${verdict.why})`,
    };
  };
}

function nameOf(principal: Principal & { kind: 'role' }): string {
  return `${principal.roleArn}/${principal.sessionName}`;
}
