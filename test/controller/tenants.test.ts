import { describe, expect, it } from 'vitest';
import { accountChanged, createTenants } from '../../src/controller/tenants.ts';
import type { Resource } from '../../src/controller/source.ts';
import { ABANDON } from '../../src/core/annotations.ts';
import { roleName } from '../../src/core/names.ts';
import { IDENTITY, manifest } from '../core/support/pipeline.ts';
import { tenancy, TENANT_ROLE } from '../core/support/tenants.ts';
import { change, ready, reconcilingUnder, SUMMARY, type Reconciling } from './support/reconciling.ts';
import { KEY, resource } from './support/resource.ts';

const ROLE = roleName(IDENTITY);
const ELSEWHERE = 'arn:aws:iam::444455556666:role/other';
const BOUNDARY = 'arn:aws:iam::123456789012:policy/boundary';
const message = ({ source }: Reconciling): string | undefined =>
  source.resources.get(KEY)?.status?.conditions.find(({ type }) => type === 'Stalled')?.message;

/** What `role/app` says of the account, in a status that somebody wrote before. */
function inAccount(account: string): Partial<Resource> {
  const arn = `arn:aws:lambda:us-west-2:${account}:function:app`;
  return { status: { observedGeneration: 1, conditions: [], function: { name: 'app', arn, codeSha256: '' } } };
}

describe('a namespace with an entry', () => {
  it('is worked on as its role, by the name of installation and namespace', async () => {
    const world = reconcilingUnder(tenancy({ externalId: 'mail-7', sessionTags: { team: 'mail' } }), resource());

    await world.reconcile();

    expect(world.conditions(...SUMMARY)).toEqual(['Ready=True Succeeded']);
    expect(world.roles()).toEqual([
      { roleArn: TENANT_ROLE, sessionName: 'slp.mail', externalId: 'mail-7', tags: { team: 'mail' } },
    ]);
  });

  it('has the boundary and the path forced on its role, both in the call that makes it', async () => {
    const limits = { permissionsBoundaryArn: BOUNDARY, rolePath: '/tenants/mail/' };
    const world = reconcilingUnder(tenancy(limits), resource());

    const { writes } = await world.next();

    expect(world.aws.roles.get(ROLE)).toMatchObject({ path: '/tenants/mail/', permissionsBoundaryArn: BOUNDARY });
    expect(writes.filter((call) => call.startsWith('roles.putBoundary'))).toEqual([]);
    expect(world.aws.functions.values().next().value?.roleArn).toBe(
      `arn:aws:iam::123456789012:role/tenants/mail/${ROLE}`,
    );
    expect((await world.next()).writes).toEqual([]);
  });

  it('gets the boundary back when somebody takes it off', async () => {
    const world = reconcilingUnder(tenancy({ permissionsBoundaryArn: BOUNDARY }), resource());
    await world.reconcile();
    await world.aws.ports.roles.deleteBoundary(ROLE);

    const { writes } = await world.next();

    expect(writes).toEqual([`roles.putBoundary ${ROLE} ${BOUNDARY}`]);
  });

  it('stops at a role under another path, which cannot be moved', async () => {
    const { aws } = await ready();
    const world = reconcilingUnder(tenancy({ rolePath: '/tenants/' }), resource());
    for (const [name, role] of aws.roles) world.aws.roles.set(name, role);

    await world.reconcile();

    expect(world.conditions(...SUMMARY)).toEqual(['Ready=False Immutable', 'Stalled=True Immutable']);
    expect(world.aws.roles.get(ROLE)?.path).toBe('/ses-lambda-pipeline/slp/');
  });

  it('is worked on apart from a namespace with another role, even in one run', async () => {
    const both = tenancy({}, { namespaces: ['other'], roleArn: ELSEWHERE });
    const world = reconcilingUnder(both, resource(), resource({}, { key: 'other/app' }));

    await world.reconcileAll(KEY, 'other/app');

    expect(world.roles().map((role) => role?.roleArn)).toEqual([TENANT_ROLE, ELSEWHERE]);
    expect(world.source.statuses).toHaveLength(2);
    // One account's look is no other's. (Both roles lead to one here: who makes the set second has to look again.)
    expect(world.aws.calls.filter((call) => call === 'receiptRules.describeActive')).toHaveLength(5);
  });

  it('has no say in its role', async () => {
    const claims = { 'owner-account-id': '444455556666', 'role-arn': ELSEWHERE };
    const { manifest } = resource();
    if (manifest === undefined) throw new Error('the resource is valid');
    Object.assign(manifest.metadata, { annotations: claims, labels: claims, roleArn: ELSEWHERE });
    const world = reconcilingUnder(tenancy({}), resource({}, { manifest, annotations: claims }));

    await world.reconcile();

    expect(world.roles().map((role) => role?.roleArn)).toEqual([TENANT_ROLE]);
  });
});

