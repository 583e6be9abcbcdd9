import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ADOPT } from '../../src/core/annotations.ts';
import { manifestSchema } from '../../src/core/manifest.ts';
import { REFERENCES, tenancyFault, tenancyIssues } from '../../src/core/tenancy-limits.ts';
import { manifest } from './support/pipeline.ts';
import { tenant } from './support/tenants.ts';

type TenantParts = Parameters<typeof tenant>[0];

const KEY = 'arn:aws:kms:us-west-2:123456789012:key/1';
const TOPIC = 'arn:aws:sns:us-west-2:123456789012:stored';
const ROLE = 'arn:aws:iam::123456789012:role/mail/reader';
const POLICY = 'arn:aws:iam::aws:policy/AdministratorAccess';
const BOUNDARY = 'arn:aws:iam::123456789012:policy/boundary';

const IMAGE = `123456789012.dkr.ecr.us-west-2.amazonaws.com/handler@sha256:${'a'.repeat(64)}`;

const pathsOf = (spec: object, limits: TenantParts = {}): string[] =>
  tenancyIssues(manifest(spec), tenant(limits)).map(({ path }) => path);
const forRecipients = (...recipients: readonly string[]) => ({ receiptRules: [{ name: 'Default', recipients }] });

const LAYER = 'arn:aws:lambda:us-west-2:123456789012:layer:tools:3';
const QUEUE = 'arn:aws:sqs:us-west-2:123456789012:failures';
const ORGANIZATION = 'arn:aws:workmail:us-west-2:123456789012:organization/m-1';
const BOUNCE = { smtpReplyCode: '550', message: 'No', sender: 'postmaster@example.com' };
const CODE = { code: { inline: { 'index.mjs': '' } } };
const ruleWith = (over: object) => ({ receiptRules: [{ name: 'Default', recipients: ['a@example.com'], ...over }] });

type Referring = {
  readonly field: string;
  readonly path?: string;
  readonly spec: object;
  readonly kind: string;
  readonly pattern: string;
  /** What else the entry has to allow for the example. */
  readonly besides?: Readonly<Record<string, readonly string[]>>;
};

