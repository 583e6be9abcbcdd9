import type { AccountView } from './call-needs.ts';
import { NO_HISTORY, type History, type QueuedEvent } from './history.ts';
import { createDestinations } from './lambda-destinations.ts';
import { createRunner, type InvocationResult } from './lambda-runner.ts';
import { enqueue, resumeEvent, type AsyncDeps } from './lambda-async.ts';
import { createFunctions, type QualifiedFunction } from './lambda-functions.ts';
import { createLogBook, type LogBook } from './lambda-logs.ts';
import { conflict, functionNotFound, throttled } from './lambda-error.ts';
import { LACKING_OPERATIONS } from './lambda-lacking.ts';
import { lambdaOperations } from './lambda-operations.ts';
import { allowsInvoke } from './lambda-policy.ts';
import type { FunctionVersion } from './lambda-types.ts';
import { createWork, type Work } from './mail-work.ts';
import { restJsonService } from './rest-json-service.ts';
import { mailIdOf } from './mail-event.ts';
import type { IamDoor, LambdaDoor, S3Door, SandboxContext, Service } from './service.ts';

export type LambdaOptions = {
  readonly context: SandboxContext;
  readonly iam: IamDoor;
  /** The sandbox's own address: where AWS clients inside a handler go. Asked for when a process starts. */
  readonly endpointUrl: () => string;
  /** Code that a function takes from S3; undefined when there is no such object. Absent: no code from S3. */
  readonly readObject?: (bucket: string, key: string, versionId: string | undefined) => Uint8Array | undefined;
  /** Where records of events may go; absent: no bucket. */
  readonly s3?: Pick<S3Door, 'putAs'>;
  /** Shared with SES, so that one `idle` waits for both. */
  readonly work?: Work;
  /** How long a function is Pending after its creation and InProgress after an update, on the clock. */
  readonly updateMs?: number;
  /** Absent: logs and queued events are kept in memory. */
  readonly history?: History;
};

/** Lambda: functions as data, and their handlers in processes of their own. */
export type Lambda = {
  readonly service: Service;
  readonly door: LambdaDoor;
  readonly logs: LogBook;
  /** Of a function by its ARN, what policies of callers are about. */
  readonly view: AccountView['fn'];
  /** Resolves when no Event invocation that is due now is in work. */
  readonly idle: () => Promise<void>;
  /** Goes on with events that were not over when an earlier process ended. */
  readonly resume: (events: readonly QueuedEvent[]) => void;
  /** Ends every handler's process, gives up queued retries, removes the unpacked code. */
  readonly stop: () => Promise<void>;
};

const DEFAULT_UPDATE_MS = 200;

export function createLambda(options: LambdaOptions): Lambda {
  const { context, iam, endpointUrl } = options;
  const { clock } = context;
  const history = options.history ?? NO_HISTORY;
  const work = options.work ?? createWork(clock);
  const logs = createLogBook(history);
  const stopping = new AbortController();
  const runner = createRunner({ context, iam, logs, endpointUrl });
  const running = new Map<string, number>();

  const functions = createFunctions({
    context,
    iam,
    updateMs: options.updateMs ?? DEFAULT_UPDATE_MS,
    readObject: options.readObject ?? (() => undefined),
    changed: (functionArn) => work.start(() => runner.retire(functionArn)),
  });
  const run = async (version: FunctionVersion, requestId: string, payload: string): Promise<InvocationResult> => {
    const { record } = invocable(version.arn);
    const busy = running.get(record.arn) ?? 0;
    if (record.reservedConcurrency !== undefined && busy >= record.reservedConcurrency) throw throttled();
    running.set(record.arn, busy + 1);
    try {
      return await runner.run(version, requestId, payload);
    } finally {
      running.set(record.arn, (running.get(record.arn) ?? 1) - 1);
    }
  };
  const note = ({ functionArn, requestId, payload }: QueuedEvent, text: string): void => {
    const name = functionArn.split(':')[6] ?? functionArn;
    const mailId = mailIdOf(payload);
    const about = mailId === undefined ? { requestId } : { requestId, mailId };
    logs.append(name, { at: new Date(clock.now()).toISOString(), ...about, source: 'platform', text });
  };
  const deliver = createDestinations({
    context,
    iam,
    s3: options.s3 ?? { putAs: () => ({ ok: false, reason: 'NoSuchBucket', why: 'there is no S3' }) },
    queue: (arn, payload) => {
      const found = functions.find(arn);
      if (found !== undefined) queue(found.version, newRequestId(), payload);
      return found !== undefined;
    },
    note,
  });
  const async: AsyncDeps = {
    work,
    clock,
    current: functions.find,
    run,
    note,
    deliver,
    signal: stopping.signal,
    history,
  };
  const queue = (version: FunctionVersion, requestId: string, payload: string): void =>
    enqueue(async, version.arn, requestId, payload);
  const invocable = (arn: string): QualifiedFunction => {
    const found = functions.find(arn);
    if (found === undefined) throw functionNotFound(arn);
    if (clock.now() < found.version.activeAtMs) {
      throw conflict(
        `The operation cannot be performed at this time. The function is currently in the following state: Pending`,
      );
    }
    return found;
  };
  const newRequestId = (): string => uuid(context.ids.hex(32));

  return {
    service: restJsonService({
      signingName: 'lambda',
      lacking: LACKING_OPERATIONS,
      operations: lambdaOperations({ functions, invocable, run, queue, newRequestId, clock, iam }),
    }),
    door: {
      functionExists: (arn) => functions.find(arn) !== undefined,
      invokableBy: (principal, arn) => {
        const found = functions.find(arn);
        return found !== undefined && allowsInvoke(found, principal, clock.now());
      },
      invoke: async (arn, payload, invocationType) => {
        const { version } = invocable(arn);
        const requestId = newRequestId();
        if (invocationType === 'RequestResponse') return run(version, requestId, JSON.stringify(payload));
        queue(version, requestId, JSON.stringify(payload));
        return { requestId, payload: '' };
      },
    },
    logs,
    view: (arn) => {
      const record = functions.find(arn)?.record;
      return record && { tags: record.tags, kmsKeyArn: record.settings.KMSKeyArn || undefined };
    },
    idle: work.idle,
    resume: (events) => {
      for (const event of events) resumeEvent(async, event);
    },
    stop: async () => {
      stopping.abort();
      await runner.stop();
    },
  };
}

function uuid(hex: string): string {
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-');
}
