import { createTenants, placeKey, type Place, type Tenants } from '../controller/tenants.ts';
import { loadTenancy } from '../files/load-tenancy.ts';
import { CommandFailed, refused } from './command-failed.ts';
import type { CliIo, Connected } from './io.ts';
import { connectionOf, type ConnectionOptions, type TenantsOption } from './options.ts';
import { clean } from './render-problems.ts';

/**
 * As whom the controller works for a namespace, by its own file; without one everybody's pipelines are looked at with
 * the credentials at hand.
 *
 * @throws {CommandFailed} after all that is wrong with the file was printed
 */
export async function loadTenants(
  { tenants: file, installation }: TenantsOption & Pick<ConnectionOptions, 'installation'>,
  io: Pick<CliIo, 'err'>,
): Promise<Tenants> {
  if (file === undefined) return createTenants(undefined, installation);
  const loaded = await loadTenancy(file);
  if (loaded.ok) return createTenants(loaded.tenancy, installation);
  const [only] = loaded.problems;
  if (loaded.problems.length === 1) throw refused(`--tenants ${file}: ${only}`, io);
  const failures = loaded.problems.map((problem) => ({ message: `--tenants ${file}: ${problem}` }));
  for (const { message } of failures) io.err(clean(`Error: ${message}`));
  throw new CommandFailed(failures);
}

/** AWS in the region of a place, as its role where it has one. */
export async function connectTo(place: Place, options: ConnectionOptions, io: CliIo): Promise<Connected> {
  return io.connect({ ...connectionOf(options), ...place });
}

/** Each place once, whatever the session would be called. */
export function distinctPlaces(places: readonly Place[]): readonly Place[] {
  const byRole = new Map(places.map((place): [string, Place] => [roleKey(place), place]));
  return [...byRole.values()].toSorted((a, b) => (placeKey(a) < placeKey(b) ? -1 : 1));
}

export const isSameRole = (a: Place, b: Place): boolean => roleKey(a) === roleKey(b);

/** Tags decide too what a session may see; its name does not. */
const roleKey = ({ region, role }: Place): string => JSON.stringify([region, role?.roleArn, role?.tags]);
