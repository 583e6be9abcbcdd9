/**
 * One pipeline's whole life on this machine: `npm run demo`. Every line that is printed was read back from the embedded
 * AWS; the exit status is 0 only if all of it was as it should be.
 */
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DescribeActiveReceiptRuleSetCommand, SESClient } from '@aws-sdk/client-ses';
import { GetObjectCommand, HeadBucketCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { dump, load } from 'js-yaml';
import { startSandbox, type Sandbox } from '../../src/sandbox/sandbox.ts';
import { controllerOnFolder } from './controller-on-folder.ts';
import { sendMail } from './mail.ts';
import { createNarrator } from './narrator.ts';
import { runBin } from './run-bin.ts';

const EXAMPLE = new URL('../../examples/echo/', import.meta.url).pathname;
const SPECIAL = 'sombody_special@gosparta.io';
const OTHER = 'anybody.else@gosparta.io';

const narrator = createNarrator();
const { heading, say, check, finish } = narrator;
const folder = mkdtempSync(join(tmpdir(), 'ses-lambda-pipeline-demo-'));
const sandbox = await startSandbox({ port: 0, smtpPort: 0 });
// The sandbox does not hold SES's pace of one call a second, so the demo need not either.
const cli = (...args: string[]) => runBin([...args, '--endpoint-url', sandbox.url, '--ses-calls-per-second', '20']);
const aws = {
  region: 'us-west-2',
  endpoint: sandbox.url,
  credentials: { accessKeyId: 'demo', secretAccessKey: 'demo' },
};
const s3 = new S3Client({ ...aws, forcePathStyle: true });
const ses = new SESClient(aws);

try {
  for (const file of ['pipeline.yaml', 'configmap.yaml']) copyFileSync(join(EXAMPLE, file), join(folder, file));
  say(`Sandbox: AWS at ${sandbox.url}, mail at 127.0.0.1:${sandbox.smtpPort}. Manifests: a copy of examples/echo.`);

  heading('Plan: what would be done');
  const planned = await cli('plan', '-f', folder);
  say(planned.out);
  check('the plan has changes (exit code 2)', planned.code === 2);

  heading('Apply: the steps as they run');
  const applied = await cli('apply', '-f', folder);
  say(applied.err.trimEnd());
  say(applied.out);
  check('apply succeeds', applied.code === 0);

  heading('What AWS has now');
  const status = await statusOf();
  const bucket = status.bucket.name;
  for (const rule of await liveRules()) say(`  rule  ${rule}`);
  say(`  bucket    ${bucket}`);
  say(`  function  ${status.function.name}`);
  say(`  discovery ${JSON.stringify(status.discovery)}`);
  check(
    'the rules stand in the declared order',
    (await liveRules()).join() === rulesInOrder('Special', 'Default').join(),
  );
  check('the status says Ready', status.conditions[0]?.status === 'True');

  heading('Mail: two messages over SMTP');
  for (const [recipient, subject] of [
    [SPECIAL, 'To the special address'],
    [OTHER, 'To somebody else'],
  ] as const)
    say(`  to ${recipient}: ${await sendMail(sandbox.smtpPort, recipient, subject)}`);
  await sandbox.idle();
  const mails = sandbox.ses.journal.mails();
  for (const mail of mails) await showMail(mail);
  check(
    'the special address runs the function twice, the other one once',
    mails.map((mail) => requestIds(mail).length).join() === '2,1',
  );

  heading('Plan again: nothing');
  const again = await cli('plan', '-f', folder);
  say(again.out);
  check('a second plan is empty (exit code 0)', again.code === 0);

  heading('Change: swap the two rules');
  swapRules(join(folder, 'pipeline.yaml'));
  const swapped = await cli('apply', '-f', folder);
  say(swapped.err.trimEnd());
  for (const rule of await liveRules()) say(`  rule  ${rule}`);
  check(
    'one Reorder puts them in the new order',
    (await liveRules()).join() === rulesInOrder('Default', 'Special').join(),
  );

  heading('Explain: what would happen to a mail');
  const explained = await cli('explain', '-f', folder, '--to', SPECIAL);
  say(explained.out);
  check('explain names the three rules that run', explained.out.includes('3 of 3 rules run'));

  heading('Delete: the bucket stays with its mail');
  const deleted = await cli('delete', '-f', folder, '--yes');
  say(deleted.err.trimEnd());
  await s3.send(new HeadBucketCommand({ Bucket: bucket }));
  const kept = (await s3.send(new ListObjectsV2Command({ Bucket: bucket }))).Contents ?? [];
  check('delete succeeds', deleted.code === 0);
  check('no rule is left', (await liveRules()).length === 0);
  check(
    'both bodies are still in the bucket',
    mails.every((mail) => kept.some(({ Key }) => Key === mail.id)),
  );

  await controllerOnFolder({ narrator, folder, awsUrl: sandbox.url, ses, liveRules, rulesInOrder, swapRules });
} finally {
  s3.destroy();
  ses.destroy();
  await sandbox.stop();
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = finish();

type Status = {
  conditions: { type: string; status: string }[];
  bucket: { name: string };
  function: { name: string };
  discovery: unknown;
};

async function statusOf(): Promise<Status> {
  const { out } = await cli('get', '-f', folder, '-o', 'json');
  return (JSON.parse(out) as { status: Status }).status;
}

async function liveRules(): Promise<string[]> {
  const { Rules } = await ses.send(new DescribeActiveReceiptRuleSetCommand({}));
  return (Rules ?? []).map((rule) => rule.Name ?? '');
}

function rulesInOrder(...names: string[]): string[] {
  return ['MessageBodyStorage', ...names].map((name) => `slp_mail_spartaapplication_${name}`);
}

type Mail = ReturnType<Sandbox['ses']['journal']['mails']>[number];

function requestIds(mail: Mail): string[] {
  return mail.rules.flatMap((rule) => rule.actions.flatMap((action) => action.requestId ?? []));
}

async function showMail(mail: Mail): Promise<void> {
  const { Body, ContentLength } = await s3.send(
    new GetObjectCommand({ Bucket: (await statusOf()).bucket.name, Key: mail.id }),
  );
  const raw = (await Body?.transformToString()) ?? '';
  say('');
  say(`  object ${mail.id}, ${ContentLength} bytes`);
  for (const line of raw.split('\r\n\r\n', 1)[0]?.split('\r\n') ?? []) say(`    | ${line}`);
  check(
    `the body for ${mail.envelope.recipients.join()} is stored under its message id`,
    raw.includes('this body is not in the event'),
  );
  for (const requestId of requestIds(mail)) {
    const lines = sandbox.lambda.logs.ofRequest(requestId).map((line) => line.text.trimEnd());
    say(`  invocation ${requestId}`);
    for (const line of lines) say(`    > ${line}`);
    const log = lines.join('\n');
    for (const expected of ['Request received', 'Discovery results', 'SES Event', 'SES MessageBody'])
      check(`the handler logs "${expected}"`, log.includes(`"${expected}"`));
    check(
      'the HEAD of the body succeeded',
      /"SES MessageBody".*"Error":null/.test(log) && log.includes('ContentLength'),
    );
    check('the log names the message id and its sender', log.includes(mail.id) && log.includes('sender@example.com'));
  }
}

/** What a person would do in an editor: the two list items under receiptRules change places. */
function swapRules(file: string): void {
  const manifest = load(readFileSync(file, 'utf8')) as { spec: { receiptRules: unknown[] } };
  manifest.spec.receiptRules.reverse();
  writeFileSync(file, dump(manifest));
}
