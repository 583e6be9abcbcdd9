import { bucketOf, type Discovery } from 'ses-lambda-pipeline/lambda';
import { createOutbox } from './outbox.ts';
import { createSesOutgoing } from './ses-outgoing.ts';

export type OutgoingMail = {
  /** The same for each try. */
  readonly id: string;
  /** Envelope: where bounces go, and where the mail does. */
  readonly from: string;
  readonly to: string;
  readonly raw: Uint8Array;
};

/** Where mail leaves. `send` returns what it is known by there. */
export type Outgoing = { readonly send: (mail: OutgoingMail, signal: AbortSignal) => Promise<string> };

/** @param kind the variable OUTGOING */
export function outgoingOf(kind: string, discovery: Discovery): Outgoing {
  if (kind === 'ses') return createSesOutgoing();
  const bucket = bucketOf(discovery);
  if (kind === 'outbox' && bucket !== undefined) return createOutbox(bucket.Ref);
  throw new Error('OUTGOING is neither "outbox" nor "ses"; set it in spec.function.environment.');
}
