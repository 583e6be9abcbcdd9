import { symlinkSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { ReorderReceiptRuleSetCommand } from '@aws-sdk/client-ses';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CRD_NAME, customResourceDefinition } from '../../src/core/crd.ts';
import { findBinaries } from '../control-plane/binaries.ts';
import { run } from '../control-plane/run.ts';
import { pipeline, rule, type PipelineParts } from '../support/manifests.ts';
import { startControlPlane } from '../control-plane/control-plane.ts';
import { startCluster, type Cluster } from './support/cluster.ts';
import { command, type Found } from './support/command.ts';
import { install, type Finally, type Installation } from './support/installation.ts';
import { conditionOf } from './support/live.ts';
import { until } from './support/until.ts';

let cluster: Cluster;

beforeAll(async () => {
  cluster = await startCluster();
});

afterAll(() => cluster.stop());

/** The command line of an operator of one installation. */
function operator(place: Installation) {
  const env = { KUBECONFIG: cluster.adminKubeconfig };
  const here = ['-n', place.namespace];
  const aws = ['--endpoint-url', place.sandbox.url, '--ses-calls-per-second', '1000'];
  const lease = ['--lease-namespace', place.namespace];
  const findings = async (args: readonly string[], member: 'causes' | 'findings') => {
    const { code, out, err } = await command([...args, '-o', 'json', ...here, ...aws, ...lease], env);
    if (out === '') throw new Error(err);
    return { code, found: (JSON.parse(out) as Readonly<Record<typeof member, readonly Found[]>>)[member] };
  };
  return {
    cli: (...args: readonly string[]) => command([...args, ...here], env),
    trace: (...args: readonly string[]) => findings(['trace', 'app', ...args], 'causes'),
    doctor: (...args: readonly string[]) => findings(['doctor', ...args], 'findings'),
  };
}

async function faults(place: Installation, settings: object): Promise<void> {
  const body = JSON.stringify(settings);
  const response = await fetch(`${place.sandbox.url}/_sandbox/faults`, { method: 'PUT', body });
  if (!response.ok) throw new Error(await response.text());
}

const conditionBecomes = (place: Installation, type: string, reason: string) =>
  until(
    `${type} is ${reason}`,
    async () => conditionOf(await place.get('app'), type),
    (condition) => condition?.reason === reason,
  );

const described = (found: readonly Found[]): readonly string[] =>
  found.map(({ check, reason, outcome }) => [check, reason, outcome].filter(Boolean).join(' '));

let domains = 0;

/** The installations of this file are one account to who looks at all of the cluster: each address is claimed once. */
function own(parts: PipelineParts = {}) {
  domains += 1;
  return pipeline({
    rules: [rule('First', `first@d${domains}.example.com`), rule('Second', `second@d${domains}.example.com`)],
    ...parts,
  });
}

async function running(cleanUp: Finally, ...flags: readonly string[]): Promise<Installation> {
  const place = await install(cluster, { finally: cleanUp });
  place.start({}, ...flags);
  await place.apply(own());
  await place.ready('app');
  return place;
}

