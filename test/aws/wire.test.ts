import { describe, expect, it } from 'vitest';
import { LAMBDA_TRUST } from '../../src/core/policy-document.ts';
import { functionConfiguration } from '../core/support/function-configuration.ts';
import { faultFrom, portsAt } from './support/ports.ts';
import {
  CALLER_IDENTITY,
  lambdaError,
  queryError,
  queryAction,
  s3Error,
  scriptedServer,
  type ScriptedReply,
  type ScriptedRequest,
} from './support/scripted-server.ts';

const NO_BODY = '';

/** S3 that answers as told, with the caller's identity beside it. */
const s3Server = (reply: (request: ScriptedRequest) => ScriptedReply) =>
  scriptedServer((request) => (queryAction(request) === 'GetCallerIdentity' ? CALLER_IDENTITY : reply(request)));

const bucketCalls = ({ requests }: { readonly requests: readonly ScriptedRequest[] }) =>
  requests.filter((request) => queryAction(request) === undefined);

describe('buckets on the wire', () => {
  it.each([
    { status: 200, presence: 'accessible' },
    { status: 403, presence: 'forbidden' },
    { status: 404, presence: 'absent' },
  ])('takes HeadBucket $status without a body for $presence', async ({ status, presence }) => {
    await using server = await s3Server(() => ({ status, body: NO_BODY }));

    expect(await portsAt(server.url).buckets.head('mail')).toBe(presence);
  });

  it('names the region of a bucket that is elsewhere', async () => {
    await using server = await s3Server(() => ({ status: 301, headers: { 'x-amz-bucket-region': 'eu-west-1' } }));

    const fault = await faultFrom(portsAt(server.url).buckets.head('mail'));

    expect(fault).toMatchObject({ class: 'invalid', reason: 'InvalidSpec', code: 'Http301' });
    expect(fault.message).toBe(
      'Bucket "mail" is in eu-west-1, not in us-west-2. Correct spec.region, or choose another bucket.',
    );
  });

  it('expects its own account as the owner, and asks for the account once', async () => {
    await using server = await s3Server(() => s3Error(404, 'NoSuchTagSet', 'The TagSet does not exist'));
    const { buckets } = portsAt(server.url);

    await Promise.all([buckets.tags('mail'), buckets.tags('mail')]);

    expect(bucketCalls(server).map(({ headers }) => headers['x-amz-expected-bucket-owner'])).toEqual([
      '123456789012',
      '123456789012',
    ]);
    expect(server.requests.filter((request) => queryAction(request) === 'GetCallerIdentity')).toHaveLength(1);
  });

  it('asks for the account again after a failure', async () => {
    let failures = 1;
    await using server = await scriptedServer((request) =>
      queryAction(request) === undefined
        ? { status: 200 }
        : failures-- > 0
          ? queryError(403, 'ExpiredToken', 'The security token is expired')
          : CALLER_IDENTITY,
    );
    const { buckets } = portsAt(server.url);

    expect(await faultFrom(buckets.head('mail'))).toMatchObject({ class: 'denied' });
    expect(await buckets.head('mail')).toBe('accessible');
  });

  it.each([
    { region: 'us-east-1', constraint: undefined },
    { region: 'eu-central-1', constraint: '<LocationConstraint>eu-central-1</LocationConstraint>' },
  ])('creates a bucket in $region with its tags in the same call', async ({ region, constraint }) => {
    await using server = await s3Server(() => ({ status: 200 }));

    await portsAt(server.url, { region }).buckets.create('mail', { team: 'post' });

    const body = bucketCalls(server)[0]?.body ?? '';
    expect(body).toContain('<Tags><Tag><Key>team</Key><Value>post</Value></Tag></Tags>');
    expect(/<LocationConstraint>.*<\/LocationConstraint>/.exec(body)?.[0]).toBe(constraint);
  });

  it('fails when S3 says only in the list that an object stayed', async () => {
    await using server = await s3Server(() => ({
      status: 200,
      body: '<DeleteResult><Error><Key>a/b</Key><Code>AccessDenied</Code><Message>Access Denied</Message></Error></DeleteResult>',
    }));

    const fault = await faultFrom(portsAt(server.url).buckets.deleteObjects('mail', [{ key: 'a/b' }]));

    expect(fault).toMatchObject({ class: 'denied', reason: 'AccessDenied' });
    expect(fault.message).toContain('s3:DeleteObject');
  });

  it('sends nothing when there is nothing to delete', async () => {
    await using server = await s3Server(() => ({ status: 500 }));

    await portsAt(server.url).buckets.deleteObjects('mail', []);

    expect(server.requests).toEqual([]);
  });

  it('lists over pages, up to the limit, versions and delete markers alike', async () => {
    await using server = await s3Server(({ url }) => ({
      status: 200,
      body: url.includes('key-marker=b')
        ? '<ListVersionsResult><IsTruncated>true</IsTruncated><DeleteMarker><Key>c</Key><VersionId>3</VersionId></DeleteMarker></ListVersionsResult>'
        : '<ListVersionsResult><IsTruncated>true</IsTruncated><NextKeyMarker>b</NextKeyMarker><NextVersionIdMarker>2</NextVersionIdMarker>' +
          '<Version><Key>a</Key><VersionId>1</VersionId></Version><Version><Key>b</Key><VersionId>2</VersionId></Version></ListVersionsResult>',
    }));

    expect(await portsAt(server.url).buckets.list('mail', 3)).toEqual([
      { key: 'a', versionId: '1' },
      { key: 'b', versionId: '2' },
      { key: 'c', versionId: '3' },
    ]);
    expect(bucketCalls(server).map(({ url }) => /max-keys=\d+/.exec(url)?.[0])).toEqual(['max-keys=3', 'max-keys=1']);
  });

  it('repeats nothing when a change of the same bucket is under way: the caller decides', async () => {
    await using server = await s3Server(() => s3Error(409, 'OperationAborted', 'A conflicting conditional operation'));

    expect(await faultFrom(portsAt(server.url).buckets.putVersioning('mail', 'Enabled'))).toMatchObject({
      class: 'transient',
    });
    expect(bucketCalls(server)).toHaveLength(1);
  });
});

