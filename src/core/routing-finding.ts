import type { ConditionReason } from './reasons.ts';

/** Something about the way of mail to a pipeline. */
export type RoutingFinding = {
  readonly kind: RoutingFindingKind;
  /** What it is about. */
  readonly domain?: string;
  readonly rule?: string;
  /** What is so and what to do about it; names domains and rules, never an address. */
  readonly message: string;
};

export type RoutingFindingKind = keyof typeof FINDINGS;

/** In order of weight. With a reason: mail that somebody expects does not arrive. Without: it may be meant so. */
const FINDINGS = {
  setNotActive: { reason: 'NotActive' },
  noVerifiedDomain: { reason: 'IdentityNotVerified' },
  identityNotVerified: { reason: 'IdentityNotVerified' },
  mxMissing: { reason: 'MxElsewhere' },
  mxElsewhere: { reason: 'MxElsewhere' },
  stoppedByOther: { reason: 'StoppedBefore' },
  unreachable: { reason: 'StoppedBefore' },
  mxShared: {},
  subdomainsNotVerified: {},
  mayBeStopped: {},
  doubled: {},
} as const satisfies Readonly<Record<string, { readonly reason?: ConditionReason }>>;

/** Why `MailRouted` is false because of it; undefined: it is worth knowing, no more. */
export function hindranceReason({ kind }: Pick<RoutingFinding, 'kind'>): ConditionReason | undefined {
  const weight: { readonly reason?: ConditionReason } = FINDINGS[kind];
  return weight.reason;
}

const KINDS = Object.keys(FINDINGS);

/** The same for any order in which they were found: by weight, then by what they are about. */
export function byWeight(a: RoutingFinding, b: RoutingFinding): number {
  const about = ({ domain, rule }: RoutingFinding): string => domain ?? rule ?? '';
  return KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind) || compare(about(a), about(b)) || compare(a.message, b.message);
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
