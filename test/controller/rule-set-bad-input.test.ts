import { describe, expect, it } from 'vitest';
import type { Fault } from '../../src/core/fault.ts';
import type { ReceiptRule } from '../../src/core/receipt-rule.ts';
import { rule } from '../core/support/rules.ts';
import { ruleSession, type RuleSession } from './support/rule-session.ts';

const ADDRESSES = ['a@x.io', 'b@x.io', 'c@x.io'];
const pipeline = (...recipients: readonly string[]) => ({
  ruleSet: { name: 'main' },
  receiptRules: recipients.map((recipient, index) => ({ name: 'ABC'.charAt(index), recipients: [recipient] })),
});

/** `reason: message` of what keeps a pipeline from being Ready. */
function saidOf({ source }: RuleSession, name: string): string {
  const ready = source.resources.get(`mail/${name}`)?.status?.conditions.find(({ type }) => type === 'Ready');
  return `${ready?.status} ${ready?.reason}: ${ready?.message}`;
}

async function settledSession(
  pipelines: Readonly<Record<string, object>>,
  foreign: readonly ReceiptRule[] = [],
): Promise<RuleSession> {
  const session = ruleSession(ADDRESSES, { main: foreign });
  for (const [name, spec] of Object.entries(pipelines)) session.put(name, spec);
  await session.settle();
  return session;
}

describe('bad input', () => {
  it('a recipient that two pipelines name stays with the first by name, and the other one says so and writes nothing', async () => {
    const session = await settledSession({ alpha: pipeline('a@x.io'), beta: pipeline('b@x.io', 'A@x.io') });

    expect(session.rulesIn('main')).toEqual(['alpha/MessageBodyStorage', 'alpha/A']);
    expect(saidOf(session, 'beta')).toBe(
      'False RecipientClaimed: spec.receiptRules[1].recipients[0] already belongs to pipeline mail/alpha; take it out of one of the two',
    );
    expect(session.aws.functions.size).toBe(1);

    session.put('alpha', pipeline('c@x.io'));
    await session.settle();
    expect(saidOf(session, 'beta')).toMatch(/^True/);
    expect(session.broken).toEqual([]);
  });

  it('a rule that the set has no room for is not made, nor anything else of its pipeline; the others go on', async () => {
    const foreign = Array.from({ length: 196 }, (_, index) => rule(`theirs-${index}`, { recipients: ['y.io'] }));
    const session = await settledSession({ alpha: pipeline('a@x.io') }, foreign);
    session.put('beta', pipeline('b@x.io', 'c@x.io'));
    await session.settle();

    expect(saidOf(session, 'beta')).toContain('QuotaExceeded: Rule set main would hold 201 rules; SES allows 200');
    expect(session.aws.sets.get('main')).toHaveLength(198);
    expect(session.aws.functions.size).toBe(1);
    expect(saidOf(session, 'alpha')).toMatch(/^True/);
    expect(session.broken).toEqual([]);
  });

  it('names of others that look like ours are theirs, come what may', async () => {
    const looks = [
      'slp_mail_alpha',
      'slp_mail_alpha_',
      'slp_mail_alpha_A_',
      'slp_mail_alpha_b_A',
      'slp_mail_alphabet_A',
      'SLP_mail_alpha_A',
      'xslp_mail_alpha_A',
      'slp_mail_alpha_b_MessageBodyStorage',
    ].map((name) => rule(name, { recipients: ['x.io'] }));
    const session = await settledSession({ alpha: pipeline('a@x.io', 'b@x.io') }, looks);

    session.put('alpha', pipeline('b@x.io'));
    await session.settle();
    session.remove('alpha');
    await session.settle();

    expect(session.aws.sets.get('main')).toEqual(looks);
    expect(session.broken).toEqual([]);
  });

  it.each(['create', 'update', 'delete', 'reorder'])(
    'a set that is deleted right before the %s is made again, with all rules, and active',
    async (write) => {
      const session = await settledSession({ alpha: pipeline('a@x.io', 'b@x.io'), beta: pipeline('c@x.io') });
      session.put('alpha', {
        ...pipeline('c+l@x.io', 'b@x.io'),
        ...(write === 'reorder' && { ruleSet: { name: 'main', priority: 9 } }),
      });
      session.put('gamma', pipeline('d@x.io'));
      session.remove('beta');
      let gone = false;
      session.aws.before = (call) => {
        if (!gone && call.startsWith(`receiptRules.${write} `)) {
          gone = true;
          session.aws.active = undefined;
          session.aws.sets.delete('main');
        }
        return undefined;
      };

      await session.settle();

      expect(gone).toBe(true);
      expect(session.rulesIn('main')).toHaveLength(5);
      expect(session.aws.active).toBe('main');
      expect(saidOf(session, 'alpha')).toMatch(/^True/);
    },
  );

  it('a permission that is missing for one call is named, and what does not need the call goes on', async () => {
    const session = await settledSession({ alpha: pipeline('a@x.io', 'b@x.io') });
    const denied: Fault = {
      class: 'denied',
      reason: 'AccessDenied',
      operation: 'ses:ReorderReceiptRuleSet',
      message: 'Not allowed to call ses:ReorderReceiptRuleSet on rule set "main"',
    };
    session.aws.before = (call) => (call.startsWith('receiptRules.reorder') ? denied : undefined);
    const [storage, first, second] = session.aws.sets.get('main') ?? [];
    session.aws.sets.set(
      'main',
      [storage, second, first].flatMap((one) => one ?? []),
    );
    session.put('beta', pipeline('c@x.io'));

    await session.run(['alpha', 'beta']);

    expect(saidOf(session, 'alpha')).toContain('ses:ReorderReceiptRuleSet');
    expect(session.servedAt('c@x.io')).toEqual(['beta/A']);
    expect(session.servedAt('a@x.io')).toEqual(['alpha/A']);
  });

  it('a rule that somebody else edits again and again is left alone after a while, which is said', async () => {
    const session = await settledSession({ alpha: pipeline('a@x.io'), beta: pipeline('b@x.io') });
    const edited = (session.aws.sets.get('main') ?? []).map((one) =>
      one.name.endsWith('alpha_A') ? { ...one, recipients: ['z@x.io'] } : one,
    );
    let writes = 0;
    for (let round = 0; round < 6; round += 1) {
      session.aws.sets.set('main', edited);
      const before = session.aws.writes().length;
      await session.run(['alpha', 'beta']);
      writes += session.aws.writes().length - before;
    }

    expect(saidOf(session, 'alpha')).toMatch(/NotConverging: .*recipients of rule slp_mail_alpha_A in main.*let go/);
    expect(saidOf(session, 'beta')).toMatch(/^True/);
    expect(writes).toBe(3);
    expect(session.aws.sets.get('main')).toEqual(edited);

    session.put('alpha', pipeline('a@x.io'));
    await session.settle();
    expect(session.servedAt('a@x.io')).toEqual(['alpha/A']);
  });
});
