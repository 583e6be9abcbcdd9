import { mailRoutedCondition, type MailRouting } from '../core/mail-routing.ts';
import { hindranceReason } from '../core/routing-finding.ts';
import { findingOf } from './fault-finding.ts';
import type { Finding } from './finding.ts';
import { counted } from './words.ts';

const TOLD = 4;

/** Whether mail for a pipeline would arrive: each thing that keeps it away by itself, or one that says how it is. */
export function judgeRouting(routing: MailRouting): readonly Finding<'MailRouted'>[] {
  const hindering = routing.findings.flatMap((finding) => {
    const reason = hindranceReason(finding);
    return reason === undefined ? [] : [findingOf('MailRouted', 'fail', { reason, message: finding.message })];
  });
  const more = hindering.length - TOLD;
  const [first] = hindering;
  if (first !== undefined)
    return more <= 0
      ? hindering
      : [
          ...hindering.slice(0, TOLD),
          {
            ...first,
            message: `${counted(more, 'more thing')} of this kind; explain --to ADDRESS walks the way of one mail`,
          },
        ];
  const condition = mailRoutedCondition(routing);
  return [findingOf('MailRouted', condition.status === 'True' ? 'ok' : 'unknown', condition)];
}
