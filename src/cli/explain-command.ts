import { createColors } from 'picocolors';
import type { Place, Tenants } from '../controller/tenants.ts';
import type { Manifest } from '../core/manifest.ts';
import { askAboutMail } from '../core/routing-facts.ts';
import { explainMail } from '../core/routing-checks.ts';
import { faultOf } from '../core/fault.ts';
import { sesSeconds } from '../core/ses-pace.ts';
import type { Step } from '../core/step.ts';
import type { LoadedPipeline } from '../files/load-manifests.ts';
import { asController } from '../diagnosis/as-controller.ts';
import { asciiAddress } from './ascii-address.ts';
import { areFiles, namespaceOf, placeText, withinCluster } from './cluster.ts';
import { failed, refused } from './command-failed.ts';
import { Interrupted, unlessInterrupted } from './interrupted.ts';
import type { CliIo, ExitCode } from './io.ts';
import { accountOf } from './look-at-aws.ts';
import type { FilesOrClusterOptions, TenantsOption } from './options.ts';
import { lookAt } from './mail-routing.ts';
import { print } from './print.ts';
import { renderPace } from './render-plan.ts';
import { clean, renderWarning } from './render-problems.ts';
import { connectTo, distinctPlaces, isSameRole, loadTenants } from './tenants.ts';
import { keyOf, loadFiles, openWork, restraintsOn } from './work.ts';

export type ExplainOptions = FilesOrClusterOptions & TenantsOption & { readonly to?: string };

type Explained = ReturnType<typeof explainMail> & {
  /** Of files: until SES would be done with them, at its pace; then it may be another set of rules. */
  readonly sesSeconds?: number;
  readonly region: string;
  readonly account: string;
  readonly ruleSet: string | undefined;
};

/** Says, in order, which rules of the live set would run for an address, what each does, and where it stops. */
export async function explainCommand(options: ExplainOptions, io: CliIo): Promise<ExitCode> {
  if (options.to === undefined) throw refused('say which address to explain: --to user@example.com', io);
  if (!/^[^@\s]+@[^@\s]+$/.test(options.to))
    throw refused(`--to ${options.to}: must be one address such as user@example.com`, io);
  const address = asciiAddress(options.to);
  const tenants = await loadTenants(options, io);
  const asked = await subjectsOf(options, io);
  const pending = await stepsOf(asked, options, io);
  const explained: Explained[] = [];
  for (const { place, subjects } of placesOf(asked, tenants, io)) {
    const { region } = place;
    const ports = await connectTo(place, options, io);
    try {
      const looks = Promise.all([
        ports.identity.caller(),
        ports.receiptRules.describeActive(),
        askAboutMail([[address]], ports),
      ]);
      const [{ account }, active, facts] = await unlessInterrupted(io.signal, looks);
      warnOfOthers(subjects, account, io);
      const steps = pending?.filter((each) => isSameRole(each.place, place)).flatMap((each) => each.steps);
      explained.push({
        region,
        account,
        ruleSet: active?.name,
        ...explainMail(address, region, active, facts),
        ...(steps && { sesSeconds: sesSeconds(steps, options.sesCallsPerSecond) }),
      });
    } catch (error) {
      if (error instanceof Interrupted) throw error;
      throw failed(faultOf(error), io);
    } finally {
      ports.close();
    }
  }
  print(io, options.output, explained.length === 1 ? explained[0] : explained, () => [
    ...explained.flatMap((one) => render(one, new Set(explained.map(({ account }) => account)).size > 1, io.colours)),
    ...(pending ?? []).flatMap(({ steps }) => renderPending(steps, options)),
  ]);
  return 0;
}

/** What `apply` would do in one place. */
type Pending = { readonly place: Place; readonly steps: readonly Step[] };