/** What a tenant may ask for only when its entry says so, and what the entry then says. */
const REFERRING: readonly Referring[] = [
  {
    field: 'spec.messageBodyStorage.bucketName',
    spec: { messageBodyStorage: { bucketName: 'payroll' } },
    kind: 'buckets',
    pattern: 'pay*',
  },
  {
    field: 'spec.messageBodyStorage.encryption.kmsKeyArn',
    spec: { messageBodyStorage: { logicalName: 'Special', encryption: { kmsKeyArn: KEY } } },
    kind: 'kmsKeys',
    pattern: 'arn:aws:kms:us-west-2:123456789012:key/*',
  },
  { field: 'spec.role.existingArn', spec: { role: { existingArn: ROLE } }, kind: 'roles', pattern: ROLE },
  {
    field: 'spec.role.managedPolicyArns[]',
    path: 'spec.role.managedPolicyArns[0]',
    spec: { role: { managedPolicyArns: [POLICY] } },
    kind: 'managedPolicies',
    pattern: 'arn:aws:iam::aws:policy/Admin*',
  },
  { field: 'spec.function.name', spec: { function: { name: 'payroll', ...CODE } }, kind: 'functions', pattern: 'pay*' },
  {
    field: 'spec.function.code.s3.bucket',
    spec: { function: { code: { s3: { bucket: 'payroll', key: 'k' } } } },
    kind: 'codeBuckets',
    pattern: 'payroll',
  },
  {
    field: 'spec.function.code.imageUri',
    spec: { function: { code: { imageUri: IMAGE } } },
    kind: 'images',
    pattern: '123456789012.dkr.ecr.us-west-2.amazonaws.com/hand*@sha256:*',
  },
  {
    field: 'spec.function.code.ociRef.repository',
    spec: {
      function: { code: { ociRef: { repository: 'ghcr.io/acme/handler', digest: `sha256:${'a'.repeat(64)}` } } },
    },
    kind: 'ociRepositories',
    pattern: 'ghcr.io/acme/*',
  },
  {
    field: 'spec.function.layers[]',
    path: 'spec.function.layers[0]',
    spec: { function: { ...CODE, layers: [LAYER] } },
    kind: 'layers',
    pattern: 'arn:aws:lambda:us-west-2:123456789012:layer:tools:*',
  },
  {
    field: 'spec.function.vpc.subnetIds[]',
    path: 'spec.function.vpc.subnetIds[0]',
    spec: { function: { ...CODE, vpc: { subnetIds: ['subnet-1'], securityGroupIds: ['sg-1'] } } },
    kind: 'networks',
    pattern: 'subnet-*',
    besides: { networks: ['sg-1'] },
  },
  {
    field: 'spec.function.vpc.securityGroupIds[]',
    path: 'spec.function.vpc.securityGroupIds[0]',
    spec: { function: { ...CODE, vpc: { subnetIds: ['subnet-1'], securityGroupIds: ['sg-1'] } } },
    kind: 'networks',
    pattern: 'sg-1',
    besides: { networks: ['subnet-1'] },
  },
  ...(
    [
      ['deadLetterArn', { deadLetterArn: QUEUE }],
      ['async.onFailureArn', { async: { onFailureArn: QUEUE } }],
      ['async.onSuccessArn', { async: { onSuccessArn: QUEUE } }],
    ] as const
  ).map(([field, settings]) => ({
    field: `spec.function.${field}`,
    spec: { function: { ...CODE, ...settings } },
    kind: 'destinations',
    pattern: QUEUE,
  })),
  {
    field: 'spec.function.kmsKeyArn',
    spec: { function: { ...CODE, kmsKeyArn: KEY } },
    kind: 'kmsKeys',
    pattern: KEY,
  },
  { field: 'spec.ruleSet.name', spec: { ruleSet: { name: 'corporate' } }, kind: 'ruleSets', pattern: 'corp*' },
  {
    field: 'spec.receiptRules[].ruleName',
    path: 'spec.receiptRules[0].ruleName',
    spec: ruleWith({ ruleName: 'payroll' }),
    kind: 'rules',
    pattern: 'pay*',
  },
  ...(
    [
      ['bounce.topicArn', { bounce: { ...BOUNCE, topicArn: TOPIC } }, 'topics', TOPIC],
      ['sns.topicArn', { sns: { topicArn: TOPIC } }, 'topics', TOPIC],
      ['workmail.organizationArn', { workmail: { organizationArn: ORGANIZATION } }, 'organizations', ORGANIZATION],
    ] as const
  ).map(([field, action, kind, pattern]) => ({
    field: `spec.receiptRules[].actions[].${field}`,
    path: `spec.receiptRules[0].actions[0].${field}`,
    spec: ruleWith({ actions: [action] }),
    kind,
    pattern,
  })),
  {
    field: 'spec.receiptRules[].actions[].workmail.topicArn',
    path: 'spec.receiptRules[0].actions[0].workmail.topicArn',
    spec: ruleWith({ actions: [{ workmail: { organizationArn: ORGANIZATION, topicArn: TOPIC } }] }),
    kind: 'topics',
    pattern: TOPIC,
    besides: { organizations: [ORGANIZATION] },
  },
  {
    field: 'spec.receiptRules[].storage.kmsKeyArn',
    path: 'spec.receiptRules[0].storage.kmsKeyArn',
    spec: { receiptRules: [{ name: 'Default', recipients: ['a@example.com'], storage: { kmsKeyArn: KEY } }] },
    kind: 'kmsKeys',
    pattern: KEY,
  },
  {
    field: 'spec.receiptRules[].storage.topicArn',
    path: 'spec.receiptRules[0].storage.topicArn',
    spec: { receiptRules: [{ name: 'Default', recipients: ['a@example.com'], storage: { topicArn: TOPIC } }] },
    kind: 'topics',
    pattern: 'arn:aws:sns:*:123456789012:stored',
  },
];

describe('what a pipeline does not make itself', () => {
  it('has a case below for every field of the table', () => {
    expect(REFERRING.map(({ field }) => field)).toEqual(Object.keys(REFERENCES));
  });

  it.each(REFERRING)(
    'is refused at $field unless a pattern lists it',
    ({ field, path = field, spec, kind, pattern, besides = {} }) => {
      expect(pathsOf(spec, { allow: besides })).toEqual([path]);
      expect(tenancyFault(manifest(spec), tenant())?.message).toContain(`no pattern under allow.${kind} of its entry`);
      expect(pathsOf(spec, { allow: { ...besides, [kind]: [...(besides[kind] ?? []), pattern] } })).toEqual([]);
    },
  );

  it('is not asked for by a pipeline of defaults', () => {
    expect(pathsOf({})).toEqual([]);
  });

  it('is told as one fault that a person has to do something about', () => {
    const spec = { role: { existingArn: ROLE }, messageBodyStorage: { bucketName: 'payroll' } };

    expect(tenancyFault(manifest(spec), tenant())).toEqual({
      class: 'denied',
      reason: 'TenancyDenied',
      message:
        'spec.messageBodyStorage.bucketName: payroll is not for this namespace: no pattern under allow.buckets of its entry in the tenants file matches it; ' +
        `spec.role.existingArn: ${ROLE} is not for this namespace: no pattern under allow.roles of its entry in the tenants file matches it`,
    });
  });

  it('does not make the message longer than a person reads', () => {
    const many = Array.from({ length: 300 }, (_, index) => `user${index}@other.example`);

    const message = tenancyFault(
      manifest(forRecipients(...many)),
      tenant({ recipientDomains: ['example.com'] }),
    )?.message;

    expect(message).toMatch(/; and 295 more$/);
  });
});

