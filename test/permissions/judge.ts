import type { PolicyDocument } from '../../src/core/policy-document.ts';
import { systemClock } from '../../src/sandbox/clock.ts';
import { createFaults, type FaultControls } from '../../src/sandbox/faults.ts';
import { parsePolicy } from '../../src/sandbox/policy/document.ts';
import { evaluate, type Verdict } from '../../src/sandbox/policy/evaluate.ts';
import { foreignClients, type Foreign } from '../support/aws-clients.ts';
import { needsOf, type Need } from './needs.ts';

/** Every call of ours judged by a policy before it has an effect, as IAM would. */
export type Judge = FaultControls & {
  /** Actions that calls have needed and got. */
  readonly used: () => ReadonlySet<string>;
  /** Why calls were refused. */
  readonly refusals: () => readonly string[];
  /** Where the account is, which it looks at as a stranger who is not judged. Until then nobody is. */
  readonly look: (sandboxUrl: string) => void;
  readonly close: () => void;
};

const OUR_KEY = 'AKIAOURS';

export function judgeBy(policy: PolicyDocument): Judge {
  const ask = askerOf(policy);
  const inner = createFaults(systemClock());
  const used = new Set<string>();
  const refusals: string[] = [];
  const clients = new Map<string, Foreign>();
  let url: string | undefined;
  const accountIn = (region: string): Foreign => {
    const account = clients.get(region) ?? foreignClients(url ?? '', region);
    clients.set(region, account);
    return account;
  };

  return {
    ...inner,
    used: () => used,
    refusals: () => refusals,
    look: (sandboxUrl) => void (url = sandboxUrl),
    close: () => clients.forEach(({ destroy }) => destroy()),
    before: async (operation, call) => {
      if (url === undefined || !(call.headers['authorization'] ?? '').includes(OUR_KEY)) return undefined;
      for (const need of await needsOf(operation, call, accountIn(call.region))) {
        const { decision, why } = ask(need);
        if (decision !== 'allow') {
          refusals.push(why);
          return { kind: 'error', status: 403, code: 'AccessDenied', message: `not authorized: ${why}` };
        }
        used.add(need.action);
      }
      return inner.before(operation, call);
    },
  };
}

/** `none`: nothing allows it, which IAM takes for a denial. */
export const decisionOf = (policy: PolicyDocument, need: Need): Verdict['decision'] => askerOf(policy)(need).decision;

function askerOf(policy: PolicyDocument): (need: Need) => Verdict {
  const parsed = parsePolicy(JSON.stringify(policy), 'identity');
  if (!parsed.ok) throw new Error(parsed.why);
  const principal = { kind: 'aws', account: '123456789012', arn: 'arn:aws:iam::123456789012:role/controller' } as const;
  return (need) => evaluate({ ...need, documents: [parsed.document], principal });
}