describe('a pipeline that is Ready', () => {
  const cleanUps: (() => Promise<void>)[] = [];
  let place: Installation;

  beforeAll(async () => {
    place = await running((cleanUp) => cleanUps.push(cleanUp));
  });

  afterAll(async () => {
    for (const cleanUp of cleanUps) await cleanUp();
  });

  test('is listed, and printed whole', async () => {
    const { cli } = operator(place);
    const table = await cli('get');
    const whole = JSON.parse((await cli('get', 'app', '-o', 'json')).out) as {
      readonly kind: string;
      readonly status: object;
    };

    expect(table.out.split('\n')[0]).toMatch(/^NAMESPACE +NAME +READY +REASON +BUCKET +FUNCTION +RULESET$/);
    expect(table.out).toMatch(new RegExp(`^${place.namespace} +app +True +Succeeded +app-`, 'm'));
    expect(whole).toMatchObject({ kind: 'SesLambdaPipeline', status: { observedGeneration: 1 } });
  });

  test('is found to have nothing wrong with it, by trace and doctor', async () => {
    const { trace, doctor } = operator(place);

    expect(await trace()).toEqual({ code: 0, found: [] });
    const { code, found } = await doctor();
    expect(code).toBe(0);
    expect(described(found)).toEqual([
      'cluster ok',
      'crd ok',
      'controller ok',
      'credentials ok',
      'clock ok',
      'permissions ok',
      'receiving unknown',
      'activeSet ok',
      ...Array(6).fill('quota ok'),
      'MailRouted Routed ok',
    ]);
  });

  test('is explained in its region', async () => {
    const { out, code } = await operator(place).cli(
      'explain',
      '--to',
      'first@example.com',
      '--endpoint-url',
      place.sandbox.url,
    );

    expect(code).toBe(0);
    expect(out).toContain('ses-lambda-pipeline (us-west-2), mail for first@example.com');
  });

  test('is looked at when it is asked for, and the command waits for it', async () => {
    const { cli } = operator(place);

    expect(await cli('reconcile', 'app')).toMatchObject({
      code: 0,
      out: `${place.namespace}/app: Ready, AWS is as the manifest says\n`,
      err: expect.stringContaining('requested, waiting for the controller'),
    });
    expect(await cli('reconcile', '--all', '--no-wait')).toEqual({
      code: 0,
      out: `${place.namespace}/app: requested\n`,
      err: '',
    });
  });

  test('is suspended and resumed; trace says that it is suspended', async () => {
    const { cli, trace } = operator(place);

    expect((await cli('suspend', 'app')).out).toBe(`${place.namespace}/app suspended\n`);
    expect((await cli('suspend', '--all')).out).toBe(`${place.namespace}/app is suspended already\n`);
    await until(
      'it is seen',
      () => place.get('app'),
      (live) => live.status?.observedGeneration === live.metadata.generation,
    );
    const { code, found } = await trace();
    expect(code).toBe(0);
    expect(found).toEqual([
      {
        check: 'suspended',
        outcome: 'warn',
        message: 'The pipeline is suspended: nothing is compared with AWS and nothing is written',
        todo: `Take spec.suspend out of the manifest, or: npx ses-lambda-pipeline resume app -n ${place.namespace}`,
      },
    ]);
    expect(await cli('reconcile', 'app')).toMatchObject({
      code: 1,
      err: expect.stringContaining('is suspended, so nobody would look'),
    });
    expect((await cli('resume', 'app')).out).toBe(`${place.namespace}/app resumed\n`);
    await place.ready('app');
  });

  test('is offered by the completion of names', async () => {
    expect(
      (await command(['__complete', '--', 'trace', '-n', place.namespace, ''], { KUBECONFIG: cluster.adminKubeconfig }))
        .out,
    ).toBe('app\tSucceeded\n:4\n');
  });

  test('is reached by kubectl slp, which completes too', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'kubectl-slp-'));
    const { kubectl } = await findBinaries();
    for (const name of ['kubectl-slp', 'kubectl_complete-slp'])
      symlinkSync(new URL(`../../bin/${name.replace('_', '-')}.js`, import.meta.url).pathname, join(folder, name));
    const env = {
      KUBECONFIG: cluster.adminKubeconfig,
      HOME: folder,
      PATH: [folder, dirname(process.execPath), process.env['PATH']].join(delimiter),
    };
    const slp = (...args: readonly string[]) => run(kubectl, args, { env });

    expect((await slp('slp', 'get', '-n', place.namespace)).out).toContain('app');
    expect((await slp('slp', '--help')).out).toMatch(/^Usage: kubectl slp /);
    expect((await slp('slp', 'trace', '--help')).out).toContain('$ kubectl slp trace app -n mail');
    expect((await slp('__complete', 'slp', 'tra')).out).toMatch(/^trace\t/);
    expect((await slp('slp', 'get', 'ap', '-n', place.namespace)).code).toBe(1);
    await rm(folder, { recursive: true });
  });
});

