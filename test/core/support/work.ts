import type { Pipeline } from '../../../src/core/pipeline.ts';
import { converge, lookAhead, type Convergence, type Outlook } from '../../../src/core/converge.ts';
import type { Work } from '../../../src/core/observe.ts';
import { isWrite, type Step } from '../../../src/core/step.ts';
import type { FakeAws } from './fake-aws.ts';

export const applying = (...pipelines: Pipeline[]): Work => ({ region: 'us-west-2', apply: pipelines, remove: [] });
export const removing = (...pipelines: Pipeline[]): Work => ({ region: 'us-west-2', apply: [], remove: pipelines });

/** Looks, plans and runs. */
export async function bringAbout(work: Work, aws: FakeAws): Promise<Convergence> {
  return converge(work, await lookAhead(work, aws.ports), aws.ports, {});
}

/** Kinds of the steps that would write. */
export const kindsOf = ({ steps }: { readonly steps: readonly Step[] }): string[] =>
  steps.filter(({ action }) => isWrite(action)).map(({ action }) => action.kind);

/** Brings it about, and fails the test unless everything succeeded and nothing is left to do. */
export async function settled(work: Work, aws: FakeAws): Promise<Outlook> {
  const { results, problems } = await bringAbout(work, aws);
  const failed = results.filter(({ kind }) => kind !== 'done');
  if (failed.length > 0 || problems.some(({ stops }) => stops)) throw new Error(JSON.stringify({ failed, problems }));
  const after = await lookAhead(work, aws.ports);
  if (kindsOf(after).length > 0) throw new Error(`still to do: ${kindsOf(after).join()}`);
  return after;
}
