import { DescribeActiveReceiptRuleSetCommand, SESClient } from '@aws-sdk/client-ses';
import { load } from 'js-yaml';
import { startSandbox, type Sandbox } from '../../src/sandbox/sandbox.ts';
import { conditionFaults, type StoredCondition } from '../../src/core/conditions.ts';
import { startControlPlane, type ControlPlane } from '../control-plane/control-plane.ts';
import { CONTROLLER_NAMESPACE, installForController } from '../support/controller-user.ts';
import { sendMail } from './mail.ts';
import type { Narrator } from './narrator.ts';
import { startController, type RunningController } from './running-controller.ts';
import { seconds } from './until.ts';

const EXAMPLE = new URL('../../examples/echo/', import.meta.url).pathname;
const PIPELINE = 'slp/spartaapplication';
const SPECIAL = 'sombody_special@gosparta.io';

/** Everything that runs, and how it is ended. */
export type Stage = {
  readonly cluster: ControlPlane;
  readonly sandbox: Sandbox;
  readonly controller: RunningController;
  readonly ses: SESClient;
  readonly close: () => Promise<void>;
};

/** Starts API server, sandbox and controller. What has started is ended again when the next does not. */
export async function openStage({ heading, say }: Narrator): Promise<Stage> {
  heading('A Kubernetes API server, the embedded AWS, the controller');
  const endings: (() => unknown)[] = [];
  const close = async (): Promise<void> => {
    for (const end of endings.splice(0).toReversed()) await end();
  };
  try {
    const cluster = await startControlPlane({ controllers: true });
    endings.push(() => cluster.stop());
    say(`  API server  ${cluster.url}`);
    const sandbox = await startSandbox({ port: 0, smtpPort: 0 });
    endings.push(() => sandbox.stop());
    say(`  AWS         ${sandbox.url}, mail at 127.0.0.1:${sandbox.smtpPort}`);
    const kubeconfig = await installForController(cluster);
    const args = ['--lease-namespace', CONTROLLER_NAMESPACE, '--aws-endpoint-url', sandbox.url];
    const controller = await startController([...args, '--ses-calls-per-second', '50'], { KUBECONFIG: kubeconfig });
    endings.push(() => controller.end());
    say('  controller  as a user who has the roles of deploy/kustomize/shared/rbac.yaml and no others');
    const credentials = { accessKeyId: 'demo', secretAccessKey: 'demo' };
    const ses = new SESClient({ region: 'us-west-2', endpoint: sandbox.url, credentials });
    endings.push(() => ses.destroy());
    return { cluster, sandbox, controller, ses, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** From an empty cluster to mail, and back. */
export async function clusterStory(stage: Stage, narrator: Narrator): Promise<void> {
  const { heading, say, check } = narrator;
  const kubectl = async (...args: string[]): Promise<{ readonly code: number; readonly out: string }> => {
    say(`  $ kubectl ${args.map((arg) => arg.replace(EXAMPLE, 'examples/echo')).join(' ')}`);
    const { code, out, err } = await stage.cluster.kubectl(...args);
    say(indented(out + err));
    return { code, out };
  };

  heading('kubectl apply');
  await kubectl('create', 'namespace', 'mail');
  const applied = await kubectl('apply', '-f', EXAMPLE);
  check('the example is accepted', applied.code === 0);
  const startedMs = performance.now();
  const waited = await kubectl('wait', '--for=condition=Ready', PIPELINE, '-n', 'mail', '--timeout=60s');
  check(`it is Ready after ${seconds(performance.now() - startedMs)}`, waited.code === 0);

  heading('What Kubernetes knows of it');
  const table = await kubectl('get', 'slp', '-n', 'mail');
  const { status } = load((await kubectl('get', PIPELINE, '-n', 'mail', '-o', 'yaml')).out) as Live;
  check('the table says True Succeeded', /spartaapplication +True +Succeeded/.test(table.out));
  check('its conditions are as kstatus has them', conditionFaults(status.conditions).length === 0);
  const rules = status.ruleSet.rules.map(({ ruleName }) => ruleName);
  check(
    'the rules in its status are those of AWS',
    rules.length === 3 && (await liveRules(stage)).join() === rules.join(),
  );

  heading('Mail over SMTP');
  await mail(stage, narrator, status.bucket.name);

  heading('kubectl delete');
  const deleted = await kubectl('delete', PIPELINE, '-n', 'mail', '--timeout=60s');
  check('it goes once AWS is clean', deleted.code === 0 && (await liveRules(stage)).length === 0);
  check('the bucket stays with its mail', stage.sandbox.s3.objects(status.bucket.name).length > 1);
  const events = await kubectl('events', '-n', 'mail', '--for', `seslambdapipeline/spartaapplication`);
  check(
    'events tell its life',
    ['Created', 'Deleted'].every((reason) => events.out.includes(reason)),
  );
  check('SIGTERM ends the controller in order (exit code 0)', (await stage.controller.end()) === 0);
}

type Live = {
  readonly status: {
    readonly conditions: readonly StoredCondition[];
    readonly bucket: { readonly name: string };
    readonly ruleSet: { readonly rules: readonly { readonly ruleName: string }[] };
  };
};

async function mail({ sandbox }: Stage, { say, check }: Narrator, bucket: string): Promise<void> {
  say(`  to ${SPECIAL}: ${await sendMail(sandbox.smtpPort, SPECIAL, 'Hello')}`);
  await sandbox.idle();
  const [received] = sandbox.ses.journal.mails();
  const runs = received?.rules.flatMap(({ actions }) => actions.flatMap(({ requestId }) => requestId ?? [])) ?? [];
  const log = runs.flatMap((requestId) => sandbox.lambda.logs.ofRequest(requestId).map(({ text }) => text.trimEnd()));
  for (const line of log) say(`    > ${line}`);
  check(
    'its body is in the bucket',
    sandbox.s3.objects(bucket).some(({ key }) => key === received?.id),
  );
  check(
    'the handler ran for both rules and saw the body',
    log.join().match(/"SES MessageBody".*?"Error":null/g)?.length === 2,
  );
}

async function liveRules({ ses }: Stage): Promise<readonly string[]> {
  const { Rules } = await ses.send(new DescribeActiveReceiptRuleSetCommand({}));
  return (Rules ?? []).map(({ Name }) => Name ?? '');
}

const indented = (text: string): string => text.trimEnd().replaceAll(/^/gm, '    ');