describe.concurrent('trace names the cause and the next step', () => {
  test('a call that is denied, Reorder', async ({ onTestFinished }) => {
    const place = await running(onTestFinished);
    const names = await place.ruleNames();
    const message = 'User: arn:aws:iam::123456789012:user/x is not authorized to perform: ses:ReorderReceiptRuleSet';
    const { ses } = place.foreign('us-west-2');
    await ses.send(
      new ReorderReceiptRuleSetCommand({ RuleSetName: 'ses-lambda-pipeline', RuleNames: names.toReversed() }),
    );
    await faults(place, {
      rules: [
        {
          operation: 'ses:ReorderReceiptRuleSet',
          kind: 'error',
          error: { status: 403, code: 'AccessDenied', message },
        },
      ],
    });
    const { cli, trace } = operator(place);
    expect((await cli('reconcile', 'app')).code).toBe(2);

    const { code, found } = await trace();
    expect(code).toBe(2);
    expect(found).toContainEqual({
      check: 'Ready',
      outcome: 'fail',
      reason: 'AccessDenied',
      message: expect.stringMatching(/may not ses:ReorderReceiptRuleSet.*Allow it in the policy of these credentials/),
      todo: expect.stringContaining('Grant the action that the message names'),
    });
  });

  test('a ConfigMap that is missing', async ({ onTestFinished }) => {
    const place = await install(cluster, { finally: onTestFinished });
    place.start();
    await place.apply(own({ function: { code: { configMapRef: { name: 'code' } } } }));
    await conditionBecomes(place, 'Ready', 'DependencyNotReady');

    const { code, found } = await operator(place).trace();
    expect(code).toBe(2);
    expect(found.filter(({ outcome }) => outcome === 'fail')).toEqual([
      {
        check: expect.any(String),
        outcome: 'fail',
        reason: 'DependencyNotReady',
        message: `ConfigMap ${place.namespace}/code does not exist; create it, and the pipeline goes on by itself`,
        todo: expect.stringContaining('Create it, or correct its name'),
      },
    ]);
  });

  test('a KMS key that does not let SES in', async ({ onTestFinished }) => {
    const place = await install(cluster, { finally: onTestFinished });
    const error = { status: 400, code: 'InvalidS3Configuration', message: 'Could not write to bucket: b' };
    await faults(place, { rules: [{ operation: 'ses:CreateReceiptRule', kind: 'error', error }] });
    place.start();
    const kmsKeyArn = 'arn:aws:kms:us-west-2:123456789012:key/11111111-2222-3333-4444-555555555555';
    await place.apply(own({ storage: { logicalName: 'Special', encryption: { kmsKeyArn } } }));
    await conditionBecomes(place, 'Ready', 'WaitingForPropagation');

    expect((await operator(place).trace()).found).toContainEqual({
      check: 'kmsKey',
      outcome: 'fail',
      message: expect.stringContaining(`is encrypted with KMS key ${kmsKeyArn}`),
      todo: 'Allow ses.amazonaws.com kms:GenerateDataKey* and kms:Decrypt in the policy of the key, with aws:SourceAccount 123456789012',
    });
  });

  test('a lane to SES that others use up', async ({ onTestFinished }) => {
    const place = await running(onTestFinished);
    await faults(place, { sesCallsPerSecond: 0.2 });
    const busy = await install(cluster, { finally: onTestFinished });
    const controller = busy.start({ awsUrl: place.sandbox.url });
    await busy.apply(pipeline({ rules: [rule('Third', 'third@example.com')] }));
    const url = await until(
      'the controller says where its metrics are',
      () => [...controller.log().matchAll(/127\.0\.0\.1:\d+/g)].map(([address]) => `http://${address}`),
      (addresses) => addresses.length >= 2,
    );
    const { cli } = operator(busy);
    const said = await until(
      'SES has throttled it',
      () => Promise.all(url.slice(-2).map((each) => cli('trace', 'app', '--no-aws', '--controller-url', each))),
      (runs) => runs.some(({ out }) => out.includes('SES has throttled')),
    );

    expect(said.find(({ out }) => out.includes('SES has throttled'))?.out).toMatch(
      /! lane: SES has throttled \d+ calls? of the controller: others use the one call a second.*\n +next: Find out who else calls SES there/,
    );
  });

  test('no controller that runs; doctor says so too', async ({ onTestFinished }) => {
    const place = await install(cluster, { finally: onTestFinished });
    const controller = place.start();
    const rules = [rule('Only', 'only@example.net')];
    await place.apply(pipeline({ rules }));
    await place.ready('app');
    await controller.end('SIGTERM');
    await place.apply(pipeline({ rules, function: { memorySize: 512 } }));
    const { trace, doctor } = operator(place);

    const { code, found } = await trace();
    expect(code).toBe(2);
    expect(found).toMatchObject([
      { check: 'controller', outcome: 'fail', todo: 'Start the controller, or scale its Deployment up' },
      {
        check: 'seen',
        outcome: 'fail',
        message: expect.stringContaining('the status is about generation 1, and this is 2'),
      },
      { check: 'differs', outcome: 'fail', message: expect.stringContaining('update configuration of function') },
    ]);
    const checked = await doctor();
    expect(checked.code).toBe(2);
    expect(checked.found).toContainEqual({
      check: 'controller',
      outcome: 'fail',
      about: `${place.namespace}/ses-lambda-pipeline`,
      message: expect.stringContaining('No controller is running'),
      todo: 'Start the controller, or scale its Deployment up',
    });
    const waited = await operator(place).cli('reconcile', 'app', '--timeout', '1s');
    expect(waited).toMatchObject({ code: 1, out: expect.stringContaining('no controller has answered in time') });
  });
});

