import { join } from 'node:path';
import { activeSet, functionArn, setUpByHand } from '../support/made-by-hand.ts';
import { CreateReceiptRuleSetCommand, SetActiveReceiptRuleSetCommand } from '@aws-sdk/client-ses';
import { runBin } from '../demo/run-bin.ts';
import { foreignClients } from '../support/aws-clients.ts';
import { exampleNames } from '../examples/example-names.ts';
import { ROOT } from './code-blocks.ts';

/** Pages whose commands are typed by a test, and what is on AWS before. */
export const WALKS: Readonly<Record<string, (url: string) => Promise<void>>> = {
  'docs/tutorial.md': async () => {},
  'docs/guides/migrate.md': somethingToMigrate,
  'docs/troubleshooting.md': anotherSetIsActive,
  ...Object.fromEntries(exampleNames().map((name) => [`examples/${name}/README.md`, async () => {}])),
};

/** What another tool has made: two rules of one function, and one rule that no pipeline can say. */
async function somethingToMigrate(url: string): Promise<void> {
  const clients = foreignClients(url, 'us-west-2');
  await setUpByHand(clients, { bucket: 'mail-of-the-shop', functions: ['shop'] });
  const store = { S3Action: { BucketName: 'mail-of-the-shop' } };
  const invoke = { LambdaAction: { FunctionArn: functionArn('shop'), InvocationType: 'Event' as const } };
  const always = { Enabled: true, ScanEnabled: true };
  await activeSet(clients, 'terraform-rules', [
    { ...always, Name: 'archive', Recipients: ['archive@example.com'], Actions: [store] },
    { ...always, Name: 'orders', Recipients: ['orders@example.com'], Actions: [store, invoke] },
    { ...always, Name: 'returns', Recipients: ['returns@example.com'], Actions: [store, invoke] },
  ]);
  clients.destroy();
}

/** The example runs, and then somebody clicks on another rule set. */
async function anotherSetIsActive(url: string): Promise<void> {
  const example = join(ROOT, 'examples/echo');
  const { code, err } = await runBin(['apply', '-f', example, '--endpoint-url', url, '--ses-calls-per-second', '100']);
  if (code !== 0) throw new Error(err);
  const clients = foreignClients(url, 'us-west-2');
  const RuleSetName = 'summer-sale';
  await clients.ses.send(new CreateReceiptRuleSetCommand({ RuleSetName }));
  await clients.ses.send(new SetActiveReceiptRuleSetCommand({ RuleSetName }));
  clients.destroy();
}
