import { CreateRoleCommand, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { describe, expect, it } from 'vitest';
import { ECHO, pipeline, rule } from '../support/manifests.ts';
import { startWorld } from '../support/world.ts';

const READ_ONLY = 'arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess';
const FULL = 'arn:aws:iam::aws:policy/AmazonS3FullAccess';

describe('the function', () => {
  it('S20 S21 B11 may be invoked by SES for rules of this pipeline, and by nobody else', async () => {
    const world = await startWorld();
    await world.mustApply(pipeline());
    const { arn, policy } = await world.fn();

    expect(policy).toEqual([
      {
        Sid: expect.stringMatching(/^ses-[0-9a-f]{10}-[0-9a-f]{10}$/),
        Effect: 'Allow',
        Principal: { Service: 'ses.amazonaws.com' },
        Action: 'lambda:InvokeFunction',
        Resource: arn,
        Condition: {
          StringEquals: { 'AWS:SourceAccount': '123456789012' },
          ArnLike: {
            'AWS:SourceArn':
              'arn:aws:ses:us-west-2:123456789012:receipt-rule-set/ses-lambda-pipeline:receipt-rule/slp_mail_app_*',
          },
        },
      },
    ]);
  });

  it('S20 offers no source ARN to set: the field is unknown', async () => {
    const world = await startWorld();
    const { code, err } = await world.apply([{ ...pipeline(), spec: { ...pipeline().spec, sourceArn: '*' } }]);

    expect(code).toBe(1);
    expect(err).toContain('spec.sourceArn: unknown field');
    expect(world.faults.calls()).toEqual([]);
  });

  it("S22 has the seed's memory and timeout unless the manifest says otherwise, and a description that names it", async () => {
    const world = await startWorld();
    await world.mustApply(pipeline());
    expect(await world.fn()).toMatchObject({
      memorySize: 128,
      timeout: 10,
      description: 'mail/app: index.handler',
      runtime: 'nodejs24.x',
      handler: 'index.handler',
    });

    await world.mustApply(pipeline({ function: { memorySize: 512, timeout: 60, description: 'Echo' } }));
    expect(await world.fn()).toMatchObject({ memorySize: 512, timeout: 60, description: 'Echo' });
  });

  it('S22 has its configuration written only when it differs', async () => {
    const world = await startWorld();
    await world.mustApply(pipeline());
    world.faults.clearCalls();
    await world.mustApply(pipeline({ function: { timeout: 60 } }));
    expect(world.writes()).toEqual(['lambda:UpdateFunctionConfiguration']);

    world.faults.clearCalls();
    await world.mustApply(pipeline({ function: { timeout: 60 } }));
    expect(world.writes()).toEqual([]);
  });

  it('S22 gets new code, and keeps its configuration', async () => {
    const world = await startWorld();
    await world.mustApply(pipeline());
    const before = await world.fn();
    world.faults.clearCalls();
    await world.mustApply(pipeline({ function: { code: { inline: { 'index.mjs': `${ECHO}\n// new\n` } } } }));

    expect(world.writes()).toEqual(['lambda:UpdateFunctionCode']);
    const { codeSha256, ...after } = await world.fn();
    expect(codeSha256).not.toBe(before.codeSha256);
    expect(before).toMatchObject(after);
  });

  it('S26 gets environment variables, changed and removed, beside its own two', async () => {
    const own = ['SES_LAMBDA_PIPELINE_DISCOVERY', 'SES_LAMBDA_PIPELINE_LOG_LEVEL'];
    const world = await startWorld();
    await world.mustApply(pipeline({ function: { environment: { COLOUR: 'red', SIZE: 'big' } } }));
    expect((await world.fn()).environment).toMatchObject({ COLOUR: 'red', SIZE: 'big' });

    await world.mustApply(pipeline({ function: { environment: { COLOUR: 'blue' } } }));
    const { environment } = await world.fn();
    expect(Object.keys(environment).sort()).toEqual(['COLOUR', ...own]);
    expect(environment['COLOUR']).toBe('blue');

    await world.mustApply(pipeline());
    expect(Object.keys((await world.fn()).environment).sort()).toEqual(own);
  });

  it('S26 keeps values of its environment out of plans', async () => {
    const world = await startWorld();
    await world.mustApply(pipeline({ function: { environment: { TOKEN: 'hunter1' } } }));
    const { out } = await world.run(['plan'], [pipeline({ function: { environment: { TOKEN: 'hunter2' } } })]);

    expect(out).toContain('environment.TOKEN');
    expect(out).not.toMatch(/hunter/);
  });

  it('S26 is refused when its environment is over 4 KB, before anything is written', async () => {
    const world = await startWorld();
    const { code, err } = await world.apply([pipeline({ function: { environment: { LONG: 'x'.repeat(4000) } } })]);

    expect(code).toBe(1);
    expect(err).toContain('spec.function.environment');
    expect(world.writes()).toEqual([]);
  });

  it('S34 is told its log level', async () => {
    const world = await startWorld();
    await world.mustApply(pipeline({ function: { logLevel: 'error' } }));
    expect((await world.fn()).environment).toMatchObject({ SES_LAMBDA_PIPELINE_LOG_LEVEL: 'error' });
  });

  it('S31 that throws fails its invocation, which Lambda tries again, and the mail stays stored', async () => {
    const world = await startWorld();
    await world.mustApply(
      pipeline({
        function: {
          code: { inline: { 'index.mjs': `export const handler = async () => { throw new Error('not yet'); };` } },
        },
      }),
    );
    await world.send({ to: 'first@example.com' });

    const log = world.sandbox.lambda.logs.lines((await world.fn()).name).map(({ text }) => text);
    expect(log.join('\n')).toContain('not yet');
    const [mail] = world.sandbox.ses.journal.mails();
    expect((await world.bucket()).keys).toContain(mail?.id);
  });

  it.each([
    ['a reserved variable', { environment: { AWS_REGION: 'eu-west-1' } }],
    ['memory below the minimum', { memorySize: 64 }],
  ])('S22 S42 is refused with %s, before AWS is asked', async (_, wrong) => {
    const world = await startWorld();
    expect((await world.apply([pipeline({ function: wrong })])).code).toBe(1);
    expect(world.faults.calls()).toEqual([]);
  });

  it('S22 comes with a note when the code has no file of its handler', async () => {
    const world = await startWorld();
    const planned = await world.plan([pipeline({ function: { handler: 'other.handler' } })]);
    expect(JSON.stringify(planned)).toContain('other.mjs');
  });
});

describe('the role', () => {
  it('S23 trusts Lambda only, and may write its own log and what the manifest grants', async () => {
    const world = await startWorld();
    await world.mustApply(pipeline());
    const [{ trust, inline, path, managed }, { name }, bucket] = [
      await world.role(),
      await world.fn(),
      await world.bucket(),
    ];

    expect(path).toBe('/ses-lambda-pipeline/slp/');
    expect(managed).toEqual([]);
    expect(trust).toMatchObject({
      Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }],
    });
    const logGroup = `arn:aws:logs:us-west-2:123456789012:log-group:/aws/lambda/${name}`;
    expect(Object.values(inline).flatMap(({ Statement }) => Statement)).toEqual([
      expect.objectContaining({ Resource: [logGroup, `${logGroup}:*`] }),
      expect.objectContaining({ Action: ['s3:GetObject'], Resource: `arn:aws:s3:::${bucket.name}/*` }),
    ]);
  });

  it('S24 resolves every token once the bucket has its name', async () => {
    const world = await startWorld();
    const resources = [
      '${bucket.arn}',
      '${bucket.arnAllKeys}',
      'arn:${partition}:sqs:${region}:${account}:${bucket.name}',
    ];
    await world.mustApply(
      pipeline({ role: { privileges: resources.map((resource) => ({ actions: ['s3:GetObject'], resource })) } }),
    );
    const { name } = await world.bucket();

    const { Statement = [] } = Object.values((await world.role()).inline)[0] ?? {};
    expect(Statement.slice(1).map(({ Resource }) => Resource)).toEqual([
      `arn:aws:s3:::${name}`,
      `arn:aws:s3:::${name}/*`,
      `arn:aws:sqs:us-west-2:123456789012:${name}`,
    ]);
  });

  it('S24 is refused with an unknown token, and nothing is written', async () => {
    const world = await startWorld();
    const { code, err } = await world.apply([
      pipeline({ role: { privileges: [{ actions: ['s3:GetObject'], resource: '${bucket.url}' }] } }),
    ]);

    expect(code).toBe(1);
    expect(err).toContain('unknown token ${bucket.url}');
    expect(world.writes()).toEqual([]);
  });

  it('S25 keeps s3:HeadObject as it was written, and says what allows it', async () => {
    const world = await startWorld();
    const document = pipeline({
      role: { privileges: [{ actions: ['s3:GetObject', 's3:HeadObject'], resource: '${bucket.arnAllKeys}' }] },
    });
    await world.mustApply(document);

    expect(JSON.stringify((await world.role()).inline)).toContain('s3:HeadObject');
    expect((await world.plan([document])).warnings.map(({ message }) => message)).toContainEqual(
      expect.stringContaining('allowed by s3:GetObject'),
    );
  });

  it('S23 gets managed policies and a boundary, changed and removed', async () => {
    const world = await startWorld();
    await world.mustApply(pipeline({ role: { managedPolicyArns: [READ_ONLY], permissionsBoundaryArn: READ_ONLY } }));
    expect(await world.role()).toMatchObject({ managed: [READ_ONLY], boundary: READ_ONLY });

    await world.mustApply(pipeline({ role: { managedPolicyArns: [FULL], permissionsBoundaryArn: FULL } }));
    expect(await world.role()).toMatchObject({ managed: [FULL], boundary: FULL });

    await world.mustApply(pipeline({ role: {} }));
    expect(await world.role()).toMatchObject({ managed: [], boundary: undefined });
  });

  it('S23 may be an existing one, which is never changed', async () => {
    const world = await startWorld();
    const trust = {
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }],
    };
    await world.foreign.iam.send(
      new CreateRoleCommand({ RoleName: 'theirs', AssumeRolePolicyDocument: JSON.stringify(trust) }),
    );
    const allowed = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 'logs:*', Resource: '*' }] };
    await world.foreign.iam.send(
      new PutRolePolicyCommand({ RoleName: 'theirs', PolicyName: 'logs', PolicyDocument: JSON.stringify(allowed) }),
    );
    const before = await world.role();
    const existingArn = 'arn:aws:iam::123456789012:role/theirs';

    await world.mustApply(pipeline({ role: { existingArn } }));
    expect((await world.fn()).role).toBe(existingArn);
    await world.send({ to: 'first@example.com' });
    expect(await world.log()).toHaveLength(1);
    await world.remove([pipeline({ role: { existingArn } })]);
    expect(await world.role()).toEqual(before);
  });

  it('S23 B17 stays the same role whatever changes', async () => {
    const world = await startWorld();
    await world.mustApply(pipeline());
    const { name } = await world.role();
    world.faults.clearCalls();
    await world.mustApply(pipeline({ function: { timeout: 60 }, rules: [rule('Other', 'other@example.com')] }));

    expect((await world.role()).name).toBe(name);
    expect(world.writes().filter((operation) => operation.startsWith('iam:'))).toEqual([]);
  });
});