describe('roles on the wire', () => {
  it('decodes the documents of IAM', async () => {
    const trust = encodeURIComponent(JSON.stringify(LAMBDA_TRUST));
    await using server = await scriptedServer(() => ({
      status: 200,
      body:
        '<GetRoleResponse><GetRoleResult><Role><Path>/x/</Path><RoleName>r</RoleName><RoleId>AROA</RoleId>' +
        `<Arn>arn:aws:iam::1:role/x/r</Arn><AssumeRolePolicyDocument>${trust}</AssumeRolePolicyDocument>` +
        '<Tags><member><Key>team</Key><Value>post</Value></member></Tags></Role></GetRoleResult></GetRoleResponse>',
    }));

    expect(await portsAt(server.url).roles.get('r')).toEqual({
      name: 'r',
      arn: 'arn:aws:iam::1:role/x/r',
      path: '/x/',
      description: '',
      trust: LAMBDA_TRUST,
      tags: { team: 'post' },
      permissionsBoundaryArn: undefined,
    });
  });

  it('reads every page, empty ones included', async () => {
    const page = (names: string, marker?: string) => ({
      status: 200,
      body:
        `<ListRolePoliciesResponse><ListRolePoliciesResult><PolicyNames>${names}</PolicyNames>` +
        `<IsTruncated>${marker !== undefined}</IsTruncated>${marker === undefined ? '' : `<Marker>${marker}</Marker>`}` +
        '</ListRolePoliciesResult></ListRolePoliciesResponse>',
    });
    await using server = await scriptedServer(({ body }) => {
      const marker = new URLSearchParams(body).get('Marker');
      if (marker === null) return page('<member>a</member>', 'm1');
      return marker === 'm1' ? page('', 'm2') : page('<member>b</member>');
    });

    expect(await portsAt(server.url).roles.inlinePolicyNames('r')).toEqual(['a', 'b']);
  });
});

