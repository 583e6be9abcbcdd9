import { join } from 'node:path';
import { DeleteReceiptRuleCommand, type SESClient } from '@aws-sdk/client-ses';
import type { Narrator } from './narrator.ts';
import { startController, type RunningController } from './running-controller.ts';
import { seconds, until } from './until.ts';

export type ControllerAct = {
  readonly narrator: Narrator;
  readonly folder: string;
  readonly awsUrl: string;
  readonly ses: SESClient;
  readonly liveRules: () => Promise<readonly string[]>;
  readonly rulesInOrder: (...names: string[]) => readonly string[];
  readonly swapRules: (file: string) => void;
};

const SHOWN_METRICS = [
  'controller_runtime_reconcile_total{controller="seslambdapipeline",result="requeue_after"}',
  'ses_lambda_pipeline_drift_repaired_total{part="rules",kind="missing"}',
  'ses_lambda_pipeline_status_writes_total{result="written"}',
];

/** The same manifests in a loop: a file is edited, AWS is changed by hand, and both are put right. */
export async function controllerOnFolder(act: ControllerAct): Promise<void> {
  const { heading, say } = act.narrator;
  heading('The controller: the same folder, watched (no cluster)');
  const interval = ['--drift-interval', '5s', '--ses-calls-per-second', '50'];
  const controller = await startController(['--manifests', act.folder, '--aws-endpoint-url', act.awsUrl, ...interval]);
  try {
    say(`  ses-lambda-pipeline controller --manifests ${act.folder} ${interval.join(' ')}`);
    await madeAnew(act, controller);
    await editOfAFile(act, controller);
    await driftByHand(act, controller);
    await metrics(act, controller);
  } finally {
    act.narrator.check('SIGTERM ends it in order (exit code 0)', (await controller.end()) === 0);
  }
}

async function madeAnew({ narrator, liveRules }: ControllerAct, controller: RunningController): Promise<void> {
  const readyMs = await until(() => isReady(controller), 30_000);
  for (const rule of await liveRules()) narrator.say(`  rule  ${rule}`);
  narrator.check(`/pipelines says Ready after ${seconds(readyMs)}`, readyMs !== undefined);
}

async function editOfAFile(act: ControllerAct, controller: RunningController): Promise<void> {
  const { narrator, folder, liveRules, rulesInOrder, swapRules } = act;
  const { generation } = await shown(controller);
  swapRules(join(folder, 'pipeline.yaml'));
  narrator.say('  edited pipeline.yaml: the two rules change places again');
  const isThrough = async () => (await shown(controller)).generation !== generation && (await isReady(controller));
  const editedMs = await until(isThrough, 15_000);
  narrator.check(
    `the edit is on AWS, and Ready again, after ${seconds(editedMs)}`,
    editedMs !== undefined && (await liveRules()).join() === rulesInOrder('Special', 'Default').join(),
  );
}

async function driftByHand(
  { narrator, ses, liveRules, rulesInOrder }: ControllerAct,
  controller: RunningController,
): Promise<void> {
  const [, rule = ''] = rulesInOrder('Special');
  await ses.send(new DeleteReceiptRuleCommand({ RuleSetName: 'SpartaRuleSet', RuleName: rule }));
  narrator.say(`  deleted by hand: ${rule}`);
  narrator.check('the rule is gone', !(await liveRules()).includes(rule));
  const repaired = async () => (await liveRules()).join() === rulesInOrder('Special', 'Default').join();
  const repairedMs = await until(repaired, 20_000);
  narrator.check(`it is back, in its place, after ${seconds(repairedMs)}`, repairedMs !== undefined);
  await until(() => controller.log().some(({ msg }) => msg === 'AWS equals the pipeline again'), 5_000);
  const told = controller.log().find(({ msg }) => msg === 'AWS differs from the pipeline');
  narrator.say(`  log: ${told?.msg}: ${String(told?.['steps'])}`);
  narrator.check('the log says what differed, and that a drift check found it', told?.['trigger'] === 'resync');
}

async function metrics({ narrator }: ControllerAct, controller: RunningController): Promise<void> {
  const page = await fetch(controller.metricsUrl).then((answer) => answer.text());
  const lines = SHOWN_METRICS.map((start) =>
    page.split('\n').find((line) => line.startsWith(start) && !line.endsWith(' 0')),
  );
  for (const line of lines) narrator.say(`  ${line}`);
  narrator.check(
    'the metrics have counted all of it',
    lines.every((line) => line !== undefined),
  );
}

type Shown = {
  readonly generation: number;
  readonly status?: {
    readonly observedGeneration: number;
    readonly conditions: readonly { readonly type: string; readonly status: string }[];
  };
};

/** The pipeline as the page of pipelines tells of it. */
async function shown({ healthUrl }: RunningController): Promise<Partial<Shown>> {
  const page = await fetch(`${healthUrl}/pipelines`);
  const { items } = (await page.json()) as { readonly items: readonly Shown[] };
  return items[0] ?? {};
}

async function isReady(controller: RunningController): Promise<boolean> {
  const { generation, status } = await shown(controller);
  const ready = status?.conditions.find(({ type }) => type === 'Ready');
  return ready?.status === 'True' && status?.observedGeneration === generation;
}
