import { refused } from './command-failed.ts';
import { Interrupted } from './interrupted.ts';
import type { CliIo } from './io.ts';

/** A mail as a running sandbox tells it, as far as the command line shows it; see docs/sandbox.md. */
export type SandboxMail = {
  readonly id: string;
  readonly account: string;
  readonly region: string;
  readonly ruleSet: string;
  readonly receivedAt: string;
  readonly envelope: { readonly from: string; readonly recipients: readonly string[] };
  readonly clientAddress: string;
  readonly tls: boolean;
  readonly sizeBytes: number;
  readonly subject?: string;
  readonly state: string;
  readonly rules: readonly SandboxRule[];
  readonly stoppedBy?: string;
  readonly bug?: string;
};

export type SandboxRule = {
  readonly name: string;
  readonly outcome: string;
  readonly why: string;
  readonly actions: readonly SandboxAction[];
};

export type SandboxAction = {
  readonly kind: string;
  readonly target: string;
  readonly outcome: string;
  readonly attempts: readonly { readonly at: string; readonly ok: boolean; readonly detail: string }[];
  readonly requestId?: string;
  readonly reply?: string;
};

export type SandboxRefusal = {
  readonly at: string;
  readonly from: string;
  readonly recipient: string;
  readonly why: string;
};

export type SandboxLogLine = {
  readonly functionName: string;
  readonly at: string;
  readonly requestId?: string;
  readonly source: string;
  readonly text: string;
};

export type SandboxLogPage = { readonly lines: readonly SandboxLogLine[]; readonly next: number };

/** What became of a mail at the door. */
export type SandboxDelivery = {
  readonly mails: readonly { readonly id: string; readonly account: string; readonly region: string }[];
  readonly refused: readonly { readonly recipient: string; readonly why: string }[];
};

export type OutgoingMail = {
  readonly from: string;
  readonly to: readonly string[];
  readonly tls: boolean;
  readonly message: Uint8Array;
};

/** Talks to one sandbox. Ends the command when there is none, and says so. */
export type SandboxClient = {
  readonly send: (mail: OutgoingMail) => Promise<SandboxDelivery>;
  /** @param id the whole id of a mail */
  readonly replay: (id: string) => Promise<SandboxDelivery>;
  /** Puts the clock forward. Returns the time it is then. */
  readonly advance: (seconds: number) => Promise<{ readonly now: string }>;
  readonly mails: () => Promise<{
    readonly mails: readonly SandboxMail[];
    readonly refusals: readonly SandboxRefusal[];
  }>;
  /** What functions wrote: all of it, of one function, of one invocation, or what came after an earlier page. */
  readonly logs: (wanted: {
    readonly functionName?: string | undefined;
    readonly requestId?: string;
    readonly after?: number;
  }) => Promise<SandboxLogPage>;
};

/** A mail of 40 MB that several functions answer takes seconds. */
const ANSWER_WITHIN_MS = 60_000;

export function sandboxClient(endpointUrl: string, io: Pick<CliIo, 'err' | 'signal'>): SandboxClient {
  const ask = async <Page>(path: string, request: RequestInit = {}): Promise<Page> => {
    const url = `${endpointUrl.replace(/\/$/, '')}/_sandbox/${path}`;
    const signal = AbortSignal.any([io.signal, AbortSignal.timeout(ANSWER_WITHIN_MS)]);
    const response = await fetch(url, { ...request, signal }).catch(() => {
      if (io.signal.aborted) throw new Interrupted('interrupted');
      throw refused(`Cannot reach a sandbox at ${endpointUrl}: start it, or name another --endpoint-url.`, io);
    });
    const text = await response.text();
    const page = parsed(text);
    if (response.ok && page !== undefined) return page as Page;
    const said = (page as { readonly message?: unknown } | undefined)?.message;
    if (request.method === 'POST' && typeof said === 'string') throw refused(said, io);
    throw refused(`${endpointUrl} answers ${response.status} to ${path}: is it a sandbox of this version?`, io);
  };
  return {
    send: ({ from, to, tls, message }) => {
      const query = new URLSearchParams({ from, tls: String(tls) });
      for (const recipient of to) query.append('to', recipient);
      return ask(`mails?${query.toString()}`, { method: 'POST', body: Buffer.from(message) });
    },
    replay: (id) => ask(`mails/${encodeURIComponent(id)}/replay`, { method: 'POST' }),
    advance: (advanceSeconds) => ask('clock', { method: 'POST', body: JSON.stringify({ advanceSeconds }) }),
    mails: () => ask('mails'),
    logs: ({ functionName, requestId, after = 0 }) => {
      const query = new URLSearchParams({ after: String(after), ...(requestId === undefined ? {} : { requestId }) });
      const path = functionName === undefined ? 'logs' : `logs/${encodeURIComponent(functionName)}`;
      return ask(`${path}?${query.toString()}`);
    },
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
