/** Every so many-th look at a settled pipeline is a full one. */
const FULL_EVERY = 6;

/** Counts the light looks of each pipeline since its last full one. */
export type FullLooks = {
  /** Whether the next look has to be a full one. */
  readonly due: (key: string) => boolean;
  readonly looked: (key: string, full: boolean) => void;
  readonly forget: (key: string) => void;
};

export function createFullLooks(): FullLooks {
  const light = new Map<string, number>();
  return {
    due: (key) => (light.get(key) ?? FULL_EVERY) >= FULL_EVERY - 1,
    looked: (key, full) => void light.set(key, full ? 0 : (light.get(key) ?? 0) + 1),
    forget: (key) => void light.delete(key),
  };
}