describe('functions on the wire', () => {
  it('does not take tags it may not read for none', async () => {
    await using server = await scriptedServer(() => ({
      status: 200,
      body: JSON.stringify({
        Configuration: { FunctionName: 'f' },
        TagsError: {
          ErrorCode: 'AccessDeniedException',
          Message: 'User: arn:aws:iam::1:user/me is not authorized to perform: lambda:ListTags',
        },
      }),
    }));

    const fault = await faultFrom(portsAt(server.url).functions.get('f'));

    expect(fault).toMatchObject({ class: 'denied', reason: 'AccessDenied' });
    expect(fault.message).toContain('lambda:ListTags');
  });

  it('sends a whole configuration, since what is left out would stay', async () => {
    await using server = await scriptedServer(() => ({ status: 200, body: '{}' }));

    await portsAt(server.url).functions.updateConfiguration('f', functionConfiguration());

    expect(JSON.parse(server.requests[0]?.body ?? '')).toEqual({
      Runtime: 'nodejs24.x',
      Handler: 'index.handler',
      MemorySize: 128,
      Timeout: 10,
      Description: '',
      Role: 'arn:aws:iam::123456789012:role/r',
      Environment: { Variables: {} },
      KMSKeyArn: '',
      Layers: [],
      VpcConfig: { SubnetIds: [], SecurityGroupIds: [] },
      DeadLetterConfig: { TargetArn: '' },
      TracingConfig: { Mode: 'PassThrough' },
      EphemeralStorage: { Size: 512 },
      LoggingConfig: { LogFormat: 'Text' },
    });
  });

  it('sends the architecture with every new code, since Lambda would fall back to x86_64', async () => {
    await using server = await scriptedServer(() => ({ status: 200, body: '{}' }));
    const code = { kind: 'zip', bytes: new Uint8Array([1, 2, 3]), sha256: '' } as const;

    await portsAt(server.url).functions.updateCode('f', 'arm64', code);

    expect(JSON.parse(server.requests[0]?.body ?? '')).toEqual({
      ZipFile: 'AQID',
      Architectures: ['arm64'],
      Publish: false,
    });
  });

  it('creates from an object in S3 without guessing the version', async () => {
    await using server = await scriptedServer(() => ({ status: 201, body: '{}' }));

    await portsAt(server.url).functions.create(
      {
        name: 'f',
        architecture: 'arm64',
        packageType: 'Zip',
        tags: { team: 'post' },
        ...functionConfiguration({ description: 'd', environment: { A1: 'b' } }),
      },
      { kind: 's3', bucket: 'code', key: 'f.zip' },
    );

    expect(JSON.parse(server.requests[0]?.body ?? '')).toMatchObject({
      FunctionName: 'f',
      PackageType: 'Zip',
      Architectures: ['arm64'],
      Code: { S3Bucket: 'code', S3Key: 'f.zip' },
      Publish: false,
      Tags: { team: 'post' },
    });
    expect(server.requests[0]?.body).not.toContain('S3ObjectVersion');
  });

  it('reads a policy that is missing and a function that is missing alike', async () => {
    await using server = await scriptedServer(() =>
      lambdaError(404, 'ResourceNotFoundException', 'The resource you requested does not exist.'),
    );

    expect(await portsAt(server.url).functions.policy('f')).toBeUndefined();
  });
});

describe('receipt rules on the wire', () => {
  it('reads "no set is active" from an answer without metadata', async () => {
    await using server = await scriptedServer(() => ({
      status: 200,
      body: '<DescribeActiveReceiptRuleSetResponse><DescribeActiveReceiptRuleSetResult/></DescribeActiveReceiptRuleSetResponse>',
    }));

    expect(await portsAt(server.url).receiptRules.describeActive()).toBeUndefined();
  });

  it('leaves out the name to switch receiving off, and After to go to the head', async () => {
    await using server = await scriptedServer((request) => ({
      status: 200,
      body: `<r><${queryAction(request)}Result/></r>`,
    }));
    const { receiptRules } = portsAt(server.url);

    await receiptRules.setActive(undefined);
    await receiptRules.create(
      'set',
      { name: 'r', enabled: true, tlsPolicy: 'Optional', scanEnabled: true, recipients: [], actions: [] },
      undefined,
    );

    const [off, created] = server.requests.map(({ body }) => [...new URLSearchParams(body).keys()]);
    expect(off).not.toContain('RuleSetName');
    expect(created).not.toContain('After');
    expect(created?.filter((key) => key.startsWith('Rule.Recipients'))).toEqual([]);
  });

  it('lets readers of one set share a call', async () => {
    await using server = await scriptedServer(() => ({
      status: 200,
      body: '<r><DescribeReceiptRuleSetResult><Metadata><Name>set</Name></Metadata><Rules/></DescribeReceiptRuleSetResult></r>',
    }));
    const { receiptRules } = portsAt(server.url);

    const sets = await Promise.all(['set', 'set', 'set'].map((name) => receiptRules.describe(name)));

    expect(sets).toEqual(Array.from({ length: 3 }, () => ({ name: 'set', rules: [] })));
    expect(server.requests).toHaveLength(1);
  });
});
