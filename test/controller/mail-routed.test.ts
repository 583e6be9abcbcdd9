import { describe, expect, it } from 'vitest';
import type { MxAnswer } from '../../src/core/ports.ts';
import { manifest } from '../core/support/pipeline.ts';
import { reconciling, change, ready, type Reconciling } from './support/reconciling.ts';
import { KEY, resource } from './support/resource.ts';

const HOUR_MS = 3_600_000;
const DENIED = { class: 'denied', reason: 'AccessDenied', message: 'May not. Allow it.' } as const;
const ELSEWHERE: MxAnswer = { kind: 'records', records: [{ preference: 1, exchange: 'mx.example.net' }] };

const mailRouted = (world: Reconciling) => world.conditions('Ready', 'MailRouted').map((one) => one.split('=')[1]);
const asksSes = ({ aws }: Reconciling) => aws.calls.filter((call) => call.startsWith('mailIdentities')).length;
const pass = ({ aws }: Reconciling, ms: number) => aws.ports.clock.sleep(ms);

describe('MailRouted', () => {
  it('is told beside Ready, which it does not change', async () => {
    const world = reconciling(resource());
    world.aws.mx.set('example.com', ELSEWHERE);
    await world.reconcile();

    expect(mailRouted(world)).toEqual(['True Succeeded', 'False MxElsewhere']);
  });

  it('is found out after the rules were changed, so that it does not hold them up', async () => {
    const { aws } = await ready();

    expect(aws.calls.findIndex((call) => call.startsWith('mailIdentities'))).toBeGreaterThan(
      aws.calls.findIndex((call) => call.startsWith('receiptRules.create')),
    );
  });

  it('is asked for once by pipelines that are looked at together, and writes nothing when nothing is new', async () => {
    const other = 'mail/other';
    const spec = {
      messageBodyStorage: { logicalName: 'Other' },
      receiptRules: [{ name: 'Default', recipients: ['b@example.com'] }],
    };
    const world = reconciling(resource(), resource(spec, { key: other }));
    await world.reconcileAll(KEY, other);
    expect(asksSes(world)).toBe(1);
    const written = world.source.statuses.length;

    await world.reconcileAll(KEY, other);
    await pass(world, HOUR_MS);
    await world.reconcileAll(KEY, other);

    expect(asksSes(world)).toBe(2);
    expect(world.source.statuses).toHaveLength(written);
  });

  it('follows what SES says an hour later', async () => {
    const world = await ready();
    world.aws.identities.set('example.com', 'failed');
    await world.reconcile();
    expect(mailRouted(world)).toEqual(['True Succeeded', 'True Routed']);

    await pass(world, HOUR_MS);
    await world.reconcile();

    expect(mailRouted(world)).toEqual(['True Succeeded', 'False IdentityNotVerified']);
  });

  it('follows a new recipient at once', async () => {
    const world = await ready();
    change(world, {
      generation: 2,
      manifest: manifest({ receiptRules: [{ name: 'Default', recipients: ['a@example.org'] }] }),
    });
    await world.reconcile();

    expect(mailRouted(world)).toEqual(['True Succeeded', 'False IdentityNotVerified']);
  });

  it('is unknown while SES may not be asked, and says what is missing', async () => {
    const world = reconciling(resource());
    world.aws.before = (call) => (call.startsWith('mailIdentities') ? DENIED : undefined);
    await world.reconcile();

    expect(mailRouted(world)).toEqual(['True Succeeded', 'Unknown AccessDenied']);
  });

  it('stays as it was known of the same manifest when a new process may not ask', async () => {
    const before = await ready();
    const world = reconciling(...before.source.resources.values());
    for (const name of ['buckets', 'roles', 'functions', 'sets'] as const)
      for (const [key, value] of before.aws[name]) (world.aws[name] as Map<string, unknown>).set(key, value);
    world.aws.active = before.aws.active;
    world.aws.before = (call) => (call.startsWith('mailIdentities') ? DENIED : undefined);

    expect(await world.next()).toMatchObject({ writes: [], statuses: 0 });
    expect(mailRouted(world)).toEqual(['True Succeeded', 'True Routed']);
  });

  it('does not hold a status up: what comes late is told next time', async () => {
    const world = reconciling(resource());
    const held = Promise.withResolvers<void>();
    const asked = Promise.withResolvers<void>();
    world.aws.before = (call) => {
      if (!call.startsWith('mailIdentities')) return undefined;
      asked.resolve();
      return held.promise;
    };
    const run = world.reconcile();
    await asked.promise;
    world.takesLong();
    await run;
    expect(mailRouted(world)).toEqual(['True Succeeded', 'Unknown NotLookedAt']);

    held.resolve();
    await world.reconcile();

    expect(mailRouted(world)).toEqual(['True Succeeded', 'True Routed']);
  });
});
