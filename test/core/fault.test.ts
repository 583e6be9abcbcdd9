import { expect, test } from 'vitest';
import { faultOf, PipelineError, type Fault } from '../../src/core/fault.ts';

const FAULT: Fault = { class: 'denied', reason: 'AccessDenied', message: 'not allowed' };

test('an error of the pipeline carries its fault, and keeps the cause for the log', () => {
  const cause = new Error('raw');
  const error = new PipelineError(FAULT, { cause });

  expect(faultOf(error)).toBe(FAULT);
  expect(error).toMatchObject({ name: 'PipelineError', message: 'not allowed', cause });
});

test.each<[string, unknown, string]>([
  ['an error', new TypeError('x is not a function'), 'Unexpected error: x is not a function. Please report it.'],
  ['a text', 'boom', 'Unexpected error: boom. Please report it.'],
  ['nothing', undefined, 'Unexpected error: undefined. Please report it.'],
])('%s that nobody foresaw is a bug of ours', (_, thrown, message) => {
  expect(faultOf(thrown)).toEqual({ class: 'bug', reason: 'InternalError', message });
});
