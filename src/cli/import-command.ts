import { dump } from 'js-yaml';
import { ADOPT } from '../core/annotations.ts';
import { API_GROUP } from '../core/api-group.ts';
import { faultOf } from '../core/fault.ts';
import { functionNameIn, importRules, type Import, type ImportedPipeline, type ImportInput } from '../core/import.ts';
import type { LiveFunction } from '../core/import-settings.ts';
import type { Ports } from '../core/ports.ts';
import { CommandFailed, failed, refused } from './command-failed.ts';
import { unlessInterrupted, Interrupted } from './interrupted.ts';
import type { CliIo, ExitCode } from './io.ts';
import { connectionOf, type ConnectionOptions, type OutputFormat } from './options.ts';
import { print } from './print.ts';
import { clean } from './render-problems.ts';
import { refuseBadNames } from './work.ts';

export type ImportOptions = ConnectionOptions & {
  readonly ruleSet?: string;
  readonly rules?: readonly string[];
  readonly function?: readonly string[];
  readonly namespace: string;
  readonly adopt: boolean;
  readonly output: OutputFormat;
};

/** Version of what `import -o json` prints. */
const IMPORT_FORMAT = `${API_GROUP}/import/v1`;

/** Writes the manifests that say what a rule set does today. Reads only. */
export async function importCommand(options: ImportOptions, io: CliIo): Promise<ExitCode> {
  const { region } = options;
  if (region === undefined) throw refused('say which region to look at: --region us-west-2', io);
  refuseBadNames(options, io);
  const ports = await io.connect({ region, ...connectionOf(options) });
  try {
    const imported = importRules(await unlessInterrupted(io.signal, look(options, region, ports, io)));
    for (const { rule, why } of imported.leftOut) io.err(clean(`Left out: rule ${rule}, because ${why}.`));
    print(io, options.output, importJson(imported), () => render(imported, options));
    if (imported.pipelines.length === 0) io.err('No rule can be taken over.');
    return imported.leftOut.length === 0 ? 0 : 2;
  } catch (error) {
    if (error instanceof Interrupted || error instanceof CommandFailed) throw error;
    throw failed(faultOf(error), io);
  } finally {
    ports.close();
  }
}

/** Two calls to SES at most, and two to Lambda for each function that the wanted rules invoke. */
async function look(options: ImportOptions, region: string, ports: Ports, io: CliIo): Promise<ImportInput> {
  const { account, partition } = await ports.identity.caller();
  const active = await ports.receiptRules.describeActive();
  const name = options.ruleSet ?? active?.name;
  if (name === undefined) throw refused(`no rule set is active in ${region}; say which to read: --rule-set NAME`, io);
  const found = name === active?.name ? active : await ports.receiptRules.describe(name);
  if (found === undefined) throw refused(`--rule-set ${name}: there is no such rule set in ${region}`, io);
  const missing = options.rules?.filter((rule) => !found.rules.some((live) => live.name === rule)) ?? [];
  if (missing.length > 0) throw refused(`--rules ${missing.join(',')}: not in rule set ${name}`, io);

  const wanted = found.rules.filter((rule) => options.rules?.includes(rule.name) !== false);
  const invoked = wanted.flatMap(({ actions }) =>
    actions.flatMap((action) => {
      const fn = action.kind === 'lambda' ? functionNameIn(action.functionArn, { account, region }) : { why: '' };
      return 'name' in fn ? [fn.name] : [];
    }),
  );
  const functions = await Promise.all(
    [...new Set(invoked)].map(async (fn) => [fn, await liveFunction(fn, ports)] as const),
  );
  return {
    account,
    partition,
    region,
    installation: options.installation,
    namespace: options.namespace,
    ruleSet: { name, rules: found.rules, active: name === active?.name },
    rules: options.rules,
    functions: options.function,
    live: new Map(functions.flatMap(([fn, live]) => (live === undefined ? [] : [[fn, live]]))),
    adopt: options.adopt,
  };
}

async function liveFunction(name: string, { functions }: Ports): Promise<LiveFunction | undefined> {
  const [fn, async] = await Promise.all([functions.get(name), functions.async(name)]);
  return fn === undefined ? undefined : { ...fn, async };
}

function importJson({ pipelines, leftOut }: Import): object {
  return {
    format: IMPORT_FORMAT,
    pipelines: pipelines.map(({ document, remarks }) => ({ manifest: document, remarks })),
    leftOut,
  };
}

/** The manifests as one file, with what is to be known as comments. */
function render({ pipelines, leftOut }: Import, { adopt, region }: ImportOptions): string[] {
  const head = [
    `# What the receipt rules of ${region} do today, as ses-lambda-pipeline would keep it.`,
    ...leftOut.map(({ rule, why }) => comment(`Left out: rule ${rule}, because ${why}. It stays as it is.`)),
  ];
  return [...head, ...pipelines.flatMap((pipeline) => ['---', ...renderPipeline(pipeline, adopt)])];
}

function renderPipeline({ document, remarks }: ImportedPipeline, adopt: boolean): string[] {
  const text = dump(document, { noRefs: true, lineWidth: 120 }).trimEnd().split('\n');
  const spec = text.indexOf('spec:');
  const confirm = adopt
    ? []
    : [
        '  # Nothing is taken over until this line is written, after a look at what "plan" says:',
        `  # annotations: { ${ADOPT}: "true" }`,
      ];
  return [...remarks.map(comment), ...text.slice(0, spec), ...confirm, ...text.slice(spec)];
}

/** Names come from AWS: none of them may end the comment. */
const comment = (text: string): string => `# ${clean(text).replaceAll(/[\r\n\u0085\u2028\u2029]/g, ' ')}`;
