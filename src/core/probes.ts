import type { Fault } from './fault.ts';

/** Who the credentials in use belong to. */
export type Caller = { readonly account: string; readonly partition: string; readonly arn: string };

/** Whether a principal may do something, as IAM reckons it without doing it. */
export type Simulated = {
  readonly action: string;
  readonly decision: 'allowed' | 'denied' | 'forbidden';
  /** What does not let it through, whatever the policies of the principal say. */
  readonly limits: readonly ('boundary' | 'organization')[];
};

/** Actions that are judged together, since they are about the same things. */
export type Question = {
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  /** Condition keys and what they are in such a call. */
  readonly context: Readonly<Record<string, string>>;
};

/** What Lambda has of an account in a region, and how much there may be. */
export type FunctionUse = {
  readonly functions: number;
  /** Zips of all functions and their versions, and layers. */
  readonly codeBytes: number;
  readonly mostCodeBytes: number;
  /** How many invocations may run at once, and how many of these no function has reserved. */
  readonly concurrency: number;
  readonly unreserved: number;
};

/** What IAM has of an account, and how much there may be; undefined where IAM does not say. */
export type RoleUse = {
  readonly roles: number | undefined;
  readonly mostRoles: number | undefined;
  readonly mostAttachedPolicies: number | undefined;
  /** Of all inline policies of a role together. */
  readonly mostInlineCharacters: number | undefined;
};

/**
 * Reads that only a person who looks for the cause of something asks for: no plan needs them. Each is one AWS call (or
 * one paged listing) and throws {@link PipelineError}, unless it says otherwise.
 */
export type Probes = {
  /** Never throws. The time is that of AWS's answer, which comes with a refusal too; undefined: nobody answered. */
  readonly signIn: () => Promise<{ readonly caller: Caller | Fault; readonly awsTimeMs: number | undefined }>;
  /** Names of all rule sets of the region. */
  readonly ruleSets: () => Promise<readonly string[]>;
  /** How many buckets the account has. */
  readonly buckets: () => Promise<number>;
  readonly functionUse: () => Promise<FunctionUse>;
  readonly roleUse: () => Promise<RoleUse>;
  /**
   * What IAM says the principal may do. Denied: nothing allows it; forbidden: something denies it.
   *
   * @param principalArn a user or a role; a session of a role is none
   */
  readonly simulate: (principalArn: string, question: Question) => Promise<readonly Simulated[]>;
  /** Whether DNS knows the host to which mail for this region is sent. Never throws. */
  readonly receivingHost: () => Promise<'there' | 'absent' | 'unanswered' | 'not-asked'>;
};

export const isFault = (value: object): value is Fault => 'class' in value && 'reason' in value;
