import type { Ports } from '../core/ports.ts';
import { askAboutMail, NO_FACTS, type RecipientLists, type RoutingFacts } from '../core/routing-facts.ts';

/** A status waits no longer for what SES and DNS say; what comes late is told next time. */
const PATIENCE_MS = 5_000;

/**
 * Asks where mail comes from: once for all pipelines of a run, and only when the first of them has something to tell, so
 * that changes of rules go first in the lane.
 *
 * @param after calls once, after so many milliseconds, unless it is cancelled by what it returns
 * @param giveWay aborted: nobody waits for the answer any more
 */
export function createRoutingQuestion(
  lists: RecipientLists,
  ports: Pick<Ports, 'mailIdentities' | 'dns'>,
  after: (delayMs: number, call: () => void) => () => void,
  giveWay: AbortSignal,
): () => Promise<RoutingFacts> {
  let answer: Promise<RoutingFacts> | undefined;
  return () =>
    (answer ??= new Promise((resolve) => {
      const cancel = after(PATIENCE_MS, () => resolve(NO_FACTS));
      giveWay.addEventListener('abort', () => resolve(NO_FACTS), { once: true });
      // Informational: whatever goes wrong here costs no pipeline its status.
      void askAboutMail(lists, ports)
        .catch(() => NO_FACTS)
        .then((facts) => {
          cancel();
          resolve(facts);
        });
    }));
}
