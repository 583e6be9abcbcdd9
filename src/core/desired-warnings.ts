import { settingsWarnings } from './desired-settings.ts';
import { isStoredByHead } from './desired-rules.ts';
import { warnOfTag } from './image-uri.ts';
import type { ManifestSpec } from './manifest.ts';
import { recipientsOverlap, union } from './recipients.ts';

/** IAM has no such actions: the first is granted by s3:GetObject, the second by s3:ListBucket. */
const NOT_IAM_ACTIONS: Readonly<Record<string, string>> = {
  's3:HeadObject': 's3:GetObject',
  's3:HeadBucket': 's3:ListBucket',
};

/** What is allowed but worth a second look, one sentence each. */
export function warningsOf(spec: ManifestSpec): string[] {
  const warnings: string[] = [...settingsWarnings(spec), ...warnOfTag(spec)];
  for (const [index, rule] of spec.receiptRules.entries())
    if (rule.recipients.length === 0 && rule.enabled)
      warnings.push(
        `spec.receiptRules[${index}].recipients: rule "${rule.name}" has no recipients, so it applies to every recipient of every verified domain of the account`,
      );
  for (const [index, privilege] of spec.role.privileges.entries())
    for (const action of privilege.actions)
      if (NOT_IAM_ACTIONS[action] !== undefined)
        warnings.push(
          `spec.role.privileges[${index}].actions: IAM knows no action ${action}; the call is allowed by ${NOT_IAM_ACTIONS[action]}`,
        );
  if (spec.messageBodyStorage.placement === 'HeadRule') {
    const stored = spec.receiptRules
      .filter((rule) => isStoredByHead(rule, spec))
      .map((rule): readonly string[] => rule.recipients);
    const recipients = stored.length === 0 ? undefined : stored.reduce(union);
    for (const [index, rule] of spec.receiptRules.entries())
      if (
        recipients !== undefined &&
        rule.enabled &&
        rule.storage !== undefined &&
        recipientsOverlap(recipients, rule.recipients)
      )
        warnings.push(
          `spec.receiptRules[${index}].storage: the storage rule at the head also stores mail for "${rule.name}"; use messageBodyStorage.placement: PerRule to keep rules apart`,
        );
  }
  return warnings;
}
