import { CreatePolicyCommand, CreateRoleCommand, GetRoleCommand, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import {
  DeleteFunctionCommand,
  GetFunctionCommand,
  ListFunctionsCommand,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda';
import { CreateBucketCommand, ListBucketsCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { DescribeActiveReceiptRuleSetCommand } from '@aws-sdk/client-ses';
import { AssumeRoleCommand } from '@aws-sdk/client-sts';
import { dump } from 'js-yaml';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Resource } from '../../src/controller/source.ts';
import { createTenants } from '../../src/controller/tenants.ts';
import { createWorkQueue } from '../../src/controller/work-queue.ts';
import { actionsOf, ACTION_GROUPS, type ActionGroupName } from '../../src/core/aws-actions.ts';
import type { PolicyDocument } from '../../src/core/policy-document.ts';
import { roleSessionOf, tenantOf, type RoleSession, type Tenancy } from '../../src/core/tenancy.ts';
import { assumedRole } from '../../src/aws/assumed-role.ts';
import { loadTenancy } from '../../src/files/load-tenancy.ts';
import { portsByPlace } from '../../src/ports-by-place.ts';
import { zipFor } from '../cluster/edits.ts';
import { controlling } from '../controller/support/controlling.ts';
import { resource } from '../controller/support/resource.ts';
import { clientsOf, codeOf, type Credentials } from '../sandbox/support/running-sandbox.ts';
import { runCommand } from '../support/command-line.ts';
import { quickClock } from '../support/quick-clock.ts';
import { startWorld, type World } from '../support/world.ts';
import { judgeRoles } from './judge.ts';

const ACCOUNT = '123456789012';
const ELSEWHERE = '210987654321';
const REGION = 'us-west-2';
const CONTROLLER = `arn:aws:iam::${ACCOUNT}:role/ses-lambda-pipeline-controller`;
const BOUNDARY = `arn:aws:iam::${ACCOUNT}:policy/mail-functions`;
const KEY = `arn:aws:kms:${REGION}:${ACCOUNT}:key/1`;
const LAYER = `arn:aws:lambda:${REGION}:${ACCOUNT}:layer:tools:3`;

/** Two teams in one account, one with all that an entry can force, and one in an account of its own. */
const TENANTS = [
  {
    namespaces: ['team-a'],
    roleArn: `arn:aws:iam::${ACCOUNT}:role/tenants/team-a`,
    externalId: 'only-for-a',
    sessionTags: { team: 'a' },
    permissionsBoundaryArn: BOUNDARY,
    rolePath: '/team-a/',
    allow: {
      codeBuckets: ['releases-*'],
      kmsKeys: [KEY],
      layers: [LAYER],
      networks: ['subnet-*', 'sg-*'],
    },
  },
  {
    namespaces: ['team-b', 'team-b-*'],
    roleArn: `arn:aws:iam::${ACCOUNT}:role/tenants/team-b`,
    externalId: 'only-for-b',
    rolePath: '/team-b/',
    allow: { codeBuckets: ['releases-*'] },
  },
  {
    namespaces: ['team-c'],
    roleArn: `arn:aws:iam::${ELSEWHERE}:role/tenants/team-c`,
    externalId: 'only-for-c',
    allow: { codeBuckets: ['releases-*'] },
  },
] as const;

type Team = (typeof TENANTS)[number];

const [TEAM_A, TEAM_B, TEAM_C] = TENANTS;
const nameOf = ({ roleArn }: Team): string => roleArn.slice(roleArn.lastIndexOf('/') + 1);

/** The file as the controller reads it. */
function tenantsFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tenants-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'tenants.yaml');
  writeFileSync(file, dump({ tenants: TENANTS }));
  return file;
}

/** What the command line prints. */
async function printed(file: string, which: string, ...more: readonly string[]): Promise<PolicyDocument> {
  const { code, out, err } = await runCommand({ args: ['iam-policy', which, '--tenants', file, ...more] });
  if (code !== 0) throw new Error(err);
  return JSON.parse(out) as PolicyDocument;
}

const forTeam = (team: Team) => ['--namespace', team.namespaces[0], '--region', REGION];

