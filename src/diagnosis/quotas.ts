import type { ObservedRuleSet } from '../core/observed.ts';
import type { FunctionUse, RoleUse } from '../core/probes.ts';
import type { Answer } from './answer.ts';
import { notKnown } from './fault-finding.ts';
import type { Finding } from './finding.ts';
import { bytes, counted } from './words.ts';

/** What is used of what an account may have in a region; of IAM and S3, everywhere. */
export type QuotaFacts = {
  readonly ruleSets: Answer<readonly string[]>;
  /** Those that pipelines name, and the active one. */
  readonly sets: readonly ObservedRuleSet[];
  readonly buckets: Answer<number>;
  readonly functions: Answer<FunctionUse>;
  readonly roles: Answer<RoleUse>;
  readonly pipelines: readonly { readonly key: string; readonly role: RoleSize | undefined }[];
};

/** How much a role of ours carries. */
export type RoleSize = { readonly attachedPolicies: number; readonly inlineCharacters: number };

type QuotaFinding = Finding<'quota'>;

/** Quotas that AWS cannot raise, and the one of buckets. @see https://docs.aws.amazon.com/ses/latest/dg/quotas.html */
const MOST = { rules: 200, ruleSets: 40, buckets: 10_000 } as const;
const NEARLY = 0.9;
/** What nobody may reserve. @see https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html */
const LEAST_UNRESERVED = 100;

const ASK_FOR_MORE = 'Ask AWS for more in Service Quotas, or delete what nobody needs';

/** What is left of each quota that pipelines use up; of what nobody may look at, that. */
export function judgeQuotas(facts: QuotaFacts): readonly QuotaFinding[] {
  const { sets, ruleSets, buckets, functions, roles } = facts;
  return [
    ...sets.map(({ name, rules }) =>
      used(`rules of set ${name}`, rules.length, MOST.rules, 'Join rules, or use another account or region'),
    ),
    ...known(ruleSets, ({ length }) => [used('rule sets', length, MOST.ruleSets, 'Delete sets that nobody needs')]),
    ...known(buckets, (count) => [used('buckets', count, MOST.buckets, ASK_FOR_MORE)]),
    ...known(functions, (use) => [judgeCode(use), judgeConcurrency(use)]),
    ...known(roles, (use) => [
      ...(use.roles === undefined || use.mostRoles === undefined
        ? []
        : [used('roles', use.roles, use.mostRoles, ASK_FOR_MORE)]),
      ...facts.pipelines.flatMap(({ key, role }) => (role === undefined ? [] : judgeRole(key, role, use))),
    ]),
  ];
}

const known = <T>(answer: Answer<T>, judge: (value: T) => readonly QuotaFinding[]): readonly QuotaFinding[] =>
  answer.ok ? judge(answer.value) : [notKnown('quota', answer.fault)];

/** Of functions Lambda has no quota, only of their code. */
const judgeCode = ({ functions, codeBytes, mostCodeBytes }: FunctionUse): QuotaFinding =>
  judge(
    `${bytes(codeBytes)} of ${bytes(mostCodeBytes)} of code, in ${counted(functions, 'function with its versions', 'functions with their versions')}`,
    codeBytes / mostCodeBytes,
    'Delete functions and versions that nobody needs, or ask AWS for more in Service Quotas',
  );

/** Whoever reserves takes it from all others: little being left is no failure, and still slows every function down. */
function judgeConcurrency({ concurrency, unreserved }: FunctionUse): QuotaFinding {
  const check = 'quota';
  const message = `${unreserved} of ${counted(concurrency, 'concurrent execution')} are left to functions that reserve none`;
  if (unreserved > LEAST_UNRESERVED) return { check, outcome: 'ok', message };
  return {
    check,
    outcome: 'warn',
    message: `Nothing can be reserved for a function: ${message}`,
    todo: 'Ask AWS for more in Service Quotas, or take reservedConcurrency from functions that can do without',
  };
}

/** Said only where a manifest asks for more than a role may carry. */
const judgeRole = (key: string, role: RoleSize, use: RoleUse): readonly QuotaFinding[] => [
  ...beyond(
    key,
    'managed policies on its role',
    [role.attachedPolicies, use.mostAttachedPolicies],
    'Name fewer as role.managedPolicyArns, or ask AWS for more in Service Quotas',
  ),
  ...beyond(
    key,
    'characters of policy in its role',
    [role.inlineCharacters, use.mostInlineCharacters],
    'Say it with fewer role.privileges, or in a managed policy: AWS does not raise this quota',
  ),
];

function beyond(
  about: string,
  what: string,
  [count, most = Infinity]: readonly [number, number | undefined],
  todo: string,
): readonly QuotaFinding[] {
  if (count <= most) return [];
  return [
    { check: 'quota', about, outcome: 'fail', message: `${count} ${what} are more than the ${most} of IAM`, todo },
  ];
}

const used = (what: string, count: number, most: number, todo: string): QuotaFinding =>
  judge(`${count} of ${most} ${what}`, count / most, todo);

function judge(message: string, share: number, todo: string): QuotaFinding {
  const check = 'quota';
  if (share >= 1) return { check, outcome: 'fail', message: `The quota is used up: ${message}`, todo };
  if (share >= NEARLY) return { check, outcome: 'warn', message: `Little is left of a quota: ${message}`, todo };
  return { check, outcome: 'ok', message };
}