test('doctor names a Lease that was lost, and whose it was', async ({ onTestFinished }) => {
  const place = await install(cluster, { finally: onTestFinished });
  const controller = place.start({}, '--lease-duration=2s', '--renew-deadline=1500ms', '--retry-period=500ms');
  await place.apply(own());
  await place.ready('app');
  await controller.end('SIGKILL');
  const { doctor } = operator(place);

  const { found } = await until('the Lease runs out', doctor, ({ found: all }) =>
    all.some(({ check, outcome }) => check === 'controller' && outcome === 'fail'),
  );
  expect(found.find(({ check }) => check === 'controller')).toMatchObject({
    message: expect.stringMatching(/^The controller \S+ has lost its Lease .* lasts 2 s, and nobody has taken over$/),
    todo: expect.stringMatching(/^Look at why \S+ ended or cannot reach the API server/),
  });
});

describe('one sentence and exit code 1', () => {
  const refusal = (text: string | RegExp) => ({ code: 1, out: '', err: expect.stringMatching(text) });

  test('for a name that does not exist, with the nearest one', async ({ onTestFinished }) => {
    const place = await install(cluster, { finally: onTestFinished });
    await place.apply(
      pipeline({ name: 'orders' }),
      pipeline({ name: 'invoices', rules: [rule('A', 'a@example.com')] }),
    );
    const { cli } = operator(place);

    for (const verb of ['get', 'trace', 'reconcile', 'suspend', 'resume']) {
      const { code, out, err } = await cli(verb, 'order');
      expect({ code, out, err }).toEqual({
        code: 1,
        out: '',
        err: `Error: There is no pipeline ${place.namespace}/order in the cluster of context test; did you mean ${place.namespace}/orders?\n`,
      });
    }
    expect((await cli('get', 'zzz')).err).toContain(
      `there are: ${place.namespace}/invoices, ${place.namespace}/orders`,
    );
  });

  test('for who has no rights', async () => {
    const KUBECONFIG = await cluster.kubeconfigFor('nobody', []);

    expect(await command(['get', '-n', 'mail'], { KUBECONFIG })).toEqual(
      refusal(
        /^Error: The user of context test may not list seslambdapipelines in namespace mail\. Ask for a Role that allows it\.\n$/,
      ),
    );
    expect(await command(['suspend', 'app', '-n', 'mail'], { KUBECONFIG })).toEqual(refusal(/may not list/));
    const { code, out } = await command(['doctor', '--no-cluster'], { KUBECONFIG });
    expect({ code, out }).toMatchObject({ code: 0, out: expect.stringContaining('AWS was not looked at') });
    expect((await command(['doctor'], { KUBECONFIG })).out).toMatch(
      /✗ cluster AccessDenied: The user of context test may not list/,
    );
  });

  test('for a context that does not exist', async () => {
    const KUBECONFIG = cluster.adminKubeconfig;

    for (const verb of [['get'], ['trace', 'app'], ['reconcile', 'app'], ['explain', '--to', 'a@example.com']])
      expect(await command([...verb, '--context', 'nope'], { KUBECONFIG })).toEqual(
        refusal(/^Error: The kubeconfig has no context nope\. It has: test\.\n$/),
      );
  });

  test.each(['suspend', 'resume', 'reconcile'])('of %s --all where there is no pipeline', async (verb) => {
    expect(await command([verb, '--all', '-n', 'nobodys'], { KUBECONFIG: cluster.adminKubeconfig })).toEqual(
      refusal(/^Error: there is no pipeline in namespace nobodys of context \S+: name another with -n, or say -A\n$/),
    );
  });

  test('where nobody answers', async ({ onTestFinished }) => {
    const place = await install(cluster, { finally: onTestFinished });
    const config = (await cluster.kubectl('config', 'view', '--raw')).out.replace(
      /https:\/\/127\.0\.0\.1:\d+/,
      'https://127.0.0.1:1',
    );
    const folder = await mkdtemp(join(tmpdir(), 'kubeconfig-'));
    const { writeFile } = await import('node:fs/promises');
    await writeFile(join(folder, 'config'), config);

    expect(await command(['get', '-n', place.namespace, '--kubeconfig', join(folder, 'config')])).toEqual(
      refusal(/^Error: Cannot reach the cluster of context \S+ at https:\/\/127\.0\.0\.1:1 \(ECONNREFUSED\)/),
    );
    await rm(folder, { recursive: true });
  });
});

