/** Shorter values are in too many words to be taken out, and too short to be kept secret. */
const SHORTEST_HIDDEN = 4;

/**
 * Takes the values of variables out of what an error says: Lambda quotes the whole environment in some refusals
 * (`exceeded the 4KB limit. String measured: {"PASSWORD":…`), and what an error says ends in statuses and logs.
 *
 * @returns the same error
 * @see https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
 */
export function withoutValues(error: unknown, environment: Readonly<Record<string, string>>): unknown {
  if (!(error instanceof Error)) return error;
  const values = Object.values(environment)
    .flatMap((value) => [value, JSON.stringify(value).slice(1, -1)])
    .filter((value) => value.length >= SHORTEST_HIDDEN)
    .sort((a, b) => b.length - a.length);
  const hide = (text: string): string => values.reduce((rest, value) => rest.replaceAll(value, '(hidden)'), text);
  error.message = hide(error.message);
  if (error.stack !== undefined) error.stack = hide(error.stack);
  return error;
}
