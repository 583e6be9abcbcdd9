import { FAULT_REASONS } from '../core/reasons.ts';
import type { ConditionType } from '../core/status.ts';
import { STAGES } from './condition-order.ts';
import { failure, findingOf } from './fault-finding.ts';
import type { Finding } from './finding.ts';
import { judgeRouting } from './judge-routing.ts';
import { nextStep } from './next-step.ts';
import type { AnyCondition, TraceFacts } from './trace-facts.ts';
import { counted } from './words.ts';

export type ConditionCheck = ConditionType | 'Drifted' | 'differs';
type ConditionFinding = Finding<ConditionCheck>;

/** What a pipeline's conditions say is wrong: those that the controller has written, and those that AWS shows now. */
export function judgeConditions(facts: TraceFacts): readonly ConditionFinding[] {
  const stored = facts.resource?.conditions ?? [];
  const chosen = STAGES.flatMap((type) => chooseCondition(type, facts));
  const told = chosen.filter(({ condition }) => !isToDo(condition)).flatMap((each) => tellCondition(each, facts));
  const unread = problemsOf(facts);
  const drift = stored.flatMap((condition) =>
    condition.type === 'Drifted' && condition.status === 'True' ? [findingOf('Drifted', 'warn', condition)] : [],
  );
  const found = onceEach([...told, ...unread, ...drift]);
  const ready = judgeReady(stored, found);
  // Why it is held up says more than what is held up.
  const held = [...found, ...ready].some(({ reason, outcome }) => outcome === 'fail' && isFaultReason(reason));
  return [...found, ...ready, ...(held ? [] : judgeToDo(chosen, facts))];
}

/** That a set is not active says why no mail comes: one of the two is enough. */
const onceEach = (findings: readonly ConditionFinding[]): readonly ConditionFinding[] => {
  const isSet = ({ check }: ConditionFinding): boolean => check === 'RuleSetActive';
  const isMail = ({ check, reason }: ConditionFinding): boolean => check === 'MailRouted' && reason === 'NotActive';
  const better = findings.find((finding) => isSet(finding) && finding.outcome === 'fail') ?? findings.find(isMail);
  return better === undefined
    ? findings
    : findings.filter((finding) => finding === better || !(isSet(finding) || isMail(finding)));
};

type Chosen = {
  readonly condition: AnyCondition;
  /** The controller has seen it so, and AWS is in order by now. */
  readonly isOver: boolean;
};

/** What AWS shows now counts; only why it could not be put right the controller alone knows. */
function chooseCondition(type: ConditionType, facts: TraceFacts): readonly Chosen[] {
  const stored = facts.resource?.conditions.find((condition) => condition.type === type);
  const now = live(type, facts);
  const bad = (condition: AnyCondition | undefined): readonly Chosen[] =>
    condition === undefined || condition.status === 'True' ? [] : [{ condition, isOver: false }];
  if (now === undefined) return bad(stored);
  if (now.status === 'True') {
    const seen = bad(stored).filter(({ condition }) => !facts.suspended && !isToDo(condition));
    return seen.map((each) => ({ ...each, isOver: true }));
  }
  return isToDo(now) && stored !== undefined && isFaultReason(stored.reason) ? bad(stored) : bad(now);
}

const live = (type: ConditionType, facts: TraceFacts): AnyCondition | undefined =>
  statusOf(facts)?.conditions.find((condition) => condition.type === type);

const statusOf = ({ aws }: TraceFacts) => (aws?.ok === true ? aws.value.status : undefined);

const isFaultReason = (reason: string | undefined): boolean =>
  reason !== undefined && Object.hasOwn(FAULT_REASONS, reason);

/** It differs, and that is all that is known. */
const isToDo = ({ reason }: AnyCondition): boolean => reason === 'OutOfSync' || reason === 'NotCreated';

function tellCondition({ condition, isOver }: Chosen, facts: TraceFacts): readonly ConditionFinding[] {
  const type = condition.type as ConditionType;
  if (isOver)
    return [
      {
        ...findingOf(type, 'warn', {
          ...condition,
          message: `${condition.message.replace(/\.$/, '')} (so the controller has seen it; AWS is in order now)`,
        }),
        todo: `Ask for another look: ${nextStep('reconcile', facts)}`,
      },
    ];
  if (type === 'MailRouted' && condition === live(type, facts) && facts.aws?.ok === true && facts.aws.value.routing)
    return judgeRouting(facts.aws.value.routing);
  const isMeant = type === 'RuleSetActive' && condition.reason === 'NotActive';
  return [findingOf(type, condition.status === 'Unknown' ? 'unknown' : isMeant ? 'warn' : 'fail', condition)];
}

/** Where AWS could not even be looked at for the pipeline. */
function problemsOf(facts: TraceFacts): readonly ConditionFinding[] {
  if (facts.aws?.ok !== true || statusOf(facts) !== undefined) return [];
  return facts.aws.value.problems.map(({ fault }) => failure('Ready', fault));
}

/** However many parts differ, it is one thing that has to be done. */
function judgeToDo(chosen: readonly Chosen[], facts: TraceFacts): readonly ConditionFinding[] {
  const parts = chosen.filter(({ condition }) => isToDo(condition)).map(({ condition }) => condition);
  const [part] = parts;
  if (part === undefined) return [];
  const [first, ...more] = facts.aws?.ok === true ? facts.aws.value.todo : [];
  const rest = more.length === 0 ? '' : ` and ${counted(more.length, 'more step')}`;
  return [
    {
      check: 'differs',
      outcome: facts.suspended ? 'warn' : 'fail',
      message: `AWS is not as the manifest says (${parts.map(({ type }) => type).join(', ')}); what is to be done: ${first?.what ?? part.message}${rest}`,
      todo: whoPutsItRight(facts),
    },
  ];
}

function whoPutsItRight(facts: TraceFacts): string {
  const { resource, suspended, program } = facts;
  if (resource === undefined) return `Bring AWS in line: ${program} apply, with the same -f`;
  if (suspended) return `Nothing is written while it is suspended: ${nextStep('resume', facts)}`;
  return `A controller at work puts it right at its next look; ask for it now: ${nextStep('reconcile', facts)}`;
}

/** The summary, where it says something that no part does. */
function judgeReady(stored: readonly AnyCondition[], found: readonly ConditionFinding[]): readonly ConditionFinding[] {
  const ready = stored.find(({ type }) => type === 'Ready');
  if (ready === undefined || ready.status === 'True' || ready.reason === 'Suspended') return [];
  if (found.some(({ reason }) => reason === ready.reason)) return [];
  if (isToDo(ready)) return [];
  if (ready.reason === 'Progressing' || ready.reason === 'Deleting')
    return [{ ...findingOf('Ready', 'warn', ready), todo: 'Wait: work is under way' }];
  return [findingOf('Ready', 'fail', ready)];
}
