import type { CliIo, ExitCode, SandboxSettings } from './io.ts';

export type SandboxOptions = Omit<SandboxSettings, 'host'> & {
  readonly listenAddress: string;
  readonly allowNetworkAccess: boolean;
};

/** Runs the embedded AWS until Ctrl-C. */
export async function sandboxCommand(options: SandboxOptions, io: CliIo): Promise<ExitCode> {
  const { listenAddress: host, allowNetworkAccess, ...settings } = options;
  if (!isLoopback(host) && !allowNetworkAccess) {
    io.err(
      `Error: --listen-address ${host} lets other machines in, and whoever reaches the sandbox can run code on this one: ` +
        'say --allow-network-access too if you mean it.',
    );
    return 1;
  }
  try {
    await io.runSandbox({ ...settings, host }, ({ url, smtpPort, account, notices }) => {
      io.out(`Sandbox of account ${account} is ready.`);
      io.out(`  AWS   ${url}`);
      io.out(`  SMTP  ${host}:${smtpPort}`);
      io.out(`Try:  ses-lambda-pipeline apply -f examples/echo --endpoint-url ${url}`);
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

const isLoopback = (address: string): boolean => address.startsWith('127.') || address === '::1';
