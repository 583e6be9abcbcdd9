import { sesLane, type AwsPortsOptions } from './aws/ports.ts';
import type { Lane } from './aws/lane.ts';
import { connectAws } from './connect-aws.ts';
import { placeKey, type Place } from './controller/tenants.ts';
import type { Ports } from './core/ports.ts';
import { accountOf } from './core/tenancy.ts';

export type PortsByPlace = {
  readonly of: (place: Place) => Ports;
  readonly close: () => void;
};

/**
 * One set of clients for each role and region, made when it is first asked for; and one lane to SES for each account
 * and region, which all roles of the account share, since AWS counts their calls together.
 */
export function portsByPlace(options: Omit<AwsPortsOptions, 'region' | 'role' | 'lane'>): PortsByPlace {
  const known = new Map<string, Ports & { readonly close: () => void }>();
  const lanes = new Map<string, Lane>();
  const laneOf = ({ region, role }: Place): Lane =>
    kept(lanes, `${role === undefined ? '' : accountOf(role)} ${region}`, () => sesLane(options));

  return {
    of: (place) => kept(known, placeKey(place), () => connectAws({ ...options, ...place, lane: laneOf(place) })),
    close: () => {
      for (const lane of lanes.values()) lane.close();
      for (const ports of known.values()) ports.close();
    },
  };
}

function kept<T>(map: Map<string, T>, key: string, make: () => T): T {
  const found = map.get(key) ?? make();
  map.set(key, found);
  return found;
}
