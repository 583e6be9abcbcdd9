import { invalidValue } from './lambda-error.ts';
import type { FunctionRecord } from './lambda-types.ts';

/** What an account has in a region. @see https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const MOST = {
  TotalCodeSize: 75 * 1024 ** 3,
  CodeSizeUnzipped: 250 * 1024 ** 2,
  CodeSizeZipped: 50 * 1024 ** 2,
  ConcurrentExecutions: 1000,
} as const;

/** What is left to functions that reserve nothing. */
const LEAST_UNRESERVED = 100;

/** What GetAccountSettings says of these functions. */
export function accountSettings(functions: readonly FunctionRecord[]): object {
  const all = functions.flatMap((record) => [record, ...record.versions]);
  const TotalCodeSize = all.reduce((sum, { code }) => sum + (code.zip?.length ?? 0), 0);
  return {
    AccountLimit: { ...MOST, UnreservedConcurrentExecutions: unreserved(functions) },
    AccountUsage: { TotalCodeSize, FunctionCount: functions.length },
  };
}

/** @param others all functions but the one that wants to reserve */
export function refuseTooMuchReserved(others: readonly FunctionRecord[], wanted: number): void {
  if (unreserved(others) - wanted >= LEAST_UNRESERVED) return;
  throw invalidValue(
    `Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [${LEAST_UNRESERVED}].`,
  );
}

const unreserved = (functions: readonly FunctionRecord[]): number =>
  functions.reduce<number>(
    (left, { reservedConcurrency = 0 }) => left - reservedConcurrency,
    MOST.ConcurrentExecutions,
  );
