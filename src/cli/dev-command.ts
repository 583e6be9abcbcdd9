import { stat } from 'node:fs/promises';
import type { DevSettings } from './dev-events.ts';
import { createDevView } from './dev-view.ts';
import type { CliIo, ExitCode } from './io.ts';
import type { OutputFormat } from './options.ts';

export type DevOptions = Omit<DevSettings, 'folder'> & { readonly filename: string; readonly output: OutputFormat };

/** A sandbox with a folder of manifests in it, live on every save, until Ctrl-C. */
export async function devCommand(options: DevOptions, io: CliIo): Promise<ExitCode> {
  const { filename: folder, output, ...settings } = options;
  if (!(await isFolder(folder))) {
    io.err(`Error: -f ${folder}: is not a folder; name the one that holds the manifests`);
    return 1;
  }
  const view = createDevView({ io, folder });
  try {
    await io.runDev({ folder, ...settings }, (event) => {
      if (output === 'text') for (const line of view(event)) io.out(line);
      else io.out(JSON.stringify(event));
    });
    if (output === 'text') io.out('Stopped. The sandbox was in memory and is gone; the files are as you left them.');
    return 0;
  } catch (error) {
    io.err(`Error: ${error instanceof Error ? error.message : String(error)}`);
    return 1;
  }
}

const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
