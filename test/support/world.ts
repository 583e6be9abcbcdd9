import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DescribeActiveReceiptRuleSetCommand, type ReceiptRule } from '@aws-sdk/client-ses';
import { createTransport } from 'nodemailer';
import { onTestFinished } from 'vitest';
import { systemClock } from '../../src/sandbox/clock.ts';
import type { CallRecord } from '../../src/sandbox/service.ts';
import { startSandbox, type Sandbox, type SandboxOptions } from '../../src/sandbox/sandbox.ts';
import { foreignClients, type Foreign } from './aws-clients.ts';
import { callFaults, type CallFaults } from './call-faults.ts';
import { runCommand, type CommandOptions, type Outcome } from './command-line.ts';
import {
  readBuckets,
  readFunctions,
  readHoldings,
  readRoles,
  type BucketHolding,
  type FunctionHolding,
  type Holdings,
  type RoleHolding,
} from './holdings.ts';
import { fileOf } from './manifests.ts';

/** What `plan -o json` prints, as far as tests look at it. */
export type PlanJson = {
  readonly summary: { readonly create: number; readonly change: number; readonly delete: number };
  readonly steps: readonly {
    readonly pipeline?: string;
    readonly part: string;
    readonly verb: string;
    readonly target: string;
    readonly writes: boolean;
    readonly why: string;
    readonly changes: readonly { readonly field: string; readonly before?: unknown; readonly after?: unknown }[];
  }[];
  readonly problems: readonly {
    readonly pipeline: string;
    readonly reason: string;
    readonly message: string;
    readonly stops: boolean;
  }[];
  readonly warnings: readonly { readonly pipeline: string; readonly message: string }[];
};

export type OutgoingMail = { readonly to: string | readonly string[]; readonly from?: string; readonly raw?: string };

type RunOptions = Omit<CommandOptions, 'args' | 'stdin'> & { readonly flags?: readonly string[] };

/** The command line before a sandbox, mail going in, and a stranger's clients in the same account. */
export type World = Readonly<{
  sandbox: Sandbox;
  faults: CallFaults;
  foreign: Foreign;
  /** Any command line; what `-f -` reads is `documents`. */
  run: (args: readonly string[], documents?: readonly unknown[], options?: RunOptions) => Promise<Outcome>;
  apply: (documents: readonly unknown[], options?: RunOptions) => Promise<Outcome>;
  /** Fails the test when apply does not succeed. */
  mustApply: (...documents: readonly unknown[]) => Promise<void>;
  remove: (documents: readonly unknown[], options?: RunOptions) => Promise<Outcome>;
  plan: (documents: readonly unknown[], options?: RunOptions) => Promise<PlanJson & { readonly code: number }>;
  holdings: () => Promise<Holdings>;
  /** The only one; fails the test when there are none or several. */
  bucket: () => Promise<BucketHolding>;
  role: () => Promise<RoleHolding>;
  fn: () => Promise<FunctionHolding>;
  /** Of the active rule set, in order. */
  rules: () => Promise<readonly ReceiptRule[]>;
  ruleNames: () => Promise<readonly string[]>;
  /** Sends over SMTP and waits until everything that comes of it is done. */
  send: (mail: OutgoingMail) => Promise<void>;
  /** Lines that handlers wrote as JSON. */
  log: () => Promise<readonly Readonly<Record<string, unknown>>[]>;
  /** Operations of our own calls that change something, since the last `faults.clearCalls()`. */
  writes: () => readonly string[];
}>;