describe('the schema', () => {
  /** Texts that lead to nothing outside of the pipeline. A new field belongs here or into the table of references. */
  const HARMLESS = [
    // Who it is.
    'metadata.name',
    'metadata.namespace',
    'metadata.annotations{}',
    'metadata.annotations.ses-lambda-pipeline.dev/reconcile-requested-at',
    // The tenant's own resources on AWS and in its namespace, and what is in them.
    'spec.region',
    'spec.interval',
    'spec.messageBodyStorage.logicalName',
    'spec.messageBodyStorage.objectKeyPrefix',
    'spec.function.description',
    'spec.function.runtime',
    'spec.function.handler',
    'spec.function.environment{}',
    'spec.function.imageConfig.entryPoint[]',
    'spec.function.imageConfig.command[]',
    'spec.function.imageConfig.workingDirectory',
    'spec.function.tags{}',
    'spec.function.code.inline{}',
    'spec.function.code.configMapRef.name',
    'spec.function.code.ociRef.digest',
    'spec.function.code.ociRef.pullSecret.name',
    'spec.function.version',
    'spec.function.environmentFrom{}.configMapKeyRef.key',
    'spec.function.environmentFrom{}.configMapKeyRef.name',
    'spec.function.environmentFrom{}.secretKeyRef.key',
    'spec.function.environmentFrom{}.secretKeyRef.name',
    'spec.receiptRules[].name',
    'spec.receiptRules[].storage.objectKeyPrefix',
    // Inside of a bucket that is in the table.
    'spec.function.code.s3.key',
    'spec.function.code.s3.version',
    // What the tenant's role, and the boundary on the function's role, keep within bounds.
    'spec.role.privileges[].actions[]',
    'spec.role.privileges[].resource',
    // Checked by a rule of its own.
    'spec.role.permissionsBoundaryArn',
    'spec.function.code.path',
    'spec.receiptRules[].recipients[]',
    'spec.receiptRules[].actions[].bounce.sender',
    // What the mail then says.
    'spec.receiptRules[].actions[].addHeader.name',
    'spec.receiptRules[].actions[].addHeader.value',
    'spec.receiptRules[].actions[].bounce.smtpReplyCode',
    'spec.receiptRules[].actions[].bounce.statusCode',
    'spec.receiptRules[].actions[].bounce.message',
  ];

  type Json = {
    readonly type?: string;
    readonly enum?: readonly unknown[];
    readonly const?: unknown;
    readonly properties?: Readonly<Record<string, Json>>;
    readonly items?: Json;
    readonly additionalProperties?: Json | boolean;
  };

  /** Where free text can be written. */
  function textFields(schema: Json, path: string): string[] {
    const inside = typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined;
    return [
      ...Object.entries(schema.properties ?? {}).flatMap(([name, member]) =>
        textFields(member, path === '' ? name : `${path}.${name}`),
      ),
      ...(schema.items === undefined ? [] : textFields(schema.items, `${path}[]`)),
      ...(inside === undefined ? [] : textFields(inside, `${path}{}`)),
      ...(schema.type === 'string' && schema.enum === undefined && schema.const === undefined ? [path] : []),
    ];
  }

  it('has no field that names something unless the limits know it', () => {
    const fields = textFields(manifestSchema.toJSONSchema({ io: 'input' }) as Json, '');

    expect(fields.toSorted()).toEqual([...Object.keys(REFERENCES), ...HARMLESS].toSorted());
  });
});

describe('the permissions boundary', () => {
  const asking = (permissionsBoundaryArn: string) => ({ role: { permissionsBoundaryArn } });

  it('may be asked for where none is forced: it only takes away', () => {
    expect(pathsOf(asking(BOUNDARY))).toEqual([]);
  });

  it('may be named when it is the forced one, and no other may', () => {
    const forced = { permissionsBoundaryArn: BOUNDARY };

    expect(pathsOf(asking(BOUNDARY), forced)).toEqual([]);
    expect(pathsOf(asking(`${BOUNDARY}-wider`), forced)).toEqual(['spec.role.permissionsBoundaryArn']);
  });
});

describe('the sender of a bounce', () => {
  it('is of a domain of the namespace, as recipients are', () => {
    const bouncing = ruleWith({ actions: [{ bounce: { ...BOUNCE, sender: 'postmaster@other.example' } }] });

    expect(pathsOf(bouncing)).toEqual([]);
    expect(pathsOf(bouncing, { recipientDomains: ['example.com'] })).toEqual([
      'spec.receiptRules[0].actions[0].bounce.sender',
    ]);
    expect(pathsOf(bouncing, { recipientDomains: ['example.com', 'other.example'] })).toEqual([]);
  });
});

