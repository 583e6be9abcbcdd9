import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  BUCKET_SALTS,
  INSTALLATION,
  bucketLogicalId,
  bucketNames,
  functionArn,
  functionName,
  isRuleOf,
  namePatterns,
  ownerOfRule,
  roleArn,
  roleName,
  rolePath,
  ruleArn,
  rulePrefix,
  type PipelineIdentity,
} from '../../src/core/names.ts';
import { IDENTITY } from './support/pipeline.ts';

/** Short letters and dashes collide the most when parts are joined. */
const label = (maxLength: number): fc.Arbitrary<string> =>
  fc.oneof(
    fc.stringMatching(new RegExp(`^[a-b]([a-b-]{0,${Math.min(maxLength - 2, 4)}}[a-b])?$`)),
    fc.stringMatching(new RegExp(`^[a-z0-9]([a-z0-9-]{0,${maxLength - 2}}[a-z0-9])?$`)),
  );

const identity: fc.Arbitrary<PipelineIdentity> = fc.record({
  partition: fc.constantFrom('aws', 'aws-cn'),
  account: fc.constantFrom('123456789012', '210987654321'),
  region: fc.constantFrom('us-west-2', 'eu-west-1'),
  installation: label(8).filter((text) => INSTALLATION.test(text)),
  namespace: label(63),
  name: label(63),
});

const ruleName = fc.oneof(
  fc.stringMatching(/^[A-Za-z0-9]([A-Za-z0-9.-]{0,29}[A-Za-z0-9])?$/),
  fc.constantFrom('MessageBodyStorage', 'a', 'b-a', 'a.b'),
);

const same = (a: object, b: object): boolean => JSON.stringify(a) === JSON.stringify(b);

describe('the bucket', () => {
  test('has the logical id that Sparta gave to "Special"', () => {
    expect(bucketLogicalId('Special')).toBe('SESMessageStoreBucketa622fdfda5789d596c08c79124f12b978b3da772');
  });

  test('is called as CloudFormation called it: stack, logical id and 13 characters, 63 in all', () => {
    const [name] = bucketNames({ ...IDENTITY, name: 'spartaapplication' }, 'Special');

    expect(name).toMatch(/^spartaapplication-sesmessagestorebucketa622fdfda5-[0-9a-z]{13}$/);
    expect(name).toHaveLength(63);
  });

  test('keeps its name for ever: nothing else remembers it', () => {
    expect(bucketNames(IDENTITY, 'Special').slice(0, 2)).toMatchInlineSnapshot(`
      [
        "app-sesmessagestorebucketa622fdfda5-1p0q0h3ajjg5c",
        "app-sesmessagestorebucketa622fdfda5-040qwt1g8v1i3",
      ]
    `);
  });

  test('has a valid name of at most 63 characters, whatever the pipeline is called', () => {
    fc.assert(
      fc.property(identity, fc.string({ minLength: 1 }), (id, logicalName) => {
        const names = bucketNames(id, logicalName);

        expect(new Set(names).size).toBe(BUCKET_SALTS);
        for (const name of names) expect(name).toMatch(/^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/);
      }),
    );
  });
});

describe('role and function', () => {
  test('have names of at most 64 characters that IAM and Lambda take', () => {
    fc.assert(
      fc.property(identity, (id) => {
        expect(roleName(id)).toMatch(/^[A-Za-z0-9-]{1,64}$/);
        expect(functionName(id, 'Zip')).toMatch(/^[A-Za-z0-9-]{1,64}$/);
        expect(functionName(id, 'Zip')).not.toBe(functionName(id, 'Image'));
        expect(rolePath(id.installation)).toMatch(/^\/ses-lambda-pipeline\/[a-z0-9-]{1,8}\/$/);
      }),
    );
  });

  test('are found by their ARN', () => {
    expect(roleArn(IDENTITY, rolePath('slp'))).toBe(
      `arn:aws:iam::123456789012:role/ses-lambda-pipeline/slp/${roleName(IDENTITY)}`,
    );
    expect(functionArn(IDENTITY, functionName(IDENTITY, 'Zip'))).toBe(
      `arn:aws:lambda:us-west-2:123456789012:function:${functionName(IDENTITY, 'Zip')}`,
    );
  });
});