/** Nobody is asked while a manifest comes from standard input, so what will be asked about has to be a file. */
function onDisk(documents: readonly unknown[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'ses-lambda-pipeline-world-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'pipelines.yaml');
  writeFileSync(file, fileOf(documents));
  return file;
}

export type WorldOptions = SandboxOptions & { readonly region?: string };

/** A world that ends with the test. */
export async function startWorld(options: WorldOptions = {}): Promise<World> {
  const world = await openWorld(options);
  onTestFinished(world.close);
  return world;
}

/** A world for use outside of a test; `close` ends it. */
export async function openWorld(options: WorldOptions = {}): Promise<World & { readonly close: () => Promise<void> }> {
  const { region = 'us-west-2', ...sandboxOptions } = options;
  const faults = callFaults(systemClock());
  const sandbox = await startSandbox({ port: 0, smtpPort: 0, functionUpdateMs: 0, faults, ...sandboxOptions });
  const foreign = foreignClients(sandbox.url, region);
  const run: World['run'] = (args, documents = [], { flags = [], ...rest } = {}) =>
    runCommand({
      args: [
        ...args,
        '--endpoint-url',
        sandbox.url,
        ...(['explain', 'import'].includes(args[0] ?? '')
          ? []
          : ['-f', rest.answer === undefined ? '-' : onDisk(documents)]),
        '--ses-calls-per-second',
        '1000',
        ...flags,
      ],
      stdin: fileOf(documents),
      ...rest,
    });
  const apply: World['apply'] = (documents, rest) => run(['apply', '--yes'], documents, rest);
  const holdings = () => readHoldings(foreign);
  const rules = async () => (await foreign.ses.send(new DescribeActiveReceiptRuleSetCommand({}))).Rules ?? [];

  return {
    sandbox,
    faults,
    foreign,
    run,
    apply,
    mustApply: async (...documents) => {
      const { code, out, err } = await apply(documents);
      if (code !== 0) throw new Error(`apply ended with ${code}:\n${err}\n${out}`);
    },
    remove: (documents, rest) => run(['delete', '--yes'], documents, rest),
    plan: async (documents, rest) => {
      const { code, out, err } = await run(['plan', '-o', 'json'], documents, rest);
      if (out === '') throw new Error(`plan ended with ${code}:\n${err}`);
      return { ...(JSON.parse(out) as PlanJson), code };
    },
    holdings,
    bucket: async () => only(await readBuckets(foreign), 'bucket'),
    role: async () => only(await readRoles(foreign), 'role'),
    fn: async () => only(await readFunctions(foreign), 'function'),
    rules,
    ruleNames: async () => (await rules()).map(({ Name }) => Name ?? ''),
    send: async (mail) => {
      await sendMail(sandbox.smtpPort, mail);
      await sandbox.idle();
    },
    log: async () => {
      const functions = await readFunctions(foreign);
      return functions.flatMap(({ name }) =>
        sandbox.lambda.logs.lines(name).flatMap(({ source, text }) => (source === 'stdout' ? jsonLines(text) : [])),
      );
    },
    writes: () =>
      faults
        .calls()
        .filter(isOurWrite)
        .map(({ operation }) => operation),
    close: async () => {
      foreign.destroy();
      await sandbox.stop();
    },
  };
}

const READ = /^(s3|iam|lambda|ses|sts):(Get|Head|List|Describe)/;

/** Handlers call as their role, SES as a service; everybody else here is the account itself, and strangers do not write meanwhile. */
export function isOurWrite({ operation, principal }: CallRecord): boolean {
  return principal.kind === 'root' && !READ.test(operation);
}

function only<Item>(items: readonly Item[], what: string): Item {
  const [item, ...more] = items;
  if (item === undefined || more.length > 0) throw new Error(`expected one ${what}, found ${items.length}`);
  return item;
}

async function sendMail(port: number, { to, from = 'sender@elsewhere.test', raw }: OutgoingMail): Promise<void> {
  const recipients = typeof to === 'string' ? [to] : [...to];
  const transport = createTransport({ host: '127.0.0.1', port, ignoreTLS: true });
  const text = raw ?? [`From: ${from}`, `To: ${recipients.join(', ')}`, 'Subject: Hello', '', 'Body', ''].join('\r\n');
  try {
    await transport.sendMail({ envelope: { from, to: recipients }, raw: text });
  } finally {
    transport.close();
  }
}

function jsonLines(text: string): Record<string, unknown>[] {
  return text.split('\n').flatMap((line) => {
    // What console.log prints begins with time, request id and level.
    const message = line.split('\t').at(-1) ?? '';
    return message.startsWith('{') ? [JSON.parse(message) as Record<string, unknown>] : [];
  });
}
