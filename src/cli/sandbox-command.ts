import type { CliIo, ExitCode, SandboxPorts } from './io.ts';

/** Runs the embedded AWS until Ctrl-C. */
export async function sandboxCommand(options: SandboxPorts, io: CliIo): Promise<ExitCode> {
  try {
    await io.runSandbox(options, ({ url, smtpPort, account }) => {
      io.out(`Sandbox of account ${account} is ready.`);
      io.out(`  AWS   ${url}`);
      io.out(`  SMTP  127.0.0.1:${smtpPort}`);
      io.out(`Try:  ses-lambda-pipeline apply -f examples/echo --endpoint-url ${url}`);
      io.out('Everything is kept in memory. Ctrl-C ends it.');
    });
    return 0;
  } catch (error) {
    io.err(`Error: ${error instanceof Error ? error.message : String(error)}`);
    return 1;
  }
}