/** As docs/tenancy.md has it. */
const trustOf = ({ externalId, namespaces, ...team }: Team) => ({
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Principal: { AWS: CONTROLLER },
      Action: ['sts:AssumeRole', 'sts:TagSession'],
      Condition: {
        StringEquals: {
          'sts:ExternalId': externalId,
          ...('sessionTags' in team && { 'aws:RequestTag/team': team.sessionTags.team }),
        },
        StringLike: { 'sts:RoleSessionName': namespaces.map((namespace) => `slp.${namespace}`) },
      },
    },
  ],
});

/** Accounts set up as the docs say, each role with the policy that is printed for it, which the judge goes by too. */
async function tenantsWorld() {
  const file = tenantsFile();
  const policies = new Map([[CONTROLLER, await printed(file, 'tenants')]]);
  for (const team of TENANTS) policies.set(team.roleArn, await printed(file, 'controller', ...forTeam(team)));
  const judge = judgeRoles(policies);
  const world = await startWorld({ faults: judge });
  const accountOf = (account: string) =>
    clientsOf(world.sandbox, { credentials: { accessKeyId: account, secretAccessKey: 'any' } });
  const own = accountOf(ACCOUNT);
  await own.iam.send(
    new CreatePolicyCommand({
      PolicyName: 'mail-functions',
      PolicyDocument: JSON.stringify(await printed(file, 'function-boundary', ...forTeam(TEAM_A))),
    }),
  );
  const root = { Effect: 'Allow', Principal: { AWS: ACCOUNT }, Action: 'sts:AssumeRole' };
  await putRole(own, CONTROLLER, { Version: '2012-10-17', Statement: [root] }, policies);
  for (const team of TENANTS) {
    const { iam, s3 } = accountOf(team.roleArn.split(':')[4] ?? '');
    await putRole({ iam }, team.roleArn, trustOf(team), policies);
    const Bucket = `releases-${nameOf(team)}`;
    await s3.send(new CreateBucketCommand({ Bucket }));
    await s3.send(new PutObjectCommand({ Bucket, Key: 'app.zip', Body: zipFor(Bucket) }));
  }
  const loaded = await loadTenancy(file);
  if (!loaded.ok) throw new Error(loaded.problems.join('\n'));
  judge.look(world.sandbox);
  return { world, judge, tenancy: loaded.tenancy, policies, controller: session(world, CONTROLLER) };
}

async function putRole(
  { iam }: Pick<ReturnType<typeof clientsOf>, 'iam'>,
  arn: string,
  trust: object,
  policies: ReadonlyMap<string, PolicyDocument>,
): Promise<void> {
  const RoleName = arn.slice(arn.lastIndexOf('/') + 1);
  const Path = arn.slice(arn.indexOf(':role/') + ':role'.length, arn.lastIndexOf('/') + 1);
  await iam.send(new CreateRoleCommand({ RoleName, Path, AssumeRolePolicyDocument: JSON.stringify(trust) }));
  const PolicyDocument = JSON.stringify(policies.get(arn));
  await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'printed', PolicyDocument }));
}

const session = ({ sandbox }: World, roleArn: string): Credentials => sandbox.iam.door.issueSession(roleArn, 'run');

const codeIn = (team: Team) => ({ s3: { bucket: `releases-${nameOf(team)}`, key: 'app.zip' } });

/** A pipeline of the team, with all that its entry lets it name. */
function pipelineOf(team: Team, over: Partial<Resource> = {}, fn: object = {}): Resource {
  const namespace = team.namespaces[0];
  const given =
    team === TEAM_A
      ? { layers: [LAYER], kmsKeyArn: KEY, vpc: { subnetIds: ['subnet-1'], securityGroupIds: ['sg-1'] } }
      : {};
  return resource(
    {
      region: REGION,
      messageBodyStorage: { logicalName: 'Special', deletionPolicy: 'DeleteWithContents' },
      function: { handler: 'index.handler', code: codeIn(team), logRetentionDays: 7, ...given, ...fn },
      receiptRules: [{ name: 'First', recipients: [`${namespace}@example.com`] }],
    },
    { key: `${namespace}/app`, ...over },
  );
}

type Tenants = Awaited<ReturnType<typeof tenantsWorld>>;

