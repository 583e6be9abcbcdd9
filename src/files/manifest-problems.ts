import type { ManifestIssue } from '../core/manifest.ts';
import { suggestField } from './field-names.ts';
import { type FileProblem, type Origin, pathText } from './file-problem.ts';

/** What is wrong in a manifest, as a person reads it: where, what, and for a misspelt field what was likely meant. */
export function manifestProblems(issues: readonly ManifestIssue[], origin: Origin): FileProblem[] {
  return issues.map((issue) => ({ ...origin, path: pathText(issue.path), message: messageOf(issue) }));
}

function messageOf({ path, message, unknownField }: ManifestIssue): string {
  if (unknownField === undefined) return message;
  const suggestion = suggestField(path.slice(0, -1), unknownField);
  return suggestion === undefined
    ? `unknown field ${JSON.stringify(unknownField)}`
    : `unknown field ${JSON.stringify(unknownField)}; did you mean ${JSON.stringify(suggestion)}?`;
}
