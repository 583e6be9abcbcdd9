import type { PolicyDocument } from '../../src/core/policy-document.ts';
import { systemClock } from '../../src/sandbox/clock.ts';
import { createFaults, type FaultControls } from '../../src/sandbox/faults.ts';
import { parsePolicy } from '../../src/sandbox/policy/document.ts';
import { evaluate, type Verdict } from '../../src/sandbox/policy/evaluate.ts';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import type { Call } from '../../src/sandbox/service.ts';
import { needsOf, type Need } from './needs.ts';

/** Every call of ours judged by a policy before it has an effect, as IAM would. */
export type Judge = FaultControls & {
  /** Actions that calls have needed and got; of one role, or of all whom the judge knows. */
  readonly used: (roleArn?: string) => ReadonlySet<string>;
  /** Why calls were refused. */
  readonly refusals: () => readonly string[];
  /** Where the account is. Until then nobody is judged. */
  readonly look: (sandbox: Sandbox) => void;
};

const OUR_KEY = 'AKIAOURS';

/** Judges our static key by one policy. */
export const judgeBy = (policy: PolicyDocument): Judge =>
  judgeEach(({ headers }) =>
    (headers['authorization'] ?? '').includes(OUR_KEY) ? { who: OUR_KEY, policy } : undefined,
  );

/** Judges sessions of roles, each by its own policy. */
export const judgeRoles = (policies: ReadonlyMap<string, PolicyDocument>): Judge =>
  judgeEach(({ principal }) => {
    const policy = principal.kind === 'role' ? policies.get(principal.roleArn) : undefined;
    return principal.kind === 'role' && policy !== undefined ? { who: principal.roleArn, policy } : undefined;
  });

function judgeEach(
  policyOf: (call: Call) => { readonly who: string; readonly policy: PolicyDocument } | undefined,
): Judge {
  const inner = createFaults(systemClock());
  const used = new Map<string, Set<string>>();
  const refusals: string[] = [];
  let sandbox: Sandbox | undefined;

  return {
    ...inner,
    used: (roleArn) => new Set([...used].flatMap(([who, actions]) => (who === (roleArn ?? who) ? [...actions] : []))),
    refusals: () => refusals,
    look: (started) => void (sandbox = started),
    before: async (operation, call) => {
      const judged = policyOf(call);
      if (sandbox === undefined || judged === undefined) return inner.before(operation, call);
      for (const need of needsOf(operation, call, sandbox)) {
        const { decision, why } = askerOf(judged.policy)(need);
        if (decision !== 'allow') {
          refusals.push(why);
          return { kind: 'error', status: 403, code: 'AccessDenied', message: `not authorized: ${why}` };
        }
        used.set(judged.who, (used.get(judged.who) ?? new Set()).add(need.action));
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
  return ({ action, resource, context }) =>
    evaluate({ action, resource, context, documents: [parsed.document], principal });
}
