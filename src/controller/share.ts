import type { Outlook } from '../core/converge.ts';
import type { Step } from '../core/step.ts';
import { writesOf } from './told-steps.ts';

/** The part of an outlook that is about one pipeline. */
export type Share = Pick<Outlook, 'observation' | 'steps' | 'withheld' | 'problems'> & {
  /** What it has to write, or shares in writing. */
  readonly writes: readonly Step[];
};

export type Shares = (key: string) => Share;

/**
 * What is done to a rule set as a whole is everybody's when nobody has anything else to do in it, such as an order that
 * somebody has changed; otherwise it is for those who have.
 */
export function sharesOf({ observation, steps, withheld, problems }: Outlook): Shares {
  const writes = writesOf({ steps });
  const nobodys = writes.every(({ owner }) => owner === undefined);
  const writers = new Set(writes.map(({ owner }) => owner));
  const pipelines = observation?.input.pipelines ?? [];
  const watched = new Set(
    pipelines.flatMap(({ desired }) => (desired.managementPolicy === 'Observe' ? [desired.key] : [])),
  );
  const shareOf = (key: string): Share => {
    const isOwn = ({ owner }: { readonly owner: string | undefined }): boolean => owner === key;
    const isIts = (step: Step): boolean => isOwn(step) || (step.owner === undefined && (nobodys || writers.has(key)));
    return {
      observation,
      steps: steps.filter(isIts),
      withheld: withheld.filter((step) => isOwn(step) || (step.owner === undefined && watched.has(key))),
      problems: problems.filter(isOwn),
      writes: writes.filter(isIts),
    };
  };
  const known = new Map<string, Share>();
  return (key) => {
    const share = known.get(key) ?? shareOf(key);
    known.set(key, share);
    return share;
  };
}
