import { GetCallerIdentityCommand, type STSClient } from '@aws-sdk/client-sts';
import type { Identity } from '../core/ports.ts';
import type { Call } from './calls.ts';

/** Whose credentials these are. Asked once: an answer stays, a failure is asked again. */
export function identity(sts: STSClient, call: Call): Identity {
  let answer: ReturnType<Identity['caller']> | undefined;
  const ask: Identity['caller'] = async () => {
    const caller = await call('GetCallerIdentity', undefined, () => sts.send(new GetCallerIdentityCommand({})));
    return { account: caller.Account ?? '', partition: caller.Arn?.split(':')[1] ?? 'aws' };
  };

  return {
    caller: () => {
      answer ??= ask().catch((error: unknown) => {
        answer = undefined;
        throw error;
      });
      return answer;
    },
  };
}
