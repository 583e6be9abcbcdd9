import { AwsError } from './aws-error.ts';
import type { History, RecordedCall, RecordedPut } from './history.ts';
import type { ContextRecorder } from './recorded-context.ts';
import type { Call, Reply, S3Door, Service } from './service.ts';

/** Operations that leave nothing behind. Invoke does, in the queue of events, which keeps itself. */
const READS = /^[a-z0-9]+:(?:Get|Head|List|Describe|BatchGet|Filter|Simulate|Invoke)/;
/** Kept out of the history: who calls is settled before, and a signature is nobody's business later. */
const SIGNATURE_HEADERS = ['authorization', 'x-amz-security-token'];

/** The same service, whose writes are written down before they are answered; one after the other, in their order. */
export function recordedService(service: Service, recorder: ContextRecorder, history: History): Service {
  let last: Promise<unknown> = Promise.resolve();

  const handleAndRecord = async (call: Call): Promise<Reply> => {
    const { result, moment } = recorder.record(() => service.handle(call));
    const reply = await result;
    if (surelyDidNothing(reply)) return reply;
    const { query, body, headers, ...rest } = call;
    const kept = Object.fromEntries(Object.entries(headers).filter(([name]) => !SIGNATURE_HEADERS.includes(name)));
    const recorded = { ...rest, headers: kept, query: query.toString() };
    const { status } = reply;
    const entry = { kind: 'call', service: service.signingName, call: recorded, status, moment } as const;
    try {
      history.append(entry, body);
    } catch (error) {
      throw new AwsError(500, 'InternalFailure', error instanceof Error ? error.message : String(error));
    }
    return reply;
  };

  return {
    ...service,
    handle: (call) => {
      if (READS.test(service.operationOf(call))) return service.handle(call);
      const turn = last.then(() => handleAndRecord(call));
      last = turn.catch(() => undefined);
      return turn;
    },
  };
}

/** The same door, whose puts are written down, unless they belong to a call that is. */
export function recordedS3Door(door: S3Door, recorder: ContextRecorder, history: History): S3Door {
  return {
    ...door,
    putAs: (principal, bucket, key, body) => {
      if (recorder.active()) return door.putAs(principal, bucket, key, body);
      const { result, moment } = recorder.record(() => door.putAs(principal, bucket, key, body));
      if (result.ok) history.append({ kind: 'put', principal, bucket, key, moment }, body);
      return result;
    },
  };
}

/** Makes a recorded call again: the same effect. Returns the status of an answer that nobody waits for. */
export async function replayCall(
  { call, moment, service: signingName }: RecordedCall,
  body: Buffer,
  services: readonly Service[],
  recorder: ContextRecorder,
): Promise<number | undefined> {
  const service = services.find((each) => each.signingName === signingName);
  const again: Call = { ...call, query: new URLSearchParams(call.query), body };
  const reply = await recorder.replay(moment, () => service?.handle(again));
  return reply?.status;
}

/** Stores a recorded object again. */
export function replayPut(
  { principal, bucket, key, moment }: RecordedPut,
  body: Buffer,
  door: S3Door,
  recorder: ContextRecorder,
): void {
  recorder.replay(moment, () => door.putAs(principal, bucket, key, body));
}

/** What the sandbox lacks, and what it refused for its pace. Any other refusal may have, as SES's test of a bucket does. */
function surelyDidNothing({ status, body }: Reply): boolean {
  return status === 501 || (status === 400 && String(body).includes('<Code>Throttling</Code>'));
}
