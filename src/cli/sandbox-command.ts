import { readFile } from 'node:fs/promises';
import { fsMessage } from '../files/fs-message.ts';
import type { CliIo, ExitCode, SandboxSettings } from './io.ts';

export type SandboxOptions = Omit<SandboxSettings, 'host' | 'faults'> & {
  /** JSON, or the file that holds it. */
  readonly faults?: string;
  readonly listenAddress: string;
  readonly allowNetworkAccess: boolean;
};

/** Runs the embedded AWS until Ctrl-C. */
export async function sandboxCommand(options: SandboxOptions, io: CliIo): Promise<ExitCode> {
  const { listenAddress: host, allowNetworkAccess, faults, ...settings } = options;
  if (!isLoopback(host) && !allowNetworkAccess) {
    io.err(
      `Error: --listen-address ${host} lets other machines in, and whoever reaches the sandbox can run code on this one: ` +
        'say --allow-network-access too if you mean it.',
    );
    return 1;
  }
  if (settings.port !== 0 && settings.port === settings.smtpPort) {
    io.err(`Error: --port and --smtp-port are both ${settings.port}: choose two ports.`);
    return 1;
  }
  try {
    const trouble = faults === undefined ? {} : { faults: await readDocument(faults) };
    await io.runSandbox({ ...settings, ...trouble, host }, ({ url, smtpPort, account, notices }) => {
      io.out(`Sandbox of account ${account} is ready.`);
      io.out(`  AWS   ${url}`);
      io.out(`  SMTP  ${host}:${smtpPort}`);
      io.out(`Try:  ${io.program} apply -f examples/echo --endpoint-url ${url}`);
      io.out(
        settings.dataDir === undefined
          ? 'Everything is kept in memory. Ctrl-C ends it.'
          : `Everything is kept in ${settings.dataDir}. Ctrl-C ends it.`,
      );
      for (const notice of notices) io.err(`Note: ${notice}`);
    });
    return 0;
  } catch (error) {
    io.err(`Error: ${error instanceof Error ? error.message : String(error)}`);
    return 1;
  }
}

async function readDocument(given: string): Promise<unknown> {
  const inline = given.trimStart().startsWith('{');
  const text = inline ? given : await readFile(given, 'utf8').catch(notReadable(given));
  try {
    return JSON.parse(text);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`--faults: ${inline ? 'what stands there' : given} is not JSON: ${why}`, { cause: error });
  }
}

const notReadable = (file: string) => (error: unknown) => {
  throw new Error(`--faults takes a file or JSON that begins with {: ${file} ${fsMessage(error)}`, { cause: error });
};

const isLoopback = (address: string): boolean => address.startsWith('127.') || address === '::1';