/** The controller, as a role that may do nothing but work as tenants. */
function controllerOf({ world, tenancy, controller }: Tenants) {
  const clock = quickClock();
  const ports = portsByPlace({
    clock,
    endpointUrl: world.sandbox.url,
    credentials: controller,
    sesCallsPerSecond: 1_000,
  });
  onTestFinished(() => ports.close());
  const running = controlling(
    TENANTS.map((team) => pipelineOf(team)),
    {
      clock,
      portsOf: ports.of,
      tenants: createTenants(tenancy, 'slp'),
      queue: createWorkQueue<string>({ clock, minRetryMs: 1_000, maxRetryMs: 10_000 }),
    },
  );
  running.source.inputsOf = (key) => {
    const team = TENANTS.find(({ namespaces }) => namespaces[0] === key.split('/')[0]) ?? TEAM_A;
    const { bucket, key: object } = codeIn(team).s3;
    return { code: { kind: 's3', bucket, key: object }, environment: {} };
  };
  const readiness = (): readonly string[] =>
    [...running.source.resources.values()].map(({ key, generation, status }) => {
      const ready = status?.conditions.find(({ type }) => type === 'Ready');
      return `${key} ${status?.observedGeneration === generation ? ready?.status : 'unseen'} ${ready?.message ?? ''}`;
    });
  const allReady = () =>
    expect
      .poll(() => readiness().filter((line) => !/^\S+ True /.test(line)), { timeout: 60_000, interval: 50 })
      .toEqual([]);
  return { ...running, allReady };
}

/** Actions that the scenarios beside this one hold against the calls that need them. */
const PROVEN = actionsOf(
  (Object.keys(ACTION_GROUPS) as ActionGroupName[]).filter((group) => !['search', 'tenants'].includes(group)),
);

/** One call for each thing that happens to a pipeline here. */
const OF_THIS_LIFE = [
  'iam:CreateRole',
  'iam:DeleteRole',
  'lambda:CreateFunction',
  'lambda:DeleteFunction',
  'lambda:UpdateFunctionConfiguration',
  'logs:CreateLogGroup',
  's3:CreateBucket',
  's3:DeleteBucket',
  'ses:CreateReceiptRule',
  'ses:DeleteReceiptRule',
];

const allowedBy = (policy: PolicyDocument | undefined): readonly string[] => [
  ...new Set(policy?.Statement.flatMap(({ Action }) => Action as readonly string[])),
];

describe('a controller with a tenants file', () => {
  it('makes, changes, mends and takes down pipelines of each tenant with what is printed for it, and no more', async () => {
    const tenants = await tenantsWorld();
    const { world, judge, policies } = tenants;
    const { source, allReady } = controllerOf(tenants);

    await allReady();
    for (const team of TENANTS) {
      const { manifest } = pipelineOf(team, {}, { memorySize: 256 });
      source.put({ ...known(source, team), manifest, generation: 2 });
    }
    await allReady();
    const { Functions = [] } = await world.foreign.lambda.send(new ListFunctionsCommand({}));
    for (const { FunctionName } of Functions)
      await world.foreign.lambda.send(new DeleteFunctionCommand({ FunctionName }));
    for (const team of TENANTS) source.put({ ...known(source, team), generation: 3 });
    await allReady();
    for (const team of TENANTS) source.put({ ...known(source, team), deleting: true });
    await expect.poll(() => source.resources.size, { timeout: 60_000, interval: 50 }).toBe(0);

    expect(judge.refusals()).toEqual([]);
    expect([...judge.used(CONTROLLER)].sort()).toEqual(allowedBy(policies.get(CONTROLLER)));
    for (const { roleArn } of TENANTS) {
      expect([...judge.used(roleArn)]).toEqual(expect.arrayContaining(OF_THIS_LIFE));
      expect(allowedBy(policies.get(roleArn)).filter((action) => !PROVEN.includes(action))).toEqual([]);
    }
    const given = actionsOf(['layers', 'networks', 'keys', 'keyGrants', 'codeObjects']);
    expect([...judge.used(TEAM_A.roleArn)]).toEqual(expect.arrayContaining([...given]));
    expect(allowedBy(policies.get(TEAM_B.roleArn)).filter((action) => /^(ec2|ecr|kms):|Layer/.test(action))).toEqual(
      [],
    );
  }, 120_000);
});

