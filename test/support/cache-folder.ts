import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where tests keep what is costly to get: beside the checkout, so that `npm ci` and another clone find it again. */
export function cacheFolder(name: string, env: NodeJS.ProcessEnv = process.env): string {
  return join(env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'ses-lambda-pipeline', name);
}
