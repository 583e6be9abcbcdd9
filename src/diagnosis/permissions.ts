import type { Fault } from '../core/fault.ts';
import type { Simulated } from '../core/probes.ts';
import type { Answer } from './answer.ts';
import { failure, notKnown } from './fault-finding.ts';
import type { Finding } from './finding.ts';
import { someOf } from './words.ts';

/** How it was found out what the credentials may do. */
export type PermissionFacts =
  /** IAM was asked; of each action whether every pipeline needs it. */
  | { readonly kind: 'simulated'; readonly principal: string; readonly results: readonly SimulatedNeed[] }
  /** It was to be asked about a role, and could not. */
  | { readonly kind: 'unasked'; readonly fault: Fault }
  /** IAM may not be asked about the credentials in use: some reads were tried. */
  | { readonly kind: 'tried'; readonly because: string; readonly reads: readonly Answer<unknown>[] };

type SimulatedNeed = Simulated & { readonly always: boolean };
type PermissionFinding = Finding<'permissions'>;

const check = 'permissions';

/** What is missing, who withholds it and where it has to be allowed. */
export function judgePermissions(facts: PermissionFacts): readonly PermissionFinding[] {
  switch (facts.kind) {
    case 'simulated':
      return [judgeSimulated(facts.principal, facts.results)];
    case 'unasked':
      return [judgeUnasked(facts.fault)];
    case 'tried':
      return judgeTried(facts.because, facts.reads);
  }
}

/** Somebody named the role, so that it is not there is a failure of its own; that IAM may not be asked is none. */
const judgeUnasked = (fault: Fault): PermissionFinding =>
  fault.reason === 'DependencyNotReady'
    ? { check, outcome: 'fail', message: fault.message.replace(/\.$/, ''), todo: 'Correct --check-role' }
    : notKnown(check, fault);

function judgeTried(because: string, reads: readonly Answer<unknown>[]): readonly PermissionFinding[] {
  const refused = reads.flatMap((read) => (read.ok ? [] : [read.fault]));
  if (refused.length > 0) return refused.map((fault) => failure(check, fault));
  return [
    {
      check,
      outcome: 'unknown',
      message: `What was read may be read; what may be written is not known, since IAM cannot be asked (${because.replace(/\.$/, '')})`,
      todo: 'To have every permission checked, allow iam:SimulatePrincipalPolicy, or name a role with --check-role',
    },
  ];
}

const TOLD = 5;

function judgeSimulated(principal: string, results: readonly SimulatedNeed[]): PermissionFinding {
  const missing = results.filter(({ decision }) => decision !== 'allowed');
  if (missing.length === 0)
    return { check, outcome: 'ok', message: `${principal} may make all calls that a pipeline needs` };
  const needed = missing.filter(({ always }) => always);
  const told = needed.length > 0 ? needed : missing;
  const denied = told.filter(({ decision }) => decision === 'forbidden');
  const bounded = told.filter(({ limits }) => limits.includes('boundary'));
  const outside = told.filter(({ limits }) => limits.includes('organization'));
  const why = [
    needed.length === 0 ? ', which only some pipelines need' : '',
    clause(denied, (actions) => `; a policy explicitly denies ${actions}`),
    clause(bounded, (actions) => `; its permissions boundary does not let ${actions} through`),
    clause(outside, (actions) => `; the organization does not let ${actions} through`),
  ];
  const where = [
    `the policy of ${principal}`,
    ...(bounded.length > 0 ? ['its permissions boundary'] : []),
    ...(outside.length > 0 ? ['the service control policies of the organization'] : []),
  ];
  return {
    check,
    outcome: needed.length > 0 ? 'fail' : 'warn',
    message: `${principal} may not ${actionsOf(told)}${why.join('')}`,
    todo:
      `Allow ${new Set(told.map(({ action }) => action)).size === 1 ? 'it' : 'them'} in ${where.join(' and in ')}` +
      clause(denied, () => ', and take the Deny out'),
  };
}

const actionsOf = (results: readonly Simulated[]): string =>
  someOf([...new Set(results.map(({ action }) => action))], TOLD);

const clause = (results: readonly Simulated[], say: (actions: string) => string): string =>
  results.length === 0 ? '' : say(actionsOf(results));
