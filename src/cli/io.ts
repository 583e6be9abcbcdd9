import type { DevEvent, DevSettings } from './dev-events.ts';
import type { Clock, Ports } from '../core/ports.ts';
import type { DnsServers } from '../core/dns-servers.ts';
import type { Probes } from '../core/probes.ts';
import type { RoleSession } from '../core/tenancy.ts';
import type { Tracing } from '../core/tracing.ts';
import type { Cluster, ClusterOptions } from './cluster.ts';
import type { LoadOptions } from '../files/load-manifests.ts';

export type ConnectOptions = {
  readonly region: string;
  readonly endpointUrl: string | undefined;
  readonly profile: string | undefined;
  readonly sesCallsPerSecond: number | undefined;
  readonly dnsServers: DnsServers | undefined;
  /** To work as; not set: the credentials themselves. */
  readonly role?: RoleSession;
};

/** The outside world of a command; commands return an exit code and never exit by themselves. */
export type CliIo = {
  /** What the program was started as, `kubectl slp` for one: every hint is to be typed as it stands. */
  readonly program: string;
  /** Writes one line to standard output. */
  readonly out: (line: string) => void;
  /** Writes one line to standard error. */
  readonly err: (line: string) => void;
  readonly readStdin: () => Promise<string>;
  /** Pulls code from these registries, and from no others. */
  readonly pullFrom: (registries: readonly string[]) => NonNullable<LoadOptions['pull']>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whether a person watches standard error: a live view, colours and questions make sense. */
  readonly interactive: boolean;
  readonly colours: boolean;
  /** Replaces the live view on standard error; an empty text removes it. */
  readonly live: (text: string) => void;
  /** Asks a yes-or-no question on the terminal. */
  readonly confirm: (question: string) => Promise<boolean>;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** Runs a command as a trace of its own, where traces are asked for. */
  readonly traced: (command: string, work: (tracing: Tracing) => Promise<ExitCode>) => Promise<ExitCode>;
  /** That of the command which runs. */
  readonly tracing: Tracing;
  /** May take its time: the AWS SDK is loaded only by then. */
  readonly connect: (options: ConnectOptions) => Connected | Promise<Connected>;
  /**
   * The cluster of a kubeconfig. Nothing is sent before it is asked for something.
   *
   * @throws {PipelineError} when there is no such cluster in the kubeconfig
   */
  readonly openCluster: (options: ClusterOptions) => Promise<Cluster>;
  /** Loaded only when it is asked for: it brings Kubernetes with it. */
  readonly loadController: () => Promise<ControllerDoor>;
  /** Runs a sandbox until `signal` is aborted. */
  readonly runSandbox: (options: SandboxSettings, started: (sandbox: RunningSandbox) => void) => Promise<void>;
  /** Runs a sandbox with a folder of manifests in it until `signal` is aborted. */
  readonly runDev: (settings: DevSettings, tell: (event: DevEvent) => void) => Promise<void>;
};

/** AWS in one region. */
export type Connected = Ports & { readonly probes: Probes; readonly close: () => void };

/** The controller as the command line sees it: what can be set, and how to run it. */
export type ControllerDoor = {
  readonly options: readonly {
    readonly flags: string;
    readonly description: string;
    readonly default: string | undefined;
  }[];
  /** @param args what follows the verb; runs until it is told to stop */
  readonly run: (args: readonly string[]) => Promise<0 | 1>;
};

export type SandboxSettings = {
  readonly port: number;
  readonly smtpPort: number;
  readonly account?: string;
  readonly dataDir?: string;
  readonly host?: string;
  /** Trouble from the start: the document that `/_sandbox/faults` takes. */
  readonly faults?: unknown;
};
export type RunningSandbox = {
  readonly url: string;
  readonly smtpPort: number;
  readonly account: string;
  readonly notices: readonly string[];
};

/** 0 nothing to do or done, 1 failed, 2 changes pending (`plan`), 130 interrupted. */
export type ExitCode = 0 | 1 | 2 | 130;
