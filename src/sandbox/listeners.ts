/** Whoever wants to hear of something as it happens. */
export type Listeners<News> = {
  /** Returns how to stop listening. */
  readonly add: (listener: (news: News) => void) => () => void;
  /** @param news made only when somebody listens */
  readonly tell: (news: () => News) => void;
};

/** Nobody at first. */
export function createListeners<News>(): Listeners<News> {
  const listeners = new Set<(news: News) => void>();
  return {
    add: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    tell: (news) => {
      if (listeners.size === 0) return;
      const made = news();
      for (const listener of listeners) listener(made);
    },
  };
}