describe('two pipelines', () => {
  test('share no name, not even when their parts run into each other', () => {
    fc.assert(
      fc.property(identity, identity, (a, b) => {
        fc.pre(!same(a, b));

        expect(roleName(a)).not.toBe(roleName(b));
        expect(functionName(a, 'Zip')).not.toBe(functionName(b, 'Zip'));
        const names = new Set(bucketNames(a, 'Special'));
        expect(bucketNames(b, 'Special').filter((name) => names.has(name))).toEqual([]);
      }),
    );
  });

  test.each([
    ['a dash that moves', { namespace: 'a-b', name: 'c' }, { namespace: 'a', name: 'b-c' }],
    [
      'a namespace that moves into the installation',
      { installation: 'a-b', namespace: 'c' },
      { installation: 'a', namespace: 'b-c' },
    ],
    ['names that differ behind the cut', { name: `${'n'.repeat(62)}a` }, { name: `${'n'.repeat(62)}b` }],
    ['namespaces that differ behind the cut', { namespace: `${'n'.repeat(62)}a` }, { namespace: `${'n'.repeat(62)}b` }],
    ['regions, in which role names are shared', { region: 'us-west-2' }, { region: 'eu-west-1' }],
  ])('are told apart by %s', (_, a, b) => {
    const one = { ...IDENTITY, ...a };
    const other = { ...IDENTITY, ...b };

    expect(roleName(one)).not.toBe(roleName(other));
    expect(functionName(one, 'Zip')).not.toBe(functionName(other, 'Zip'));
    expect(bucketNames(one, 'x')[0]).not.toBe(bucketNames(other, 'x')[0]);
  });

  test('of one account never have rules under the prefix of the other', () => {
    const where = fc.record({
      installation: label(8).filter((text) => INSTALLATION.test(text)),
      namespace: label(63),
      name: label(63),
    });
    fc.assert(
      fc.property(where, where, ruleName, (a, b, rule) => {
        fc.pre(!same(a, b));
        const theirs = rulePrefix(b) + rule;

        expect(theirs.startsWith(rulePrefix(a))).toBe(false);
        expect(isRuleOf(rulePrefix(a), theirs)).toBe(false);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('rules', () => {
  test('have names that SES takes, at most 63 characters with the longest base name', () => {
    fc.assert(
      fc.property(identity, ruleName, (id, rule) => {
        const name = rulePrefix(id) + rule;

        expect(name.length).toBeLessThanOrEqual(63);
        expect(name).toMatch(/^[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?$/);
        expect(isRuleOf(rulePrefix(id), name)).toBe(true);
      }),
    );
  });

  test.each([
    ['mail', 'app', 'slp_mail_app_'],
    ['mail', 'a'.repeat(22), `slp_mail_${'a'.repeat(22)}_`],
    ['mail', 'a'.repeat(23), expect.stringMatching(/^slp_mail\.a+-[0-9a-f]{10}_$/)],
    ['n'.repeat(63), 'a'.repeat(63), expect.stringMatching(/^slp_n{7}\.a{8}-[0-9a-f]{10}_$/)],
  ])('of %s/%s begin with a prefix of at most 32 characters', (namespace, name, prefix) => {
    expect(rulePrefix({ installation: 'slp', namespace, name })).toEqual(prefix);
    expect(rulePrefix({ installation: 'slp', namespace, name }).length).toBeLessThanOrEqual(32);
  });

  test.each(['slp_mail_app_', 'slp_mail_app_a_b', 'slp_mail_app', 'slp_mail_apple_a', 'SLP_mail_app_a'])(
    'called %s are not ours',
    (name) => {
      expect(isRuleOf('slp_mail_app_', name)).toBe(false);
    },
  );

  test('are found by the ARN that grants name', () => {
    expect(ruleArn(IDENTITY, 'set', 'slp_mail_app_*')).toBe(
      'arn:aws:ses:us-west-2:123456789012:receipt-rule-set/set:receipt-rule/slp_mail_app_*',
    );
  });
});

test.each([
  ['slp', true],
  ['a', true],
  ['a-b', true],
  ['12345678', true],
  ['', false],
  ['123456789', false],
  ['-a', false],
  ['a-', false],
  ['A', false],
  ['a_b', false],
])('an installation called %j is allowed: %s', (name, allowed) => {
  expect(INSTALLATION.test(name)).toBe(allowed);
});

describe('the owner that a rule name tells', () => {
  test('is the pipeline that made it, by its whole name or by as much as fits', () => {
    fc.assert(
      fc.property(identity, (id) => {
        const prefix = rulePrefix(id);
        const whole = !prefix.includes('.');
        const { namespace, name } = id;

        expect(ownerOfRule(id.installation, `${prefix}Default`)).toMatchObject(
          whole ? { prefix, namespace, name } : { prefix },
        );
        expect(ownerOfRule(`${id.installation}x`, `${prefix}Default`)).toBeUndefined();
      }),
    );
  });

  test.each([
    'slp',
    'slp_',
    'slp_a',
    'slp_a_b',
    'slp_a_b_',
    'slp_a_b_c_d',
    'slp_a.b_c',
    'slp_a.b-0123456789x_c',
    'slp__b_c',
  ])('is nobody for %s', (name) => {
    expect(ownerOfRule('slp', name)).toBeUndefined();
  });
});

describe('name patterns', () => {
  const fits = (patterns: readonly string[], name: string): boolean =>
    patterns.some((pattern) => name.startsWith(pattern.slice(0, -1)));

  test('fit every role and function of the namespaces', () => {
    fc.assert(
      fc.property(identity, fc.nat(), (one, cut) => {
        const { installation, namespace } = one;
        const beginning = `${namespace.slice(0, cut % (namespace.length + 1))}*`;
        for (const name of [roleName(one), functionName(one, 'Zip')])
          for (const namespaces of [undefined, [namespace], [beginning]])
            expect(fits(namePatterns(installation, namespaces), name)).toBe(true);
      }),
    );
  });

  test('are one for a namespace and those that begin with it', () => {
    expect(namePatterns('slp', ['team-a', 'team-a-*', 'team*'])).toEqual(['slp-team-a-*', 'slp-team*']);
  });
});