describe('createTenants', () => {
  const place = (roleArn: string) => ({
    region: 'us-west-2',
    role: { roleArn, sessionName: 's', externalId: undefined, tags: {} },
  });

  it('knows who may meet in a rule set: whoever lives in the account', () => {
    const { livesIn } = createTenants(
      tenancy(
        { namespaces: ['a'] },
        { namespaces: ['b'], roleArn: `${TENANT_ROLE}-b` },
        { namespaces: ['c'], roleArn: ELSEWHERE },
      ),
      'slp',
    );

    const inAccount = ['a/app', 'b/app', 'c/app', 'd/app'].filter((key) => livesIn(key, place(TENANT_ROLE)));

    expect(inAccount).toEqual(['a/app', 'b/app']);
  });

  it('takes everybody for the controller itself without a tenants file', () => {
    const tenants = createTenants(undefined, 'slp');

    expect(tenants.toApply(KEY, manifest())).toEqual({ ok: true, place: { region: 'us-west-2' }, roleLimits: {} });
    expect(tenants.livesIn('any/app', { region: 'us-west-2' })).toBe(true);
  });
});

describe('a namespace that may not', () => {
  it.each([
    ['without an entry', tenancy({ namespaces: ['other'] }), {}],
    ['asking for more than its entry gives', tenancy({}), { messageBodyStorage: { bucketName: 'payroll' } }],
    ['asking for a domain of others', tenancy({ recipientDomains: ['example.org'] }), {}],
  ])('is stalled %s: AWS is not so much as connected to', async (_, limits, spec) => {
    const world = reconcilingUnder(limits, resource(spec));

    expect(await world.next()).toEqual({ outcome: { kind: 'settled' }, writes: [], statuses: 1, events: ['Stalled'] });

    expect(world.conditions(...SUMMARY)).toEqual(['Ready=False TenancyDenied', 'Stalled=True TenancyDenied']);
    expect(world.aws.calls).toEqual([]);
    expect(world.roles()).toEqual([]);
  });

  it('is not claimed, so that what was refused can be deleted at once', async () => {
    const world = reconcilingUnder(tenancy({ namespaces: ['other'] }), resource({}, { claimed: false }));

    await world.reconcile();

    expect(world.source.claims).toEqual([]);
  });

  it('says so once, and not at every check', async () => {
    const world = reconcilingUnder(tenancy({ namespaces: ['other'] }), resource());
    await world.reconcile();

    expect(await world.next()).toMatchObject({ statuses: 0, events: [] });
  });

  it('leaves what is there as it is when its limits become narrower', async () => {
    const { aws, source } = await ready();
    const world = reconcilingUnder(tenancy({ recipientDomains: [] }), ...source.resources.values());
    for (const [name, fn] of aws.functions) world.aws.functions.set(name, fn);

    await world.reconcile();

    expect(world.conditions('Ready')).toEqual(['Ready=False TenancyDenied']);
    expect(world.aws.functions.size).toBe(1);
    expect(world.source.resources.get(KEY)?.status?.function?.name).toBeDefined();
  });

  it('can still delete what it made before its limits became narrower', async () => {
    const world = reconcilingUnder(tenancy({ recipientDomains: [] }), resource({}, { deleting: true }));

    await world.reconcile();

    expect(world.source.releases).toEqual([KEY]);
    expect(world.roles()).toHaveLength(1);
  });

  it('goes without an entry when it is abandoned', async () => {
    const annotations = { [ABANDON]: 'true' };
    const leaving = { deleting: true, annotations, manifest: manifest({}, { annotations }) };
    const world = reconcilingUnder(tenancy({ namespaces: ['other'] }), resource({}, leaving));

    await world.reconcile();

    expect(world.source.releases).toEqual([KEY]);
    expect(world.aws.calls).toEqual([]);
  });

  it('keeps its finalizer without an entry: nobody could look whether AWS is empty', async () => {
    const world = reconcilingUnder(tenancy({ namespaces: ['other'] }), resource({}, { deleting: true }));

    await world.reconcile();

    expect(world.source.releases).toEqual([]);
    expect(world.conditions(...SUMMARY)).toEqual(['Ready=False TenancyDenied', 'Stalled=True TenancyDenied']);
    expect(world.aws.calls).toEqual([]);
  });
});

describe('credentials of another account than the pipeline lives in', () => {
  it.each([
    ['is not brought about again', {}],
    ['is not taken for deleted', { deleting: true }],
  ])('%s there', async (_, over) => {
    const world = reconcilingUnder(undefined, resource({}, { ...inAccount('444455556666'), ...over }));

    const { writes } = await world.next();

    expect(writes).toEqual([]);
    expect(world.aws.calls).toEqual(['identity.caller']);
    expect(world.source.releases).toEqual([]);
    expect(world.conditions(...SUMMARY)).toEqual(['Ready=False AccountChanged', 'Stalled=True AccountChanged']);
    expect(message(world)).toContain('444455556666');
    expect(world.source.resources.get(KEY)?.status?.function?.arn).toContain('444455556666');
  });

  it('goes on when the credentials are right again', async () => {
    const world = reconcilingUnder(undefined, resource({}, inAccount('444455556666')));
    await world.reconcile();
    change(world, inAccount('123456789012'));

    await world.reconcile();

    expect(world.conditions(...SUMMARY)).toEqual(['Ready=True Succeeded']);
  });

  it.each([
    [undefined, undefined],
    [{}, undefined],
    [{ role: { name: 'r', arn: 'arn:aws:iam::123456789012:role/r' } }, undefined],
    [{ role: { name: 'r', arn: 'arn:aws:iam::444455556666:role/r' } }, 'AccountChanged'],
  ])('is told from the ARNs in %j: %s', (parts, reason) => {
    const status = parts === undefined ? undefined : { observedGeneration: 1, conditions: [], ...parts };

    expect(accountChanged(status, '123456789012')?.reason).toBe(reason);
  });
});
