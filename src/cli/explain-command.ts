import { createColors } from 'picocolors';
import { askAboutMail } from '../core/routing-facts.ts';
import { explainMail } from '../core/routing-checks.ts';
import { faultOf } from '../core/fault.ts';
import { areFiles, namespaceOf, withinCluster } from './cluster.ts';
import { failed, refused } from './command-failed.ts';
import { Interrupted, unlessInterrupted } from './interrupted.ts';
import type { CliIo, ExitCode } from './io.ts';
import type { FilesOrClusterOptions } from './options.ts';
import { print } from './print.ts';
import { clean, renderWarning } from './render-problems.ts';
import { connectionOf, loadFiles, restraintsOn } from './work.ts';

export type ExplainOptions = FilesOrClusterOptions & { readonly to?: string };

type Explained = ReturnType<typeof explainMail> & {
  readonly region: string;
  readonly ruleSet: string | undefined;
};

/** Says, in order, which rules of the live set would run for an address, what each does, and where it stops. */
export async function explainCommand(options: ExplainOptions, io: CliIo): Promise<ExitCode> {
  const address = options.to;
  if (address === undefined) throw refused('say which address to explain: --to user@example.com', io);
  if (!/^[^@\s]+@[^@\s]+$/.test(address))
    throw refused(`--to ${address}: must be one address such as user@example.com`, io);
  const regions = await regionsOf(options, io);
  const explained: Explained[] = [];
  for (const region of regions) {
    const ports = await io.connect({ region, ...connectionOf(options) });
    try {
      const looks = Promise.all([ports.receiptRules.describeActive(), askAboutMail([[address]], ports)]);
      const [active, facts] = await unlessInterrupted(io.signal, looks);
      explained.push({ region, ruleSet: active?.name, ...explainMail(address, region, active, facts) });
    } catch (error) {
      if (error instanceof Interrupted) throw error;
      throw failed(faultOf(error), io);
    } finally {
      ports.close();
    }
  }
  print(io, options.output, explained.length === 1 ? explained[0] : explained, () =>
    explained.flatMap((one) => render(one, io.colours)),
  );
  return 0;
}

/** One that was named, those of the files, or those of the pipelines in the cluster. */
async function regionsOf(options: ExplainOptions, io: CliIo): Promise<readonly string[]> {
  if (areFiles(options, io)) {
    const loaded = await loadFiles({ ...options, namespace: options.namespace ?? 'default' }, io);
    for (const restraint of restraintsOn(loaded)) io.err(renderWarning(restraint));
    return [...new Set(loaded.map(({ manifest }) => manifest.spec.region))].sort();
  }
  if (options.region !== undefined) return [options.region];
  return withinCluster(options, io, async (cluster) => {
    const namespace = namespaceOf(options, cluster);
    const found = await cluster.pipelines(namespace);
    const regions = found.flatMap(({ manifest }) => (manifest === undefined ? [] : [manifest.spec.region]));
    if (regions.length > 0) return [...new Set(regions)].sort();
    const where = namespace === undefined ? 'any namespace' : `namespace ${namespace}`;
    throw refused(
      `there is no pipeline in ${where} of context ${cluster.context} to take the region from: say --region us-west-2, -A, or -f with the files of pipelines`,
      io,
    );
  });
}

function render(explanation: Explained, colours: boolean): string[] {
  const paint = createColors(colours);
  const lines = [
    paint.bold(
      `${explanation.ruleSet ?? 'no active rule set'} (${explanation.region}), mail for ${clean(explanation.address)}`,
    ),
  ];
  for (const verdict of explanation.verdicts) {
    const { position, rule, outcome, matchedBy, does, mayStopBecause } = verdict;
    const number = String(position).padStart(3);
    const name = clean(rule);
    if (outcome !== 'runs') {
      lines.push(paint.dim(`${number}  ${name}: ${OUTCOMES[outcome]}`));
      continue;
    }
    const by = matchedBy === '*' ? 'it applies to every recipient' : `it names ${matchedBy}`;
    lines.push(`${number}  ${paint.green(name)}: runs, ${by}`);
    lines.push(...does.map((action) => `       ${clean(action)}`));
    if (mayStopBecause !== undefined) lines.push(`       ${mayStopBecause}`);
  }
  lines.push(explanation.summary, 'On its way:');
  for (const { outcome, message } of explanation.checks)
    lines.push(`  ${paint[COLOURS[outcome]](OUTCOMES_OF_CHECKS[outcome])}  ${clean(message)}`);
  return lines;
}

const COLOURS = { good: 'green', bad: 'red', noted: 'yellow', unknown: 'dim' } as const;
const OUTCOMES_OF_CHECKS = { good: 'good', bad: 'BAD ', noted: 'note', unknown: '?   ' } as const;

const OUTCOMES = {
  disabled: 'is not enabled',
  'no-match': 'does not match',
  'not-reached': 'would match, but the evaluation has ended',
} as const;