/** What `apply` would do to AWS as it is explained; undefined without files. */
async function stepsOf(
  asked: readonly Subject[],
  options: ExplainOptions,
  io: CliIo,
): Promise<readonly Pending[] | undefined> {
  const files = asked.flatMap(({ file }) => file ?? []);
  if (files.length === 0) return undefined;
  const regions = await openWork(files, { ...options, namespace: options.namespace ?? 'default' }, io, 'apply');
  try {
    const outlooks = await unlessInterrupted(io.signal, Promise.all(regions.map(lookAt)));
    return regions.map(({ place }, index) => ({ place, steps: outlooks[index]?.steps ?? [] }));
  } finally {
    for (const { ports } of regions) ports.close();
  }
}

/** Whose mail it may be about; without pipelines only where. */
type Subject = {
  readonly region: string;
  readonly file?: LoadedPipeline;
  readonly pipeline?: { readonly key: string; readonly manifest: Manifest; readonly account: string | undefined };
};

/** The region that was named, or the pipelines of the files or of the cluster. */
async function subjectsOf(options: ExplainOptions, io: CliIo): Promise<readonly Subject[]> {
  if (areFiles(options, io)) {
    const loaded = await loadFiles({ ...options, namespace: options.namespace ?? 'default' }, io);
    for (const restraint of restraintsOn(loaded)) io.err(renderWarning(restraint));
    return loaded.map((each) => ({
      region: each.manifest.spec.region,
      file: each,
      pipeline: { key: keyOf(each), manifest: each.manifest, account: undefined },
    }));
  }
  if (options.region !== undefined && options.tenants === undefined) return [{ region: options.region }];
  return withinCluster(options, io, async (cluster) => {
    const namespace = namespaceOf(options, cluster);
    const found = await cluster.pipelines(namespace);
    const subjects = found.flatMap((resource): Subject[] => {
      const { key, manifest } = resource;
      if (manifest === undefined) return [];
      return [{ region: manifest.spec.region, pipeline: { key, manifest, account: accountOf(resource) } }];
    });
    const here = subjects.filter(({ region }) => options.region === undefined || region === options.region);
    if (here.length > 0) return here;
    const region = options.region === undefined ? '' : ` and region ${options.region}`;
    throw refused(
      `there is no pipeline in ${placeText(namespace, cluster, region)} to take the region from: say --region us-west-2, -A, or -f with the files of pipelines`,
      io,
    );
  });
}

type Where = { readonly place: Place; readonly subjects: readonly Subject[] };

/** Where the mail may arrive: each region, with tenants in each of their accounts. */
function placesOf(asked: readonly Subject[], tenants: Tenants, io: CliIo): readonly Where[] {
  const known = asked.map((subject) => {
    const { region, pipeline } = subject;
    if (pipeline === undefined) return { subject, place: { region } };
    const grant = tenants.toRemove(pipeline.key, pipeline.manifest);
    if (!grant.ok) throw failed(grant.fault, io);
    return { subject, place: grant.place };
  });
  return distinctPlaces(known.map(({ place }) => place)).map((place) => ({
    place,
    subjects: known.filter((each) => isSameRole(each.place, place)).map(({ subject }) => subject),
  }));
}

/** What was looked at is not where these receive their mail. */
function warnOfOthers(subjects: readonly Subject[], own: string, io: CliIo): void {
  for (const { pipeline } of subjects) {
    if (pipeline?.account === undefined || pipeline.account === own) continue;
    const message = `it is in account ${pipeline.account}, and the credentials at hand belong to account ${own}, whose rules are explained here. ${asController(pipeline.account)}`;
    io.err(renderWarning({ owner: pipeline.key, message }));
  }
}

/** That the files say something else yet, and when it can be so. */
const renderPending = (steps: readonly Step[], { sesCallsPerSecond }: ExplainOptions): readonly string[] =>
  renderPace(steps, sesCallsPerSecond).map((pace) => `AWS is not yet as the files say. ${pace}`);

/** @param several whether there are several accounts, so that each has to be named */
function render(explanation: Explained, several: boolean, colours: boolean): string[] {
  const where = explanation.region + (several ? `, account ${explanation.account}` : '');
  const paint = createColors(colours);
  const lines = [
    paint.bold(`${explanation.ruleSet ?? 'no active rule set'} (${where}), mail for ${clean(explanation.address)}`),
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
