import { onTestFinished } from 'vitest';
import { awsPorts, type AwsPortsOptions } from '../../../src/aws/ports.ts';
import { systemClock } from '../../../src/aws/system-clock.ts';
import { faultOf, type Fault } from '../../../src/core/fault.ts';
import type { Ports } from '../../../src/core/ports.ts';

export const CREDENTIALS = { accessKeyId: 'AKIDTEST', secretAccessKey: 'secret' };

/** Ports on a local endpoint, closed when the test ends. SES is not slowed down unless asked for. */
export function portsAt(
  endpointUrl: string,
  options: Partial<AwsPortsOptions> = {},
): Ports & { readonly close: () => void } {
  const ports = awsPorts({
    region: 'us-west-2',
    endpointUrl,
    credentials: CREDENTIALS,
    clock: systemClock(),
    sesCallsPerSecond: 1_000,
    ...options,
  });
  onTestFinished(() => ports.close());
  return ports;
}

/** The fault a call ends with; fails when it succeeds. */
export async function faultFrom(call: Promise<unknown>): Promise<Fault> {
  const outcome = await call.then(
    () => ({ ok: true as const }),
    (error: unknown) => ({ ok: false as const, error }),
  );
  if (outcome.ok) throw new Error('the call succeeded');
  return faultOf(outcome.error);
}
