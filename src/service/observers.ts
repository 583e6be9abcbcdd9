import type { ControllerObserver } from '../controller/observer.ts';

const nothing = (): void => {};

/** Hears everything and does nothing: a base for observers that only care about some of it. */
export const silentObserver: ControllerObserver = {
  reconcileStarted: nothing,
  reconcileFinished: nothing,
  faulted: nothing,
  panicked: nothing,
  timedOut: nothing,
  planned: nothing,
  driftDetected: nothing,
  driftRepaired: nothing,
  statusWritten: nothing,
  told: nothing,
  gone: nothing,
};

/**
 * Tells all of them, in order. What one of them throws stops neither the others nor the controller: observing is no
 * reason to fail.
 *
 * @param onError hears of it; must not throw
 */
export function everyObserver(
  observers: readonly ControllerObserver[],
  onError: (error: unknown) => void = nothing,
): ControllerObserver {
  const tell = (hear: (observer: ControllerObserver) => void): void => {
    for (const observer of observers) {
      try {
        hear(observer);
      } catch (error) {
        onError(error);
      }
    }
  };
  return {
    reconcileStarted: (run) => tell((observer) => observer.reconcileStarted(run)),
    reconcileFinished: (run) => tell((observer) => observer.reconcileFinished(run)),
    faulted: (resource, fault) => tell((observer) => observer.faulted(resource, fault)),
    panicked: (run) => tell((observer) => observer.panicked(run)),
    timedOut: (run) => tell((observer) => observer.timedOut(run)),
    planned: (resource, steps) => tell((observer) => observer.planned(resource, steps)),
    driftDetected: (resource, steps) => tell((observer) => observer.driftDetected(resource, steps)),
    driftRepaired: (resource, steps) => tell((observer) => observer.driftRepaired(resource, steps)),
    statusWritten: (resource, result, status) => tell((observer) => observer.statusWritten(resource, result, status)),
    told: (resource, event) => tell((observer) => observer.told(resource, event)),
    gone: (key) => tell((observer) => observer.gone(key)),
  };
}
