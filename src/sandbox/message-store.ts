/** The messages themselves, for those who want to send one again. */
export type MessageStore = {
  readonly put: (id: string, message: Uint8Array) => void;
  readonly get: (id: string) => Uint8Array | undefined;
};

const LIMIT_BYTES = 64 * 1024 * 1024;

/** Keeps the latest, in memory: the oldest go when together they are too large. */
export function createMessageStore(limitBytes = LIMIT_BYTES): MessageStore {
  const messages = new Map<string, Uint8Array>();
  let bytes = 0;
  return {
    put: (id, message) => {
      messages.set(id, message);
      bytes += message.byteLength;
      for (const [oldest, { byteLength }] of messages) {
        if (bytes <= limitBytes) return;
        messages.delete(oldest);
        bytes -= byteLength;
      }
    },
    get: (id) => messages.get(id),
  };
}
