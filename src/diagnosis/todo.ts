import { FAULT_REASONS, STATE_REASONS, type ConditionReason, type ReasonText } from '../core/reasons.ts';
import type { Finding, Outcome } from './finding.ts';

/** The next step that the page of reasons names, where something is wrong. */
export function todoOf(reason: string, outcome: Outcome): Pick<Finding, 'todo'> {
  if (outcome === 'ok') return {};
  const todo = textOf(reason)?.todo;
  return todo === undefined || todo === '' ? {} : { todo: todo.replace(/\.$/, '') };
}

function textOf(reason: string): ReasonText | undefined {
  const texts: Readonly<Record<string, ReasonText>> = { ...STATE_REASONS, ...FAULT_REASONS } satisfies Readonly<
    Record<ConditionReason, ReasonText>
  >;
  return Object.hasOwn(texts, reason) ? texts[reason] : undefined;
}
