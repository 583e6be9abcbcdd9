import type { Clock, Faults, PropagatingKind } from './service.ts';

/**
 * A setting whose writer reads it back at once, while other services see it only after `faults.propagationMs()`: what
 * AWS calls eventual consistency. The delay is fixed when the value is set.
 */
export type Propagating<T> = {
  readonly set: (value: T) => void;
  /** As the owner of the setting reads it. */
  readonly latest: () => T;
  /** As another service sees it now. */
  readonly visible: () => T;
};

/** `initial` is visible from the beginning: what is seen of a thing that is not there yet. */
export function propagating<T>(
  initial: T,
  kind: PropagatingKind,
  time: { readonly clock: Clock; readonly faults: Pick<Faults, 'propagationMs'> },
): Propagating<T> {
  let versions: readonly { readonly value: T; readonly visibleAt: number }[] = [
    { value: initial, visibleAt: -Infinity },
  ];

  /** Versions that can still matter: the newest visible one and all that are on their way. */
  const settle = (): void => {
    const now = time.clock.now();
    const newestVisible = versions.findLastIndex(({ visibleAt }) => visibleAt <= now);
    versions = versions.slice(newestVisible);
  };

  return {
    set: (value) => {
      settle();
      versions = [...versions, { value, visibleAt: time.clock.now() + time.faults.propagationMs(kind) }];
    },
    latest: () => versions.at(-1)?.value ?? initial,
    visible: () => {
      settle();
      return versions[0]?.value ?? initial;
    },
  };
}
