import type { Problem, Warning } from '../core/plan.ts';
import type { FileProblem } from '../files/file-problem.ts';

/** `file, document 2, spec.region: is required` */
export function renderFileProblem({ file, document, path, message }: FileProblem): string {
  const where = [file === '-' ? 'standard input' : file, document === undefined ? '' : `document ${document}`]
    .filter(Boolean)
    .join(', ');
  return clean(`Error: ${where}: ${path === undefined ? '' : `${path}: `}${message}`);
}

const OWNERS_NAMED = 3;

/** A line each; what several pipelines share, such as a rule set that is full, is told once. */
export function renderProblems(problems: readonly Problem[]): readonly string[] {
  const told = Map.groupBy(problems, ({ fault, stops }) => `${stops} ${fault.reason} ${fault.message}`);
  return [...told.values()].flatMap(([first, ...alike]) => {
    if (first === undefined) return [];
    const { fault, stops } = first;
    const owners = [...new Set([first, ...alike].map(({ owner }) => owner))];
    const more = owners.length > OWNERS_NAMED ? ` and ${owners.length - OWNERS_NAMED} more` : '';
    const whose = owners.slice(0, OWNERS_NAMED).join(', ') + more;
    return clean(`${stops ? 'Error' : 'Warning'}: ${whose}: ${fault.reason}: ${fault.message}`);
  });
}

export function renderWarning({ owner, message }: Warning): string {
  return clean(`Note: ${owner}: ${message}`);
}

/** What a file or AWS says may hold anything: nothing of it may steer a terminal. */
export function clean(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are exactly what is taken out
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '');
}
