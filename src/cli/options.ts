import { isIP } from 'node:net';
import { InvalidArgumentError, Option, type Command } from 'commander';
import type { ClusterChoice } from './cluster.ts';
import { isRegistryHost, OCI_REGISTRIES_ALLOWED } from '../core/registry-host.ts';
import { DNS_SERVERS_ALLOWED, readDnsServers, type DnsServers } from '../core/dns-servers.ts';
import { parseDurationMs } from '../core/duration.ts';

export type OutputFormat = 'text' | 'json' | 'yaml';

export type ConnectionOptions = {
  readonly endpointUrl?: string;
  readonly profile?: string;
  readonly region?: string;
  readonly installation: string;
  readonly sesCallsPerSecond?: number;
  readonly dnsServers?: DnsServers;
};

export const connectionOf = (
  options: Pick<ConnectionOptions, 'endpointUrl' | 'profile' | 'sesCallsPerSecond' | 'dnsServers'>,
) => ({
  endpointUrl: options.endpointUrl,
  profile: options.profile,
  sesCallsPerSecond: options.sesCallsPerSecond,
  dnsServers: options.dnsServers,
});

export type PipelineOptions = ConnectionOptions & {
  /** Undefined when `-f` was forgotten. */
  readonly filename?: readonly string[];
  readonly namespace: string;
  readonly ociRegistries?: readonly string[];
  readonly output: OutputFormat;
};

/** Of commands that look at files with -f, and at a cluster without. */
export type FilesOrClusterOptions = ConnectionOptions &
  ClusterChoice & { readonly filename?: readonly string[]; readonly output: OutputFormat };

export type ControllerOptions = {
  readonly controllerUrl?: string;
  readonly leaseName: string;
  readonly leaseNamespace?: string;
};

export type TenantsOption = { readonly tenants?: string };

export type PruneOption = { readonly prune?: boolean };

/** For commands that look at AWS as the controller does. */
export function withTenants(command: Command): Command {
  return command.option(
    '--tenants <file>',
    "the controller's tenants file: AWS is looked at as the role of each namespace; not set: with the credentials at hand",
  );
}

/** For commands that look beyond the given files. */
export function withPrune(command: Command): Command {
  return command.option(
    '--prune',
    'also delete what this installation has in the regions of the files and no file names; buckets stay',
  );
}

/** What every command that works on pipelines in files takes. */
export function withFiles(command: Command): Command {
  return withConnection(
    command
      .option('-f, --filename <path>', 'file, folder or - for standard input; may be repeated', collect)
      .option('-n, --namespace <name>', 'namespace of documents that name none', 'default')
      .option(
        '--oci-registries <names>',
        'hosts that function.code.ociRef may lead to, separated by commas: registries, and where they give out tokens and keep their blobs',
        registryHosts,
      ),
  );
}

/** For commands about a cluster. */
export function withCluster(command: Command): Command {
  return command
    .option('--context <name>', 'context of the kubeconfig; not set: the current one')
    .option('--kubeconfig <path>', 'not set: KUBECONFIG, or ~/.kube/config')
    .option('-n, --namespace <name>', 'namespace of the pipelines; not set: that of the context')
    .option('-A, --all-namespaces', 'pipelines of all namespaces');
}

/** For commands that look at files with -f, and at a cluster without. */
export function withFilesOrCluster(command: Command): Command {
  return withConnection(
    command
      .option('-f, --filename <path>', 'look at files: file, folder or - for standard input; may be repeated', collect)
      .option('--context <name>', 'without -f: look at the cluster of this context; not set: the current one')
      .option('--kubeconfig <path>', 'where the context is; not set: KUBECONFIG, or ~/.kube/config')
      .option(
        '-n, --namespace <name>',
        'namespace: of the cluster (not set: that of the context), or of documents that name none (not set: default)',
      )
      .option('-A, --all-namespaces', 'pipelines of all namespaces of the cluster'),
  );
}

/** Where a controller tells how busy it is, and how its Lease is called. */
export function withController(command: Command): Command {
  return command
    .option('--controller-url <url>', 'where the controller shows its metrics, such as http://127.0.0.1:8080', httpUrl)
    .option('--lease-name <name>', 'name of the Lease of the controller', 'ses-lambda-pipeline')
    .option('--lease-namespace <name>', 'namespace of the Lease; not set: looked for in all');
}

/** As in a manifest: `90s`, `5m`. */
export function durationMs(text: string): number {
  const value = parseDurationMs(text);
  if (value === undefined || value === 0) throw new InvalidArgumentError('must be a time such as 30s, 5m or 1h30m.');
  return value;
}

