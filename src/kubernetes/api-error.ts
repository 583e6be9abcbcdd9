import { PipelineError, type Fault } from '../core/fault.ts';

/** How the API server says no. @see https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/ */
export type ApiStatus = {
  readonly code?: number;
  readonly reason?: string;
  readonly message?: string;
  readonly details?: {
    readonly retryAfterSeconds?: number;
    readonly causes?: readonly { readonly reason?: string; readonly message?: string }[];
  };
};

/** How a call went wrong, before anybody has judged it. */
export type CallFailure = { readonly status?: number; readonly retryAfterMs?: number };

/** An error of the API server or of the way to it. */
export class KubernetesError extends PipelineError {
  /** HTTP status, or the code of the Status object; undefined when there was no answer. */
  readonly status: number | undefined;
  /** How long the server asks us to wait. */
  readonly retryAfterMs: number | undefined;

  constructor(fault: Fault, failure: CallFailure = {}, options?: ErrorOptions) {
    super(fault, options);
    this.status = failure.status;
    this.retryAfterMs = failure.retryAfterMs;
  }
}

export type FailedCall = {
  /** `kubernetes:patch`. */
  readonly operation: string;
  /** `the Lease mail/leader`. */
  readonly about: string;
};

type Verdict = Pick<Fault, 'class' | 'reason' | 'message'>;

/** What a refusal of the API server means here. `code` is the HTTP status, for what has no Status object. */
export function refusedCall(call: FailedCall, code: number, body: ApiStatus, retryAfterMs?: number): KubernetesError {
  const { class: faultClass, reason, message } = judge(call, code, body);
  const hintSeconds = body.details?.retryAfterSeconds;
  const waitMs = retryAfterMs ?? (hintSeconds === undefined ? undefined : hintSeconds * 1_000);
  return new KubernetesError(
    { class: faultClass, reason, code: body.reason ?? `Http${code}`, operation: call.operation, message },
    { status: code, ...(waitMs !== undefined && { retryAfterMs: waitMs }) },
  );
}

/** No answer, a broken one, or none in time. */
export function failedCall(call: FailedCall, error: unknown): PipelineError {
  if (error instanceof PipelineError) return error;
  const { code, message } = error as { readonly code?: unknown; readonly message?: unknown };
  const fault: Fault = {
    class: 'transient',
    reason: 'KubernetesUnavailable',
    ...(typeof code === 'string' && { code }),
    operation: call.operation,
    message: `The Kubernetes API server did not answer about ${call.about} (${String(message ?? error)}). It is asked again.`,
  };
  return new KubernetesError(fault, {}, { cause: error });
}

function judge({ about, operation }: FailedCall, code: number, status: ApiStatus): Verdict {
  const said = status.message === undefined ? '' : `: ${status.message.replace(/\.$/, '')}`;
  if (code === 409 || code === 410 || isFailedTest(code, status)) {
    const message = `${about} has changed meanwhile${said}. It is read again.`;
    return { class: 'stale', reason: 'ChangedMeanwhile', message: upperFirst(message) };
  }
  if (code === 401) {
    const message = `The Kubernetes API server does not accept our credentials (${operation} of ${about}). Check the service account or kubeconfig.`;
    return { class: 'denied', reason: 'CredentialsMissing', message };
  }
  if (code === 403) {
    const message = `The Kubernetes API server denies ${operation} of ${about}${said}. Grant it in the controller's Role.`;
    return { class: 'denied', reason: 'AccessDenied', message };
  }
  if (code === 404 && operation === 'kubernetes:create') {
    const message = `${upperFirst(about)} cannot be created${said}. Create its namespace, or install the CRDs if the kind is missing.`;
    return { class: 'dependency', reason: 'DependencyNotReady', message };
  }
  if (code === 404) {
    const message = `${upperFirst(about)} does not exist${said}. Create it, or install the CRDs if the kind is missing.`;
    return { class: 'dependency', reason: 'DependencyNotReady', message };
  }
  if (code === 429) {
    return {
      class: 'throttled',
      reason: 'Throttled',
      message: `The Kubernetes API server limits the rate of ${operation}.`,
    };
  }
  if (code >= 500 || code < 400) {
    const message = `The Kubernetes API server failed at ${operation} of ${about} (HTTP ${code})${said}.`;
    return { class: 'transient', reason: 'KubernetesUnavailable', message };
  }
  const message = `The Kubernetes API server refuses ${operation} of ${about} (HTTP ${code})${said}. Please report it.`;
  return { class: 'bug', reason: 'InternalError', message };
}

/**
 * A JSON patch whose `test` fails, or whose path is gone, is answered with 422 and the patch library's words as the only
 * cause; a validation error names fields instead.
 */
function isFailedTest(code: number, { message = '', details }: ApiStatus): boolean {
  if (code !== 422) return false;
  const words = [message, ...(details?.causes ?? []).map((cause) => cause.message ?? '')].join(' ');
  return /test failed|testing (?:value|path) |missing (?:path|value)/i.test(words);
}

function upperFirst(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