describe('adoption', () => {
  const adopting = manifest({}, { annotations: { [ADOPT]: 'true' } });

  it('is refused unless a pattern lists the pipeline', () => {
    expect(tenancyIssues(adopting, tenant())).toEqual([
      {
        path: 'metadata.annotations["ses-lambda-pipeline.dev/adopt"]',
        message:
          'adopting as app is not for this namespace: no pattern under allow.adoption of its entry in the tenants file matches it',
      },
    ]);
    expect(tenancyIssues(adopting, tenant({ allow: { adoption: ['other'] } }))).toHaveLength(1);
    expect(tenancyIssues(adopting, tenant({ allow: { adoption: ['ap*'] } }))).toEqual([]);
  });

  it('is not asked for by an annotation that says no', () => {
    expect(tenancyIssues(manifest({}, { annotations: { [ADOPT]: 'false' } }), tenant())).toEqual([]);
  });
});

describe('code beside the manifest', () => {
  it.each(['/var/run/secrets', '../other', 'a/../../other', '..', 'C:\\keys', '..\\other', '\\\\server\\share'])(
    'may not be %j, which leads out of the folder',
    (path) => {
      expect(pathsOf({ function: { code: { path } } })).toEqual(['spec.function.code.path']);
    },
  );

  it.each(['handler', './handler/index.mjs', 'a..b/c', 'a/...'])('may be %j', (path) => {
    expect(pathsOf({ function: { code: { path } } })).toEqual([]);
  });
});

describe('recipients', () => {
  it.each<[string, readonly string[], boolean]>([
    ['a@example.com', ['example.com'], true],
    ['A@EXAMPLE.com', ['Example.COM'], true],
    ['a+label@example.com', ['example.com'], true],
    ['example.com', ['example.com'], true],
    ['a@sub.example.com', ['example.com'], false],
    ['.example.com', ['example.com'], false],
    ['a@example.com', ['.example.com'], false],
    ['example.com', ['.example.com'], false],
    ['.example.com', ['.example.com'], true],
    ['a@sub.example.com', ['.example.com'], true],
    ['a@b.c.example.com', ['.example.com'], true],
    ['.sub.example.com', ['.example.com'], true],
    ['.example.com', ['.sub.example.com'], false],
    ['a@badexample.com', ['.example.com', 'example.com'], false],
    ['a@example.com.evil.test', ['.example.com', 'example.com'], false],
    ['a@xn--mnchen-3ya.example', ['xn--mnchen-3ya.example'], true],
    ['a@example.com', [], false],
  ])('%s with %j: %s', (recipient, recipientDomains, allowed) => {
    const paths = pathsOf(forRecipients(recipient), { recipientDomains: [...recipientDomains] });

    expect(paths).toEqual(allowed ? [] : ['spec.receiptRules[0].recipients[0]']);
  });

  it('may be anybody where the entry has no list', () => {
    expect(pathsOf(forRecipients())).toEqual([]);
    expect(pathsOf(forRecipients('a@anywhere.example'))).toEqual([]);
  });

  it('may not be everybody where it has one, whatever is on it', () => {
    expect(pathsOf(forRecipients(), { recipientDomains: ['example.com'] })).toEqual([
      'spec.receiptRules[0].recipients',
    ]);
  });

  it('are not told by name', () => {
    const fault = tenancyFault(manifest(forRecipients('jane.doe@other.example')), tenant({ recipientDomains: [] }));

    expect(fault?.message).toContain('other.example');
    expect(fault?.message).not.toContain('jane');
  });

  it('never give one tenant mail for the domain of another', () => {
    const domain = fc.stringMatching(/^[ab]\.[ab]{1,2}(\.[ab])?\.test$/);
    const recipient = fc.oneof(
      domain,
      domain.map((each) => `.${each}`),
      domain.map((each) => `x@${each}`),
    );
    // Judged by the addresses themselves, without the code under test.
    const reaches = (one: string, host: string): boolean =>
      one.startsWith('.') ? host.endsWith(one) : one.slice(one.indexOf('@') + 1) === host;
    const around = (one: string, other: string): string[] => [one, other, `z${one}`, `z.${one}`, `z.${other}`];
    const bare = (one: string): string => one.slice(one.indexOf('@') + 1).replace(/^\./, '');
    const allowedDomain = fc.oneof(
      domain,
      domain.map((each) => `.${each}`),
    );

    fc.assert(
      fc.property(recipient, allowedDomain, (one, allowed) => {
        fc.pre(pathsOf(forRecipients(one), { recipientDomains: [allowed] }).length === 0);
        const reached = around(bare(one), bare(allowed)).filter((host) => reaches(one, host));
        expect(reached.filter((host) => !reaches(allowed, host))).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });
});