// Last: the definition is that of the whole cluster.
describe('a CRD', () => {
  afterAll(() => cluster.apply(customResourceDefinition()));

  test('that is older than the program is named by doctor', async () => {
    const path = '/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/ruleSet/properties/rollout';
    // Rules that name the field would be refused without it.
    const rules = [
      '/spec/versions/0/schema/openAPIV3Schema/x-kubernetes-validations',
      '/spec/versions/0/schema/openAPIV3Schema/properties/spec/x-kubernetes-validations',
      '/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/ruleSet/x-kubernetes-validations',
    ];
    for (const each of [...rules, path])
      await cluster.kubectl(
        'patch',
        'crd',
        CRD_NAME,
        '--type=json',
        '-p',
        JSON.stringify([{ op: 'remove', path: each }]),
      );

    const { out, code } = await command(['doctor', '-o', 'json'], { KUBECONFIG: cluster.adminKubeconfig });
    const { findings } = JSON.parse(out) as { readonly findings: readonly Found[] };
    expect(code).toBe(2);
    expect(findings).toContainEqual({
      check: 'crd',
      outcome: 'fail',
      message:
        'The CRD in the cluster is older than this program: it lacks spec.ruleSet.rollout, and the API server drops such fields',
      todo: 'Install the definition of this version: npx ses-lambda-pipeline crd | kubectl apply -f -',
    });
  });

  test('that is not there is named by every command', async ({ onTestFinished }) => {
    const plane = await startControlPlane();
    onTestFinished(() => plane.stop());
    const env = { KUBECONFIG: plane.adminKubeconfig };

    for (const verb of [['get'], ['trace', 'app'], ['reconcile', '--all'], ['explain', '--to', 'a@example.com']])
      expect(await command(verb, env)).toEqual({
        code: 1,
        out: '',
        err: 'Error: The cluster of context test does not know SesLambdaPipeline. Install its CRD: npx ses-lambda-pipeline crd | kubectl apply -f -\n',
      });
    const { code, out } = await command(['doctor'], env);
    expect(code).toBe(2);
    expect(out).toMatch(
      /✗ crd: The cluster does not know SesLambdaPipeline: its CRD is not installed\n +next: Install/,
    );
  });
});
