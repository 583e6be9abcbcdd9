import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { accountOf, parseTenancy, roleSessionOf, tenantOf } from '../../src/core/tenancy.ts';
import { entry, tenancy, tenant, TENANT_ROLE } from './support/tenants.ts';

const problems = (content: unknown): string[] => {
  const parsed = parseTenancy(content);
  return parsed.ok ? [] : parsed.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
};

describe('parseTenancy', () => {
  it('takes an entry that says no more than it must, and allows nothing', () => {
    expect(tenant()).toEqual({
      namespaces: ['mail'],
      roleArn: TENANT_ROLE,
      sessionTags: {},
      allow: {
        roles: [],
        managedPolicies: [],
        buckets: [],
        codeBuckets: [],
        kmsKeys: [],
        functions: [],
        rules: [],
        images: [],
        ociRepositories: [],
        layers: [],
        networks: [],
        destinations: [],
        topics: [],
        organizations: [],
        ruleSets: ['ses-lambda-pipeline'],
        adoption: [],
      },
    });
  });

  it('names everything that is wrong at once, and where', () => {
    const content = {
      tenants: [
        { namespaces: [], roleArn: 'mail' },
        entry({
          namespaces: ['Team', 'a*b'],
          externalId: 'x',
          rolePath: 'team',
          recipientDomains: ['münchen.example'],
        }),
        { ...entry({ namespaces: ['other'] }), allow: { bucket: ['x'], kmsKeys: ['*'] } },
      ],
      tenant: [],
    };

    expect(problems(content)).toEqual([
      'tenants.0.namespaces: the number of items must be at least 1',
      'tenants.0.roleArn: must be the ARN of a role, such as arn:aws:iam::111122223333:role/mail',
      'tenants.1.namespaces.0: must be the name of a namespace, or the beginning of names with * at the end',
      'tenants.1.namespaces.1: must be the name of a namespace, or the beginning of names with * at the end',
      'tenants.1.externalId: its length must be at least 2',
      'tenants.1.rolePath: must begin and end with a slash, such as /team-a/',
      'tenants.1.recipientDomains.0: must be a domain (example.com) or all subdomains of one (.example.com); write an international domain in its xn-- form',
      'tenants.2.allow.kmsKeys.0: must be the ARN of a KMS key, such as arn:aws:kms:…',
      'tenants.2.allow.bucket: unknown field',
      'tenant: unknown field',
    ]);
  });

  it('refuses two entries that could both be meant', () => {
    const content = { tenants: [entry({ namespaces: ['a', 'b-*'] }), entry({ namespaces: ['b-*', 'c', 'a'] })] };

    expect(problems(content)).toEqual([
      'tenants.1.namespaces.0: "b-*" is in entry 1 of the list too; which role would it be?',
      'tenants.1.namespaces.2: "a" is in entry 1 of the list too; which role would it be?',
    ]);
  });

  it.each([[undefined], [null], [[]], ['text'], [{}], [{ tenants: null }], [{ tenants: [null] }]])(
    'refuses %j without throwing',
    (content) => {
      expect(problems(content)).not.toEqual([]);
    },
  );
});

describe('tenantOf', () => {
  const roles = (name: string): string => `arn:aws:iam::111122223333:role/${name}`;
  const named = tenancy(
    { namespaces: ['*'], roleArn: roles('everybody') },
    { namespaces: ['team-*'], roleArn: roles('teams') },
    { namespaces: ['team-a-*'], roleArn: roles('a-and-more') },
    { namespaces: ['team-a'], roleArn: roles('a') },
  );

  it.each([
    ['team-a', 'a'],
    ['team-a-test', 'a-and-more'],
    ['team-ab', 'teams'],
    ['team-', 'teams'],
    ['team', 'everybody'],
    ['xteam-a', 'everybody'],
  ])('gives %s the role %s: the most specific wins', (namespace, role) => {
    expect(tenantOf(named, namespace)?.roleArn).toBe(roles(role));
  });

  it.each(['other', 'team', 'team-b', 'toString', '__proto__', ''])(
    'has nothing for %j, which nobody listed',
    (name) => {
      expect(tenantOf(tenancy({ namespaces: ['team-a'] }, { namespaces: ['team-c*'] }), name)).toBeUndefined();
    },
  );

  it('never gives a namespace the entry of another, in whatever order they are written', () => {
    const pattern = fc
      .tuple(fc.stringMatching(/^[ab]{1,3}$/), fc.boolean())
      .map(([name, open]) => (open ? `${name}*` : name));
    const fits = (each: string, name: string): boolean =>
      each.endsWith('*') ? name.startsWith(each.slice(0, -1)) : each === name;

    fc.assert(
      fc.property(
        fc.uniqueArray(pattern, { minLength: 1, maxLength: 6 }),
        fc.stringMatching(/^[ab]{1,4}$/),
        (all, name) => {
          const found = tenantOf(
            tenancy({ namespaces: ['none'] }, ...all.map((each) => ({ namespaces: [each] }))),
            name,
          )?.namespaces[0];
          const fitting = all.filter((each) => fits(each, name));
          // Exact names sort before any pattern, longer patterns before shorter ones.
          const best = fitting.sort(
            (a, b) => Number(a.endsWith('*')) - Number(b.endsWith('*')) || b.length - a.length,
          )[0];
          expect(found).toBe(best);
        },
      ),
    );
  });
});

describe('roleSessionOf', () => {
  it('names installation and namespace, and carries what the entry says', () => {
    const given = tenant({ externalId: 'mail-7', sessionTags: { team: 'mail' } });

    expect(roleSessionOf(given, 'slp', 'mail')).toEqual({
      roleArn: TENANT_ROLE,
      sessionName: 'slp.mail',
      externalId: 'mail-7',
      tags: { team: 'mail' },
    });
  });

  it('gives every namespace of every installation a name of its own that AWS takes', () => {
    const label = fc.stringMatching(/^[a-z]([a-z-]{0,61}[a-z])?$/);
    const installation = fc.stringMatching(/^[a-z]([a-z-]{0,6}[a-z])?$/);
    const name = (a: string, b: string): string => roleSessionOf(tenant(), a, b).sessionName;

    fc.assert(
      fc.property(installation, label, installation, label, (a, b, c, d) => {
        expect(name(a, b)).toMatch(/^[\w+=,.@-]{2,64}$/);
        expect(name(a, b) === name(c, d)).toBe(a === c && b === d);
      }),
    );
    const long = 'n'.repeat(62);
    expect(name('slp-blue', `${long}a`)).not.toBe(name('slp-blue', `${long}b`));
  });

  it('knows the account from the role', () => {
    expect(accountOf(tenant())).toBe('123456789012');
  });
});
