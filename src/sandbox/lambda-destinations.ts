import type { QueuedEvent } from './history.ts';
import type { QualifiedFunction } from './lambda-functions.ts';
import { qualifierKey } from './lambda-versions.ts';
import type { IamDoor, Principal, S3Door, SandboxContext } from './service.ts';

/** Why Lambda is done with an event, as the record says it; for an event that was never run its word is not documented. */
export type EndCondition = 'Success' | 'RetriesExhausted' | 'EventAgeExceeded' | 'ZeroReservedConcurrency';

export type EventOver = {
  readonly event: QueuedEvent;
  readonly found: QualifiedFunction;
  readonly condition: EndCondition;
  readonly attempts: number;
  /** Absent when the function was not run. */
  readonly answer?: { readonly payload: string; readonly functionError?: string };
};

export type Deliver = (over: EventOver) => void;

export type DestinationDeps = {
  readonly context: Pick<SandboxContext, 'clock' | 'ids'>;
  readonly iam: IamDoor;
  readonly s3: Pick<S3Door, 'putAs'>;
  /** Queues an event for another function; false when there is none. */
  readonly queue: (functionArn: string, payload: string) => boolean;
  readonly note: (event: QueuedEvent, text: string) => void;
};

/**
 * Delivers the record of an event to the destination of its function, and what failed to the dead-letter target: into a
 * bucket, to a function, or, where the sandbox has no such service, to nobody. The log says which. The role of the
 * function decides, as on AWS.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
 */
export function createDestinations(deps: DestinationDeps): Deliver {
  return (over) => {
    const { event, found, condition } = over;
    const destination = destinationOf(over);
    if (destination !== undefined) {
      const record = JSON.stringify(invocationRecord(over, new Date(deps.context.clock.now())));
      deps.note(event, `Destination ${destination}: ${handOver(deps, found, destination, record)}`);
    }
    const deadLetter = found.record.settings.DeadLetterConfig?.['TargetArn'];
    if (condition !== 'Success' && typeof deadLetter === 'string' && deadLetter !== '') {
      deps.note(event, `Dead-letter target ${deadLetter}: ${handOver(deps, found, deadLetter, event.payload)}`);
    }
  };
}

function destinationOf({ found: { record, qualifier }, condition }: EventOver): string | undefined {
  const config = record.eventInvokeConfigs[qualifierKey(qualifier)]?.DestinationConfig as
    | Readonly<Record<string, { readonly Destination?: unknown } | undefined>>
    | undefined;
  const destination = config?.[condition === 'Success' ? 'OnSuccess' : 'OnFailure']?.Destination;
  return typeof destination === 'string' && destination !== '' ? destination : undefined;
}

function invocationRecord({ event, found, condition, attempts, answer }: EventOver, at: Date): unknown {
  const { record, qualifier, version } = found;
  return {
    version: '1.0',
    timestamp: at.toISOString(),
    requestContext: {
      requestId: event.requestId,
      functionArn: `${record.arn}:${qualifierKey(qualifier)}`,
      condition,
      approximateInvokeCount: attempts,
    },
    requestPayload: JSON.parse(event.payload) as unknown,
    ...(answer && {
      responseContext: {
        statusCode: 200,
        executedVersion: version.version,
        ...(answer.functionError && { functionError: answer.functionError }),
      },
      responsePayload: parsed(answer.payload),
    }),
  };
}

/** A program of one's own may answer what is no JSON. */
function parsed(payload: string): unknown {
  try {
    return JSON.parse(payload);
  } catch {
    return payload;
  }
}

/** What a role needs to deliver there, and what the sandbox lacks. */
const TARGETS: Readonly<Record<string, { readonly action: string; readonly service: string }>> = {
  sqs: { action: 'sqs:SendMessage', service: 'SQS' },
  sns: { action: 'sns:Publish', service: 'SNS' },
  events: { action: 'events:PutEvents', service: 'EventBridge' },
};

/** Returns how it went, for the log. */
function handOver(deps: DestinationDeps, { record }: QualifiedFunction, arn: string, payload: string): string {
  const service = arn.split(':')[2] ?? '';
  if (service === 's3') return store(deps, record.name, record.settings.Role, arn, payload);
  const action = service === 'lambda' ? 'lambda:InvokeFunction' : TARGETS[service]?.action;
  if (action === undefined) return 'not delivered: Lambda delivers to SQS, SNS, EventBridge, Lambda and S3 only';
  if (!deps.iam.allows(record.settings.Role, action, arn)) {
    return `not delivered: the role of the function does not allow ${action} on it`;
  }
  if (service !== 'lambda') return `delivered to nobody: the sandbox has no ${TARGETS[service]?.service ?? service}`;
  return deps.queue(arn, payload) ? 'invoked' : 'not delivered: there is no such function';
}

/** https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html#create-destination, the key's form */
function store(deps: DestinationDeps, name: string, roleArn: string, arn: string, payload: string): string {
  const { clock, ids } = deps.context;
  const [at = ''] = new Date(clock.now()).toISOString().split('.');
  const [day = ''] = at.split('T');
  const id = ids.hex(32).replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, '$1-$2-$3-$4-$5');
  const key = `aws/lambda/async/${name}/${day.replaceAll('-', '/')}/${at.replaceAll(':', '.')}-${id}`;
  const bucket = arn.split(':').at(-1) ?? '';
  const account = roleArn.split(':')[4] ?? '';
  const principal: Principal = { kind: 'role', account, roleArn, sessionName: name };
  const written = deps.s3.putAs(principal, bucket, key, Buffer.from(payload));
  return written.ok ? `stored as ${key}` : `not delivered: ${written.reason}: ${written.why}`;
}