export function withConnection(command: Command): Command {
  return command
    .option('--region <name>', 'only pipelines of this AWS region', regionName)
    .option('--profile <name>', 'profile of the shared AWS configuration')
    .option(
      '--endpoint-url <url>',
      'where AWS is, such as http://127.0.0.1:4566 for the sandbox; not set: AWS_ENDPOINT_URL, or AWS itself',
      httpUrl,
    )
    .option('--installation <name>', 'tells apart installations that share an account', 'slp')
    .addOption(
      new Option(
        '--ses-calls-per-second <number>',
        'pace of SES calls; AWS allows 1 for an account and region',
      ).argParser(positive),
    );
}

/** For commands that say whether mail would arrive. */
export function withDns(command: Command): Command {
  return command.option(
    '--dns-servers <addresses>',
    'whom to ask for MX records, separated by commas, or none; not set: DNS as on this machine, and nobody with --endpoint-url',
    dnsServers,
  );
}

export function withOutput(command: Command): Command {
  return command.addOption(
    new Option('-o, --output <format>', 'how the result is printed').choices(['text', 'json', 'yaml']).default('text'),
  );
}

/** How the result is to be printed, of a command line that could not be parsed. */
export function outputAskedFor(args: readonly string[]): OutputFormat {
  const [asked] = args.flatMap((arg, index) => {
    if (arg === '-o' || arg === '--output') return args[index + 1] ?? [];
    return /^(?:-o=?|--output=)(.+)$/.exec(arg)?.[1] ?? [];
  });
  return asked === 'json' || asked === 'yaml' ? asked : 'text';
}

/** For options that may be repeated. */
export const collect = (value: string, before: readonly string[] | undefined): readonly string[] => [
  ...(before ?? []),
  value,
];

/** `a,b` as it stands in one argument. */
export const commaSeparated = (text: string): readonly string[] => text.split(',').map((name) => name.trim());

function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0) || !Number.isFinite(value)) throw new InvalidArgumentError('must be a number above 0.');
  return value;
}

function regionName(text: string): string {
  if (!/^[a-z]{2,}(-[a-z]+)+-\d$/.test(text))
    throw new InvalidArgumentError('must be the name of an AWS region such as us-west-2.');
  return text;
}

/** For an option that may be repeated. */
export const regionNames = (text: string, before: readonly string[] | undefined): readonly string[] =>
  collect(regionName(text), before);

function httpUrl(text: string): string {
  const protocol = URL.canParse(text) ? new URL(text).protocol : undefined;
  if (protocol !== 'http:' && protocol !== 'https:')
    throw new InvalidArgumentError('must be a URL such as http://127.0.0.1:4566.');
  return text;
}

/** Where the sandbox is when nothing else is said. */
const SANDBOX_URL = 'http://127.0.0.1:4566';

/** Where a running sandbox is. */
export function withSandbox(command: Command): Command {
  return withOutput(
    command.addOption(
      new Option('--endpoint-url <url>', 'where the sandbox is')
        .argParser((text) => (text === '' ? SANDBOX_URL : httpUrl(text)))
        .env('AWS_ENDPOINT_URL')
        .default(SANDBOX_URL),
    ),
  );
}

export function accountId(text: string): string {
  if (!/^\d{12}$/.test(text)) throw new InvalidArgumentError('must be an account id of 12 digits.');
  return text;
}

export function ipAddress(text: string): string {
  if (isIP(text) === 0) throw new InvalidArgumentError('must be an IP address such as 127.0.0.1 or 0.0.0.0.');
  return text;
}

function registryHosts(text: string): readonly string[] {
  const hosts = commaSeparated(text);
  if (!hosts.every(isRegistryHost)) throw new InvalidArgumentError(`must be ${OCI_REGISTRIES_ALLOWED}.`);
  return hosts;
}

function dnsServers(text: string): DnsServers {
  const servers = readDnsServers(text);
  if (servers === undefined) throw new InvalidArgumentError(`must be ${DNS_SERVERS_ALLOWED}.`);
  return servers;
}

export function portNumber(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0 || value > 65_535)
    throw new InvalidArgumentError('must be a port from 0 to 65535; 0 takes a free one.');
  return value;
}

/** The ARN of a managed policy, which a permissions boundary is. */
export function policyArn(text: string): string {
  if (!/^arn:[a-z-]+:iam::(\d{12}|aws):policy\/.+$/.test(text))
    throw new InvalidArgumentError(
      'must be the ARN of a policy such as arn:aws:iam::111122223333:policy/mail-functions.',
    );
  return text;
}
