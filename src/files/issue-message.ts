import type { ManifestIssue } from '../core/manifest-issue.ts';
import { suggestField } from './field-names.ts';

/** What is wrong at one place of a manifest, as a person reads it; for a misspelt field with what was likely meant. */
export function issueMessage({ path, message, unknownField }: ManifestIssue): string {
  if (unknownField === undefined) return message;
  const suggestion = suggestField(path.slice(0, -1), unknownField);
  return suggestion === undefined
    ? `${message} ${JSON.stringify(unknownField)}`
    : `${message} ${JSON.stringify(unknownField)}; did you mean ${JSON.stringify(suggestion)}?`;
}
