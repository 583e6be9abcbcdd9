import {
  GetIdentityVerificationAttributesCommand,
  ListIdentitiesCommand,
  type SESClient,
  type VerificationStatus,
} from '@aws-sdk/client-ses';
import type { MailIdentities, Verification } from '../core/ports.ts';
import type { Call } from './calls.ts';
import type { Lane } from './lane.ts';

/** @see https://docs.aws.amazon.com/ses/latest/APIReference/API_GetIdentityVerificationAttributes.html */
const NAMES_PER_CALL = 100;
const DOMAINS_LISTED = 1000;

/** Identities of SES, for whose names it takes mail. Every call waits its turn in the lane, as those of the rules do. */
export function mailIdentities(ses: SESClient, call: Call, lane: Lane): MailIdentities {
  return {
    verification: async (names) => {
      const found = new Map<string, Verification>();
      for (let from = 0; from < names.length; from += NAMES_PER_CALL) {
        const Identities = names.slice(from, from + NAMES_PER_CALL);
        const command = new GetIdentityVerificationAttributesCommand({ Identities });
        const send = () => call('GetIdentityVerificationAttributes', undefined, () => ses.send(command));
        const { VerificationAttributes = {} } = await lane.run(send, `identities ${Identities.join()}`);
        for (const [name, { VerificationStatus: status }] of Object.entries(VerificationAttributes))
          found.set(name, verificationOf(status));
      }
      return found;
    },
    domains: async () => {
      const command = new ListIdentitiesCommand({ IdentityType: 'Domain', MaxItems: DOMAINS_LISTED });
      const send = () => call('ListIdentities', undefined, () => ses.send(command));
      const { Identities = [] } = await lane.run(send, 'ListIdentities');
      return Identities;
    },
  };
}

/** What AWS may add one day is taken for not verified yet. */
function verificationOf(status: VerificationStatus | undefined): Verification {
  switch (status) {
    case 'Success':
      return 'verified';
    case 'Failed':
      return 'failed';
    case 'TemporaryFailure':
      return 'temporary-failure';
    case 'Pending':
    case 'NotStarted':
    case undefined:
      return 'pending';
  }
  return 'pending';
}
