import type { Ports } from '../core/ports.ts';

/** The same ports until the signal is aborted: what is in flight then is answered, what would follow is refused. */
export function portsUntil<Some extends Partial<Ports>>(signal: AbortSignal, ports: Some): Some {
  const guarded = Object.entries(ports).map(([name, port]) => [
    name,
    name === 'clock' ? port : portUntil(signal, port),
  ]);
  return Object.fromEntries(guarded) as Some;
}

const portUntil = (signal: AbortSignal, port: object): object =>
  Object.fromEntries(
    Object.entries(port).map(([name, call]) => [
      name,
      async (...args: readonly unknown[]) => {
        signal.throwIfAborted();
        return (call as (...given: readonly unknown[]) => unknown)(...args);
      },
    ]),
  );
