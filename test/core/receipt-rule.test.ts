import { describe, expect, it } from 'vitest';
import { canStop, sameActions, sameRule, type ReceiptRule } from '../../src/core/receipt-rule.ts';
import { ask, bounce, invoke, rule, stop, store, workmail } from './support/rules.ts';

const IN_FOLDER = { kind: 's3', bucketName: 'bodies' } as const;

describe('sameRule', () => {
  const one = rule('one', { recipients: ['a@x.io', 'b@x.io'], actions: [store(), invoke()] });

  it('takes recipients for a set, whatever their order', () => {
    expect(sameRule(one, { ...one, recipients: ['b@x.io', 'a@x.io', 'a@x.io'] })).toBe(true);
  });

  it('takes a domain in any case for the same, but not a local part', () => {
    expect(sameRule(one, { ...one, recipients: ['a@X.io', 'b@x.IO'] })).toBe(true);
    expect(sameRule(one, { ...one, recipients: ['A@x.io', 'b@x.io'] })).toBe(false);
  });

  it('takes members of an action for what they say, whatever their order', () => {
    const [action] = [{ bucketName: 'bodies', kind: 's3' } as const];

    expect(sameRule(one, { ...one, actions: [action, invoke()] })).toBe(true);
  });

  it.each<{ what: string; over: Partial<ReceiptRule> }>([
    { what: 'being enabled', over: { enabled: false } },
    { what: 'the TLS policy', over: { tlsPolicy: 'Require' } },
    { what: 'scanning', over: { scanEnabled: false } },
    { what: 'a recipient less', over: { recipients: ['a@x.io'] } },
    { what: 'a recipient more', over: { recipients: ['a@x.io', 'b@x.io', 'c@x.io'] } },
    { what: 'the order of actions', over: { actions: [invoke(), store()] } },
    { what: 'an action more', over: { actions: [store(), invoke(), stop] } },
    { what: 'a member of an action', over: { actions: [store('elsewhere'), invoke()] } },
  ])('sees a difference in $what', ({ over }) => {
    expect(sameRule(one, { ...one, ...over })).toBe(false);
    expect(sameRule({ ...one, ...over }, one)).toBe(false);
  });
});

describe('sameActions', () => {
  it('takes a prefix with and without its last slash for the same, as SES does', () => {
    expect(sameActions([{ ...IN_FOLDER, objectKeyPrefix: 'in' }], [{ ...IN_FOLDER, objectKeyPrefix: 'in/' }])).toBe(
      true,
    );
    expect(sameActions([{ ...IN_FOLDER, objectKeyPrefix: 'in' }], [{ ...IN_FOLDER, objectKeyPrefix: 'out' }])).toBe(
      false,
    );
  });

  it('does not take a shorter list for the same', () => expect(sameActions([store(), stop], [store()])).toBe(false));
});

describe('canStop', () => {
  it.each<{ name: string; over: Partial<ReceiptRule>; can: boolean }>([
    { name: 'a rule with a stop action can', over: { actions: [stop] }, can: true },
    { name: 'a synchronous function can, by its answer', over: { actions: [ask()] }, can: true },
    { name: 'a function that is not waited for cannot', over: { actions: [invoke()] }, can: false },
    { name: 'a bounce can, as far as AWS says', over: { actions: [bounce] }, can: true },
    { name: 'WorkMail can, as far as AWS says', over: { actions: [workmail] }, can: true },
    { name: 'a header cannot', over: { actions: [{ kind: 'addHeader', name: 'X-A', value: 'b' }] }, can: false },
    { name: 'a disabled rule cannot', over: { enabled: false, actions: [stop] }, can: false },
  ])('$name', ({ over, can }) => {
    expect(canStop(rule('one', over))).toBe(can);
  });
});
