import { createInterface } from 'node:readline/promises';

export type AskIo = {
  readonly input: NodeJS.ReadableStream & { readonly readableEnded?: boolean };
  readonly output: NodeJS.WritableStream;
  /** Aborted: as if the answer were no. */
  readonly signal: AbortSignal;
  /** Called on Ctrl-C: while a question is asked, the terminal gives it to who asks, and makes no signal of it. */
  readonly interrupt: () => void;
};

/** Asks a yes-or-no question. No answer, because the input has ended or ends, is a no. */
export async function ask(question: string, { input, output, signal, interrupt }: AskIo): Promise<boolean> {
  // readline never settles a question on an input that cannot speak any more, and Node ends with code 13.
  if (input.readableEnded === true) return false;
  const terminal = createInterface({ input, output });
  terminal.once('SIGINT', interrupt);
  const ended = new Promise<string>((resolve) => terminal.once('close', () => resolve('')));
  const answer = await Promise.race([terminal.question(`${question} [y/N] `, { signal }).catch(() => ''), ended]);
  terminal.close();
  return /^y(es)?$/i.test(answer.trim());
}
