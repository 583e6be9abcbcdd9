import { DescribeActiveReceiptRuleSetCommand, type ReceiptRule } from '@aws-sdk/client-ses';
import type { Foreign } from '../../support/aws-clients.ts';
import {
  readBucket,
  readFunction,
  readRole,
  type BucketHolding,
  type FunctionHolding,
  type RoleHolding,
} from '../../support/holdings.ts';
import type { Live } from './live.ts';

/** What a pipeline holds on AWS, found by the names in its status. */
export type Held = {
  readonly bucket: BucketHolding | undefined;
  readonly role: RoleHolding | undefined;
  readonly fn: FunctionHolding | undefined;
  /** Of the active set, whoever owns them. */
  readonly rules: readonly ReceiptRule[];
  readonly activeSet: string | undefined;
};

export async function heldBy({ status }: Live, clients: Foreign): Promise<Held> {
  const { bucket, role, function: fn } = status ?? {};
  const [heldBucket, heldRole, heldFunction, active] = await Promise.all([
    bucket === undefined ? undefined : readBucket(clients, bucket.name),
    role === undefined ? undefined : readRole(clients, role.name),
    fn === undefined ? undefined : readFunction(clients, fn.name),
    clients.ses.send(new DescribeActiveReceiptRuleSetCommand({})),
  ]);
  return {
    bucket: heldBucket,
    role: heldRole,
    fn: heldFunction,
    rules: active.Rules ?? [],
    activeSet: active.Metadata?.Name,
  };
}
