import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { DescribeReceiptRuleSetCommand } from '@aws-sdk/client-ses';
import { expect, it, onTestFinished } from 'vitest';
import { zipOf } from '../sandbox/mail-fixture.ts';
import { ACCOUNT, clientsOf, REGION, runningSandbox } from '../sandbox/support/running-sandbox.ts';
import { runCommand } from '../support/command-line.ts';
import { pythonProgram } from './local-python.ts';

const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url));
const HANDLER = `export const handler = (event) => { console.log('handling', event.by); return event; }`;

/** Runs a program against the sandbox, with credentials that reach nothing else. */
async function drive(url: string, command: string, ...args: readonly string[]): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'sandbox-clients-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const zip = join(folder, 'handler.zip');
  writeFileSync(zip, zipOf({ 'index.mjs': HANDLER }));
  const { PATH, HOME, GOFLAGS, GOPROXY } = process.env;
  const env = {
    HOME,
    GOFLAGS,
    GOPROXY,
    PATH: [join(pythonProgram('aws'), '..'), PATH].join(delimiter),
    AWS_ENDPOINT_URL: url,
    AWS_ACCESS_KEY_ID: 'any',
    AWS_SECRET_ACCESS_KEY: 'any',
    AWS_REGION: REGION,
    AWS_DEFAULT_REGION: REGION,
    AWS_CONFIG_FILE: join(folder, 'none'),
    AWS_SHARED_CREDENTIALS_FILE: join(folder, 'none'),
    AWS_PAGER: '',
  };
  await promisify(execFile)(command, [...args, zip], { env, maxBuffer: 16 * 1024 * 1024 });
}

const hasGo = spawnSync('go', ['version']).status === 0;

it.for([
  { name: 'by-cli', command: 'sh', args: [here('pipeline-by-hand.sh')] },
  { name: 'by-boto3', command: pythonProgram('python'), args: [here('pipeline_by_hand.py')] },
  { name: 'by-js', command: process.execPath, args: [here('pipeline-by-hand.ts')] },
  { name: 'by-go', command: 'go', args: ['run', '-C', here('go'), '.'] },
])(
  'a pipeline made $name works, is reported as foreign, and stays as it is beside ours',
  async ({ name, command, args }, { skip }) => {
    skip(command === 'go' && !hasGo, 'Go is not installed');
    const sandbox = await runningSandbox();
    await drive(sandbox.url, command, ...args);
    const { ses } = clientsOf(sandbox);
    const rulesOf = async () => (await ses.send(new DescribeReceiptRuleSetCommand({ RuleSetName: name }))).Rules ?? [];
    const [theirs] = await rulesOf();
    expect(theirs?.Name).toBe('store');
    sandbox.faults.clearCalls();
    const run = (verb: string, manifest: object, ...more: readonly string[]) =>
      runCommand({ args: [verb, '-f', '-', '--endpoint-url', sandbox.url, ...more], stdin: JSON.stringify(manifest) });
    const writes = () => sandbox.faults.calls().filter(({ operation }) => !/:(Get|List|Describe|Head)/.test(operation));

    const claim = await run('plan', claiming(name));
    expect(claim.code).toBe(1);
    expect(claim.err).toContain(`OwnershipConflict: Rule store of ${name} was not made by ses-lambda-pipeline`);
    expect(claim.err).toContain(`OwnershipConflict: Function ${name} was not made by ses-lambda-pipeline`);

    const plan = await run('plan', beside(name));
    expect(plan).toMatchObject({ code: 2 });
    expect(plan.out).toMatch(/to create, \d+ to change, 0 to delete/);
    expect(plan.out).not.toMatch(/[~-] .*\brule store\b/);
    expect(writes()).toEqual([]);

    expect(await run('apply', beside(name), '--yes')).toMatchObject({ code: 0 });
    expect((await rulesOf()).filter((rule) => rule.Name === 'store')).toEqual([theirs]);
  },
);

const CODE = { runtime: 'nodejs24.x', handler: 'index.handler', code: { inline: { 'index.mjs': HANDLER } } };

/** A pipeline of ours in the rule set of somebody else. */
const beside = (ruleSet: string): object =>
  manifestIn(ruleSet, {
    messageBodyStorage: { logicalName: 'Bodies' },
    role: { privileges: [{ actions: ['s3:GetObject'], resource: '${bucket.arnAllKeys}' }] },
    function: CODE,
    receiptRules: [{ name: 'Ours', recipients: ['ours@example.org'] }],
  });

/** One of ours that says of everything of somebody else that it is ours. */
const claiming = (name: string): object =>
  manifestIn(name, {
    messageBodyStorage: { bucketName: name },
    role: { existingArn: `arn:aws:iam::${ACCOUNT}:role/${name}` },
    function: { name, ...CODE },
    receiptRules: [{ name: 'Ours', ruleName: 'store', recipients: ['ours@example.org'] }],
  });

function manifestIn(ruleSet: string, spec: object): object {
  return {
    apiVersion: 'ses-lambda-pipeline.dev/v1alpha1',
    kind: 'SesLambdaPipeline',
    metadata: { name: 'ours', namespace: 'mail' },
    spec: { region: REGION, ruleSet: { name: ruleSet, create: false, activate: 'Never' }, ...spec },
  };
}
