import type { ObservedFunction } from './observed.ts';
import type { FunctionConfiguration } from './ports.ts';
import type { FieldChange } from './step.ts';

/** What UpdateFunctionConfiguration would change. Values of the environment are not shown: they may be secrets. */
export function configurationChanges(wanted: FunctionConfiguration, live: ObservedFunction): FieldChange[] {
  const fields = ['runtime', 'handler', 'memorySize', 'timeout', 'description', 'roleArn'] as const;
  const changes = fields.flatMap((field): FieldChange[] =>
    wanted[field] === live[field] ? [] : [{ field, before: live[field], after: wanted[field] }],
  );
  const names = [...new Set([...Object.keys(wanted.environment), ...Object.keys(live.environment)])].sort();
  for (const name of names) {
    const before = live.environment[name];
    const after = wanted.environment[name];
    if (before === after) continue;
    const field = `environment.${name}`;
    if (before === undefined) changes.push({ field, after: '(set)' });
    else if (after === undefined) changes.push({ field, before: '(set)' });
    else changes.push({ field, before: '(set)', after: '(changed)' });
  }
  return changes;
}
