import { describe, expect, it } from 'vitest';
import { neighboursOf } from '../../src/controller/neighbours.ts';
import { resource } from './support/resource.ts';

const self = resource();
const at = (key: string, spec: object = {}, over: Parameters<typeof resource>[1] = {}) =>
  resource(spec, { key, ...over });

const ownersOf = (...resources: readonly ReturnType<typeof resource>[]) =>
  neighboursOf(new Set(['mail/app']), 'us-west-2', [self, ...resources], 'slp').map(({ owner }) => owner);

describe('neighboursOf', () => {
  it('names everybody else of the region, by place, prefix and what they want for themselves', () => {
    const other = at(
      'shop/orders',
      { ruleSet: { name: 'shop', activate: 'Always', position: 'Head', priority: 7 } },
      { createdAtMs: 5 },
    );

    expect(neighboursOf(new Set(['mail/app']), 'us-west-2', [self, other], 'slp')).toEqual([
      {
        owner: 'shop/orders',
        prefix: 'slp_shop_orders_',
        existingRules: [],
        bucketName: '',
        position: 'Head',
        priority: 7,
        storageRule: undefined,
        rules: [],
        createdAtMs: 5,
        recipients: [['a@example.com']],
        activates: 'shop',
        ruleSet: { name: 'shop', rollout: 'InPlace' },
        isGrantedBoth: false,
      },
    ]);
  });

  it.each([
    { what: 'ready as it is now', over: {}, granted: true },
    { what: 'changed since', over: { generation: 9 }, granted: false },
    { what: 'never looked at', over: { status: undefined }, granted: false },
  ])('knows that one is granted both names of its set when it is $what: $granted', ({ over, granted }) => {
    const conditions = (['BucketReady', 'PermissionReady'] as const).map((type) => ({
      type,
      status: 'True' as const,
      reason: 'Succeeded' as const,
      message: '',
      lastTransitionTime: '2026-01-01T00:00:00Z',
      observedGeneration: 1,
    }));
    const status = { observedGeneration: 1, conditions };
    const other = at('mail/a', { ruleSet: { rollout: 'BlueGreen' } }, { generation: 1, status, ...over });

    expect(neighboursOf(new Set(['mail/app']), 'us-west-2', [self, other], 'slp')).toMatchObject([
      { ruleSet: { rollout: 'BlueGreen' }, isGrantedBoth: granted },
    ]);
  });

  it('leaves out the pipeline itself', () => {
    expect(ownersOf()).toEqual([]);
  });

  it('leaves out those of another region', () => {
    expect(ownersOf(at('mail/a', { region: 'eu-west-1' }), at('mail/b'))).toEqual(['mail/b']);
  });

  it('leaves out those whose manifest cannot be read: nobody knows where they belong', () => {
    expect(ownersOf(at('mail/a', {}, { manifest: undefined }))).toEqual([]);
  });

  it.each([{ suspend: true }, { managementPolicy: 'Observe' }])('holds those in their places that have %j', (spec) => {
    const neighbours = neighboursOf(new Set(['mail/app']), 'us-west-2', [self, at('mail/a', spec)], 'slp');

    expect(neighbours).toMatchObject([{ owner: 'mail/a', held: true }]);
  });

  it('keeps those that are being deleted, with their claims, although they no longer care which set is active', () => {
    const leaving = at('mail/a', { ruleSet: { activate: 'Always' } }, { deleting: true });

    expect(neighboursOf(new Set(['mail/app']), 'us-west-2', [self, leaving], 'slp')).toMatchObject([
      { owner: 'mail/a', recipients: [['a@example.com']], activates: undefined },
    ]);
  });
});
