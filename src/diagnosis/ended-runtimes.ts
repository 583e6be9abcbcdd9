/**
 * Runtimes that Lambda makes no new function with. The list only grows, so a runtime that is not in it may have ended
 * too; Lambda's refusal then says so.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html#runtimes-deprecated
 */
const ENDED: readonly RegExp[] = [
  /^nodejs(?:\d\.\d+(?:-edge)?|(?:10|12|14|16|18)\.x)?$/,
  /^python(?:2\.7|3\.[678])$/,
  /^ruby2\.\d$/,
  /^java8$/,
  /^dotnet(?:core[\d.]+|[567])$/,
  /^go1\.x$/,
  /^provided$/,
];

export const hasEnded = (runtime: string): boolean => ENDED.some((pattern) => pattern.test(runtime));
