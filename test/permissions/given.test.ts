import { CreateRoleCommand, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { GetFunctionCommand } from '@aws-sdk/client-lambda';
import { CreateBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';
import { controllerPolicy } from '../../src/core/controller-policy.ts';
import type { NamedThings, PolicyScope } from '../../src/core/policy-scope.ts';
import { zipFor } from '../cluster/edits.ts';
import { asJson, type Json } from '../cluster/documents.ts';
import { withField } from '../cluster/with-field.ts';
import { pipeline } from '../support/manifests.ts';
import { startWorld, type World } from '../support/world.ts';

const ACCOUNT = '123456789012';
const KEY = `arn:aws:kms:us-west-2:${ACCOUNT}:key/1`;
const SCOPE: PolicyScope = { partition: 'aws', account: ACCOUNT, regions: ['us-west-2'], installation: 'slp' };
const NAMED: NamedThings = {
  codeBuckets: ['releases'],
  layers: [`arn:aws:lambda:us-west-2:${ACCOUNT}:layer:tools:3`],
  vpc: true,
  repositories: [`arn:aws:ecr:us-west-2:${ACCOUNT}:repository/handler`],
  kmsKeys: [KEY],
};

/** Something that a function is given: the field, its value, what the scope then has to name, and the advice without it. */
type Given = readonly [what: string, field: string, value: Json, named: keyof NamedThings, advice: RegExp];

const GIVEN: readonly Given[] = [
  [
    'a layer',
    'function.layers',
    [`arn:aws:lambda:us-west-2:${ACCOUNT}:layer:tools:3`],
    'layers',
    /spec\.function\.layers: these credentials may not use arn:\S+:layer:tools:3\. Allow them lambda:GetLayerVersion/,
  ],
  [
    'a network',
    'function.vpc',
    { subnetIds: ['subnet-1'], securityGroupIds: ['sg-1'] },
    'vpc',
    /spec\.function\.vpc: these credentials may not ec2:DescribeSecurityGroups\. Allow them .*ec2:DescribeVpcs on \*/,
  ],
  [
    'an image',
    'function.code',
    { imageUri: `${ACCOUNT}.dkr.ecr.us-west-2.amazonaws.com/handler@sha256:${'a'.repeat(64)}` },
    'repositories',
    /ecr:GetDownloadUrlForLayer in the policy of the repository, and allow both to these credentials/,
  ],
  [
    'a key',
    'function.kmsKeyArn',
    KEY,
    'kmsKeys',
    /spec\.function\.kmsKeyArn: these credentials may not use the KMS key \(.*kms:CreateGrant on resource: arn:\S+key\/1/,
  ],
  [
    'code in a bucket',
    'function.code',
    { s3: { bucket: 'releases', key: 'app.zip' } },
    'codeBuckets',
    /spec\.function\.code\.s3: these credentials may not s3:GetObject on releases\/app\.zip\. Allow it/,
  ],
];

/** Somebody whose policy is the one that is printed for the scope. */
async function controllerWith({ foreign, sandbox }: World, scope: PolicyScope) {
  const RoleName = 'controller';
  const trust = { Effect: 'Allow', Principal: { AWS: ACCOUNT }, Action: 'sts:AssumeRole' };
  const { Role } = await foreign.iam.send(
    new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: JSON.stringify({ Statement: [trust] }) }),
  );
  const allow = async (next: PolicyScope): Promise<void> => {
    const PolicyDocument = JSON.stringify(controllerPolicy(next));
    await foreign.iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'printed', PolicyDocument }));
  };
  await allow(scope);
  return { credentials: sandbox.iam.door.issueSession(Role?.Arn ?? '', 'run'), allow };
}

describe('whoever gives a function', () => {
  it.each(GIVEN)(
    '%s %j is refused without %s in the scope, told what to do, and let through with it',
    async (...given) => {
      const [, field, value, named, advice] = given;
      const { [named]: _, ...others } = NAMED;
      const world = await startWorld();
      await world.foreign.s3.send(new CreateBucketCommand({ Bucket: 'releases' }));
      await world.foreign.s3.send(new PutObjectCommand({ Bucket: 'releases', Key: 'app.zip', Body: zipFor('s3') }));
      const controller = await controllerWith(world, { ...SCOPE, ...others });
      const wanted = withField(asJson(pipeline()), field, value);

      const refused = await world.apply([wanted], controller);
      await controller.allow({ ...SCOPE, ...NAMED });
      const allowed = await world.apply([wanted], controller);
      const after = await world.plan([wanted], controller);

      expect(refused.code).toBe(1);
      expect(refused.err + refused.out).toMatch(advice);
      expect(allowed).toMatchObject({ code: 0 });
      expect(after.steps).toEqual([]);
    },
  );
});

describe('whoever may not use the key of an environment', () => {
  it('gets no variables from Lambda, and a sentence from us instead of drift', async () => {
    const world = await startWorld();
    const controller = await controllerWith(world, { ...SCOPE, ...NAMED });
    const wanted = withField(asJson(pipeline()), 'function.kmsKeyArn', KEY);
    await world.apply([wanted], controller);
    await controller.allow(SCOPE);

    const { code, err, out } = await world.run(['plan'], [wanted], controller);
    const { Configuration } = await world.foreign.lambda.send(
      new GetFunctionCommand({ FunctionName: (await world.fn()).name }),
    );

    expect(Configuration?.Environment?.Variables).toBeDefined();
    expect(code).toBe(1);
    expect(err + out).toMatch(/these credentials may not use the KMS key .* kms:Decrypt on resource: arn:\S+key\/1/);
  });
});
