import { CreateRoleCommand, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { expect, test, describe } from 'vitest';
import type { Cluster } from '../../src/cli/cluster.ts';
import type { Resource } from '../../src/controller/source.ts';
import { customResourceDefinition } from '../../src/core/crd.ts';
import { loadManifests } from '../../src/files/load-manifests.ts';
import { clientsOf, policyOf, runningSandbox } from '../sandbox/support/running-sandbox.ts';
import { fileOf, pipeline, rule, type PipelineParts } from '../support/manifests.ts';
import { connectAs } from './place.ts';
import { cli, folder } from './support.ts';

/** Where the controller is, and who types the commands. */
const HOME = '123456789012';
/** Where the pipelines of namespace mail are. */
const TEAM = '210987654321';
const ROLE = `arn:aws:iam::${TEAM}:role/team`;
const ENTRY = { namespaces: ['mail'], roleArn: ROLE, externalId: 'mail-7' };

/** Two accounts of one sandbox, a pipeline of the second, and its controller's cluster as somebody of the first sees it. */
async function twoAccounts(parts: PipelineParts = {}) {
  const sandbox = await runningSandbox({ functionUpdateMs: 0 });
  const common = ['--endpoint-url', sandbox.url, '--ses-calls-per-second', '1000'];
  const ofTeam = { accessKeyId: TEAM, secretAccessKey: 'x' };
  const team = clientsOf(sandbox, { credentials: ofTeam });
  const trust = {
    Effect: 'Allow',
    Principal: { AWS: HOME },
    Action: 'sts:AssumeRole',
    Condition: { StringEquals: { 'sts:ExternalId': 'mail-7', 'sts:RoleSessionName': 'slp.mail' } },
  };
  await team.iam.send(new CreateRoleCommand({ RoleName: 'team', AssumeRolePolicyDocument: policyOf(trust) }));
  const all = policyOf({ Effect: 'Allow', Action: '*', Resource: '*' });
  await team.iam.send(new PutRolePolicyCommand({ RoleName: 'team', PolicyName: 'all', PolicyDocument: all }));
  const files = folder({
    'pipeline.yaml': fileOf([pipeline(parts)]),
    'tenants.yaml': JSON.stringify({ tenants: [ENTRY] }),
  });
  const file = `${files}/pipeline.yaml`;
  const applied = await cli(['apply', '-f', file, '--yes', ...common], { connect: connectAs(ofTeam) });
  if (applied.code !== 0) throw new Error(applied.err);
  const cluster = await clusterWith(file);
  const run = (...args: readonly string[]) =>
    cli([...args, ...common], { openCluster: () => Promise.resolve(cluster) });
  return { run, file, tenants: ['--tenants', `${files}/tenants.yaml`], folder: files };
}

/** A cluster whose controller has said that all is well, in the account of the team. */
async function clusterWith(file: string): Promise<Cluster> {
  const { pipelines } = await loadManifests({
    sources: [file],
    namespace: 'default',
    readStdin: () => Promise.reject(),
  });
  const resources = pipelines.map(({ manifest, namespace }): Resource => ({
    key: `${namespace}/${manifest.metadata.name}`,
    uid: 'uid',
    generation: 1,
    createdAtMs: undefined,
    manifest,
    issues: [],
    annotations: {},
    deleting: false,
    claimed: true,
    status: {
      observedGeneration: 1,
      conditions: [],
      function: { name: 'app', arn: `arn:aws:lambda:us-west-2:${TEAM}:function:app`, codeSha256: '' },
    },
  }));
  return {
    context: 'test',
    namespace: 'mail',
    pipelines: () => Promise.resolve(resources),
    pipeline: () => Promise.resolve(resources[0]),
    inputs: ({ metadata }) => {
      const found = pipelines.find(({ manifest }) => manifest.metadata.name === metadata.name);
      return found === undefined ? Promise.reject(new Error('nobody asks for it')) : Promise.resolve(found.inputs);
    },
    events: () => Promise.resolve([]),
    leases: () =>
      Promise.resolve([
        {
          lease: 'mail/ses-lambda-pipeline',
          holder: 'controller',
          durationMs: 15_000,
          renewedAtMs: 1_000,
          acquiredAtMs: 0,
          transitions: 0,
          readAtMs: 2_000,
        },
      ]),
    definition: () => Promise.resolve(customResourceDefinition()),
    requestReconcile: () => Promise.resolve(undefined),
    setSuspended: () => Promise.resolve(undefined),
  };
}

const LOOK_AS_CONTROLLER = `Look as the controller does, with its tenants file: --tenants tenants.yaml; or use credentials of account ${TEAM}: --profile, or AWS_PROFILE`;

describe('trace of a pipeline in the account of a tenant', () => {
  test('says that it did not look there with the credentials at hand, and finds nothing wrong', async () => {
    const { run } = await twoAccounts();
    const { code, out } = await run('trace', 'app');

    expect(code).toBe(0);
    expect(out.split('\n').slice(0, 3)).toEqual([
      'mail/app in us-west-2: nothing is wrong',
      `? account: AWS was not looked at: the pipeline is in account ${TEAM}, and the credentials at hand belong to account ${HOME}`,
      `  next: ${LOOK_AS_CONTROLLER}`,
    ]);
    expect(out).toContain(`? AWS account ${TEAM}, us-west-2: not looked at`);
  });

  test('looks as the role of the tenant with the file of the controller', async () => {
    const { run, tenants } = await twoAccounts();
    const { code, out } = await run('trace', 'app', ...tenants);

    expect({ code, first: out.split('\n')[0] }).toEqual({ code: 0, first: 'mail/app in us-west-2: nothing is wrong' });
    expect(out).toContain(`AWS account ${TEAM}, us-west-2\n`);
    expect(out).not.toContain('a plan would');
  });

  test('does so for files too, whose account nobody knows', async () => {
    const { run, file, tenants } = await twoAccounts();

    expect((await run('trace', 'app', '-f', file, '-n', 'mail', ...tenants)).out).toContain(
      'mail/app in us-west-2: nothing is wrong',
    );
    expect((await run('trace', 'app', '-f', file, '-n', 'mail')).code).toBe(2);
  });

  test('says when the role does not let the credentials in', async () => {
    const { run } = await twoAccounts();
    const wrong = folder({ 'wrong.yaml': JSON.stringify({ tenants: [{ ...ENTRY, externalId: 'other' }] }) });
    const { code, out } = await run('trace', 'app', '--tenants', `${wrong}/wrong.yaml`);

    expect(code).toBe(0);
    expect(out).toContain(
      `? aws AccessDenied: These credentials may not assume role ${ROLE}: its trust policy must name`,
    );
  });

  test('says when the file has no entry for the namespace', async () => {
    const { run } = await twoAccounts();
    const other = folder({ 'other.yaml': JSON.stringify({ tenants: [{ ...ENTRY, namespaces: ['else'] }] }) });

    expect((await run('trace', 'app', '--tenants', `${other}/other.yaml`)).out).toContain(
      "? aws TenancyDenied: Namespace mail has no entry in the controller's tenants file",
    );
  });
});

describe('doctor', () => {
  const checks = async (
    run: (...args: readonly string[]) => Promise<{ code: number; out: string }>,
    ...args: string[]
  ) => {
    const { code, out } = await run('doctor', '-o', 'json', ...args);
    const { findings } = JSON.parse(out) as {
      findings: readonly { check: string; outcome: string; about?: string; message: string; todo?: string }[];
    };
    return { code, findings };
  };

  test('says which pipelines it could not look at, and leaves their account out', async () => {
    const { run } = await twoAccounts();
    const { code, findings } = await checks(run);

    expect(code).toBe(0);
    expect(findings.map(({ check, outcome }) => `${check} ${outcome}`)).toEqual([
      'cluster ok',
      'crd ok',
      'controller ok',
      'credentials ok',
      'clock ok',
      'credentials unknown',
    ]);
    expect(findings.at(-1)).toEqual({
      check: 'credentials',
      about: 'us-west-2',
      outcome: 'unknown',
      message: `mail/app is in account ${TEAM}, and the credentials at hand belong to ${HOME}: there was no look at ${TEAM}`,
      todo: LOOK_AS_CONTROLLER,
    });
  });

  test('checks the role of the tenant, and what is in its account', async () => {
    const { run, tenants } = await twoAccounts();
    const { code, findings } = await checks(run, ...tenants);
    const found = (wanted: string) => findings.find(({ check }) => check === wanted);

    expect(code).toBe(0);
    expect(found('credentials')).toMatchObject({
      about: `us-west-2 as ${ROLE}`,
      message: `AWS account ${TEAM}, as arn:aws:sts::${TEAM}:assumed-role/team/slp.mail`,
    });
    expect(found('permissions')).toMatchObject({
      outcome: 'ok',
      message: `${ROLE} may make all calls that a pipeline needs`,
    });
    expect(found('activeSet')?.message).toBe('Rule set ses-lambda-pipeline is active');
    expect(found('MailRouted')).toMatchObject({ outcome: 'ok', about: 'mail/app' });
  });

  test('names a namespace that the file leaves out', async () => {
    const { run } = await twoAccounts();
    const other = folder({ 'other.yaml': JSON.stringify({ tenants: [{ ...ENTRY, namespaces: ['else'] }] }) });
    const { code, findings } = await checks(run, '--tenants', `${other}/other.yaml`);

    expect(code).toBe(2);
    expect(findings.at(-1)).toMatchObject({ check: 'credentials', outcome: 'fail', about: 'mail/app' });
  });
});

describe('explain', () => {
  test('warns that these are not the rules of the pipeline, unless it is told who works for it', async () => {
    const { run, tenants } = await twoAccounts();
    const without = await run('explain', '--to', 'first@example.com');
    const as = await run('explain', '--to', 'first@example.com', ...tenants);

    expect(without.err).toContain(
      `Note: mail/app: it is in account ${TEAM}, and the credentials at hand belong to account ${HOME}, whose rules are explained here`,
    );
    expect(without.out).toContain('no active rule set (us-west-2)');
    expect(as).toMatchObject({ err: '', out: expect.stringContaining('ses-lambda-pipeline (us-west-2)') });
  });

  test('says how long SES would take until the files are so', async () => {
    const { run, file, tenants } = await twoAccounts({ rules: [rule('First', 'first@example.com')] });
    const to = ['--to', 'first@example.com', '-f', file];

    expect((await run('explain', ...to, ...tenants)).out).not.toContain('AWS is not yet as the files say');
    const elsewhere = await run('explain', ...to);
    expect(elsewhere.out).toMatch(/AWS is not yet as the files say\. \d+ calls to SES: about 1 s at the pace of 1000/);
    const { out } = await run('explain', ...to, '-o', 'json');
    expect(JSON.parse(out)).toMatchObject({ account: HOME, sesSeconds: 1 });
  });
});

test('get shows files as the role of their tenant sees them', async () => {
  const { run, file, tenants } = await twoAccounts();

  expect((await run('get', '-f', file, ...tenants)).out).toMatch(/mail +app +True +Succeeded/);
  expect((await run('get', '-f', file)).out).toMatch(/mail +app +False +NotCreated/);
});

describe('a tenants file that is wrong', () => {
  test.each<[string, string, RegExp]>([
    ['is not there', 'nope.yaml', /^Error: --tenants \S+nope\.yaml: .*(not exist|no such file)/],
    ['is no such file', 'pipeline.yaml', /^Error: --tenants \S+pipeline\.yaml: /],
  ])('%s', async (_, name, err) => {
    const { run, file, folder: files } = await twoAccounts();

    for (const command of [['trace', 'app'], ['doctor'], ['explain', '--to', 'a@example.com'], ['get', '-f', file]])
      expect(await run(...command, '--tenants', `${files}/${name}`)).toMatchObject({
        code: 1,
        err: expect.stringMatching(err),
      });
  });

  test('is refused where nobody could be looked up in it', async () => {
    const { run, tenants } = await twoAccounts();

    expect((await run('doctor', '--no-cluster', '--region', 'us-west-2', ...tenants)).err).toBe(
      'Error: --tenants is about the pipelines of files or of a cluster: give -f, or leave --no-cluster out',
    );
  });
});
