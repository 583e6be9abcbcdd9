import { findHelm } from '../helm/helm.ts';
import { findBinaries } from './binaries.ts';

/** Builds missing programs before the first test, where minutes do not count as a test's time. */
export async function setup(): Promise<void> {
  await findBinaries();
  await findHelm().catch(() => undefined); // the tests of the chart say what to install; the others do without
}
