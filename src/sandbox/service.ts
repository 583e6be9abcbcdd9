import type { Need } from './call-needs.ts';

/** Who makes a call. `root` is a static access key: the account itself. A `role` comes from a session the sandbox issued. */
export type Principal =
  | { readonly kind: 'root'; readonly account: string }
  | {
      readonly kind: 'role';
      readonly account: string;
      readonly roleArn: string;
      readonly sessionName: string;
      /** Set with AssumeRole; policies see them as `aws:PrincipalTag/<key>`. */
      readonly sessionTags?: Readonly<Record<string, string>>;
    }
  | {
      /** An AWS service acting for a resource, such as SES for a receipt rule. */
      readonly kind: 'service';
      readonly service: string;
      readonly sourceAccount: string;
      readonly sourceArn: string;
    };

/** Whose resources a call is about: the account of the access key, and the region it was signed for. */
export type Home = { readonly account: string; readonly region: string };

export function homeOf({ principal, region }: Pick<Call, 'principal' | 'region'>): Home {
  return { account: principal.kind === 'service' ? principal.sourceAccount : principal.account, region };
}

/** One HTTP request as a service sees it: signature already read, body complete. */
export type Call = {
  readonly method: string;
  /** Percent-encoded, without query string. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly region: string;
  readonly principal: Principal;
  readonly requestId: string;
};

export type Reply = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
};

/**
 * One embedded AWS service behind the shared port. `signingName` is what clients sign with.
 *
 * The server asks `operationOf` first, so that faults and the call journal sit in one place; `refuse` is how the server
 * answers for the service (an injected fault, an unexpected exception). `queryService` and `restJsonService` build all
 * three from a table of operations; both turn a thrown `AwsError` into the reply of the protocol.
 */
export type Service = {
  readonly signingName: 's3' | 'iam' | 'sts' | 'lambda' | 'ses' | 'logs';
  /** What it can do, by the names of `operationOf`. */
  readonly operations: readonly string[];
  /** Stable name such as `ses:CreateReceiptRule`; an operation the sandbox lacks is named as the client named it. */
  readonly operationOf: (call: Call) => string;
  /** An error in the service's own protocol. */
  readonly refuse: (call: Call, error: AwsErrorShape) => Reply;
  readonly handle: (call: Call) => Promise<Reply>;
};

/** An error as AWS words it. `Sender` is blamed below status 500. `members` are extra ones such as `Name` or `Bucket`. */
export type AwsErrorShape = {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly members?: Readonly<Record<string, string>>;
};

/** Time as the sandbox knows it; tests pass their own. */
export type Clock = {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Resolves after `ms`, at once when `signal` is aborted. */
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
};

/** Random source: hex digits for ids, injected so that a run can be repeated. */
export type Ids = { readonly hex: (digits: number) => string };

/** What every service gets. */
export type SandboxContext = {
  /** Of every access key that does not name another one. */
  readonly account: string;
  readonly partition: string;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly faults: Faults;
};

/**
 * Switchable trouble. `before` runs ahead of the effect and may answer instead of it; `after` runs once the effect is
 * there and may swallow the answer (`drop` closes the connection: the caller cannot know).
 */
export type Faults = {
  readonly before: (operation: string, call: Call) => Promise<FaultOutcome | undefined>;
  readonly after: (operation: string, call: Call, answered: Reply) => Promise<FaultOutcome | undefined>;
  /** Milliseconds until a change is visible to other services. */
  readonly propagationMs: (kind: PropagatingKind) => number;
  /** True when CreateReceiptRule should append instead of going to the head, as some emulators do. */
  readonly createsAppend: () => boolean;
  /** SES calls a second before `Throttling`, undefined = no throttle. */
  readonly sesCallsPerSecond: () => number | undefined;
  /** Called by the server for every answered or dropped call. */
  readonly record: (call: CallRecord) => void;
};

/** What other services see only later: a role with its trust, the policies of roles and buckets, permissions of functions. */
export type PropagatingKind = 'role' | 'policy' | 'permission';

/** One line of the call journal. `status` is undefined when the connection was dropped. */
export type CallRecord = {
  readonly operation: string;
  readonly region: string;
  readonly principal: Principal;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly status: number | undefined;
};

export type FaultOutcome =
  /** An answer given before, in place of a fresh one. */
  | { readonly kind: 'reply'; readonly reply: Reply }
  | { readonly kind: 'error'; readonly status: number; readonly code: string; readonly message: string }
  | { readonly kind: 'drop' };

/** What other services may ask of S3. */
export type S3Door = {
  readonly bucketExists: (bucket: string) => boolean;
  /** Bucket policy decides; `deny` says which statement was missing or denied. */
  readonly putAs: (
    principal: Principal,
    bucket: string,
    key: string,
    body: Uint8Array,
  ) =>
    | { readonly ok: true }
    | { readonly ok: false; readonly reason: 'NoSuchBucket' | 'AccessDenied'; readonly why: string };
};

/** What other services may ask of IAM. */
export type IamDoor = {
  readonly roleExists: (roleArn: string) => boolean;
  /** Trust policy decides, once it has propagated. */
  readonly assumableBy: (roleArn: string, service: string) => boolean;
  /** Whether the role's policies allow the action on the resource, as far as they have propagated. */
  readonly allows: (roleArn: string, action: string, resource: string) => boolean;
  /** Whether the policies of a caller let it do what a service does in its name; an account itself may. */
  readonly mayCall: (principal: Principal, need: Need) => boolean;
  /** Temporary credentials whose calls are judged by the role's policies. */
  readonly issueSession: (
    roleArn: string,
    sessionName: string,
  ) => { readonly accessKeyId: string; readonly secretAccessKey: string; readonly sessionToken: string };
};

/** What other services may ask of Lambda. */
export type LambdaDoor = {
  readonly functionExists: (functionArn: string) => boolean;
  /** Resource policy decides, once it has propagated. */
  readonly invokableBy: (principal: Principal, functionArn: string) => boolean;
  /** `Event` resolves when queued; `RequestResponse` when the handler has answered. */
  readonly invoke: (
    functionArn: string,
    payload: unknown,
    invocationType: 'Event' | 'RequestResponse',
  ) => Promise<{ readonly requestId: string; readonly payload: string; readonly functionError?: string }>;
};