describe('a tenant', () => {
  it('is kept from what another one has, in the same account or elsewhere', async () => {
    const tenants = await tenantsWorld();
    const { allReady } = controllerOf(tenants);
    await allReady();
    const { world } = tenants;
    const [teamA, teamB] = [TEAM_A, TEAM_B].map((team) =>
      clientsOf(world.sandbox, { credentials: session(world, team.roleArn) }),
    );
    const { Functions = [] } = await world.foreign.lambda.send(new ListFunctionsCommand({}));
    const ofB = Functions.find(({ FunctionName }) => FunctionName?.startsWith('slp-team-b'));
    const { FunctionName, Role = '' } = ofB ?? {};
    const ofA = Functions.find(({ FunctionName: name }) => name?.startsWith('slp-team-a'))?.FunctionName;
    const RoleName = Role.slice(Role.lastIndexOf('/') + 1);
    const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [] });

    const refused = await Promise.all(
      [
        teamA?.lambda.send(new GetFunctionCommand({ FunctionName })),
        teamA?.lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName: ofA, Role })),
        teamA?.lambda.send(new DeleteFunctionCommand({ FunctionName })),
        teamA?.iam.send(new GetRoleCommand({ RoleName })),
        teamA?.iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'more', PolicyDocument })),
        teamB?.lambda.send(new DeleteFunctionCommand({ FunctionName: ofA })),
        teamA?.sts.send(new AssumeRoleCommand({ RoleArn: TEAM_B.roleArn, RoleSessionName: 'slp.team-b' })),
        teamA?.lambda.send(
          new GetFunctionCommand({ FunctionName: `arn:aws:lambda:${REGION}:${ELSEWHERE}:function:slp-team-c-app` }),
        ),
      ].map((call) => codeOf(call ?? Promise.resolve())),
    );

    expect(refused.map((code) => code.slice(0, 16))).toEqual(refused.map(() => '403 AccessDenied'));
  }, 120_000);

  it.each<[string, (tenancy: Tenancy) => RoleSession]>([
    ['under the external id of another', (tenancy) => ({ ...sessionFor(tenancy, TEAM_A), externalId: 'only-for-b' })],
    ['without its external id', (tenancy) => ({ ...sessionFor(tenancy, TEAM_A), externalId: undefined })],
    ['for another namespace', (tenancy) => ({ ...sessionFor(tenancy, TEAM_C), sessionName: 'slp.team-a' })],
    ['with tags of another', (tenancy) => ({ ...sessionFor(tenancy, TEAM_A), tags: { team: 'b' } })],
  ])('is not worked for %s', async (_, wanted) => {
    const { world, tenancy, controller } = await tenantsWorld();
    const { sts } = clientsOf(world.sandbox, { credentials: controller });
    const direct = <T>(_operation: string, _about: string | undefined, send: () => Promise<T>): Promise<T> => send();

    expect(await codeOf(assumedRole(sts, wanted(tenancy), direct)())).toBe('403 AccessDenied');
    expect(await assumedRole(sts, sessionFor(tenancy, TEAM_B), direct)()).toHaveProperty('sessionToken');
  });

  it('needs the controller: its own credentials do nothing but work as tenants', async () => {
    const { world, controller } = await tenantsWorld();
    const { iam, lambda, s3, ses } = clientsOf(world.sandbox, { credentials: controller });

    const refused = await Promise.all(
      [
        iam.send(new GetRoleCommand({ RoleName: 'team-a' })),
        lambda.send(new ListFunctionsCommand({})),
        s3.send(new ListBucketsCommand({})),
        ses.send(new DescribeActiveReceiptRuleSetCommand({})),
      ].map(codeOf),
    );

    expect(refused.map((code) => code.slice(0, 16))).toEqual(refused.map(() => '403 AccessDenied'));
  });
});

function sessionFor(tenancy: Tenancy, { namespaces: [namespace] }: Team): RoleSession {
  const tenant = tenantOf(tenancy, namespace);
  if (tenant === undefined) throw new Error(`${namespace} has no entry`);
  return roleSessionOf(tenant, 'slp', namespace);
}

/** The pipeline as the source has it. */
function known({ resources }: ReturnType<typeof controlling>['source'], { namespaces: [namespace] }: Team): Resource {
  const found = resources.get(`${namespace}/app`);
  if (found === undefined) throw new Error(`${namespace} has no pipeline`);
  return found;
}
