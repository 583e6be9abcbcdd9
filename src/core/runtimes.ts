/**
 * Runtimes and the day on which AWS ends its support; undefined where none is known. AWS has put such days off before.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html
 */
const SUPPORT_ENDS: Readonly<Record<string, string | undefined>> = {
  'nodejs24.x': '2028-04-30',
  'nodejs22.x': '2027-04-30',
  'nodejs20.x': '2026-04-30',
  'nodejs18.x': '2025-09-01',
  'nodejs16.x': '2024-06-12',
  'nodejs14.x': '2023-12-04',
  'nodejs12.x': '2023-03-31',
  'python3.14': '2029-06-30',
  'python3.13': '2029-06-30',
  'python3.12': '2028-10-31',
  'python3.11': '2026-06-30',
  'python3.10': '2026-06-30',
  'python3.9': '2025-12-15',
  'python3.8': '2024-10-14',
  'python3.7': '2023-12-04',
  'python3.6': '2022-07-18',
  'python2.7': '2021-07-15',
  java25: '2029-06-30',
  java21: '2029-06-30',
  java17: '2026-06-30',
  java11: '2026-06-30',
  'java8.al2': '2026-06-30',
  java8: '2024-01-08',
  dotnet10: '2028-11-14',
  dotnet8: '2026-11-10',
  dotnet7: '2024-05-14',
  dotnet6: '2024-12-20',
  'ruby4.0': undefined,
  'ruby3.4': '2028-03-31',
  'ruby3.3': '2027-03-31',
  'ruby3.2': '2026-03-31',
  'ruby2.7': '2023-12-07',
  'provided.al2023': '2029-06-30',
  'provided.al2': '2026-06-30',
  provided: '2024-01-08',
  'go1.x': '2024-01-08',
};

/**
 * What is worth a second look about a runtime. Only a warning, ever: Lambda knows new runtimes before we do, and goes on
 * running functions of those that have ended.
 *
 * @param atMs milliseconds since 1970; undefined: nobody knows, so nothing has ended
 */
export function runtimeWarning(runtime: string, atMs: number | undefined): string | undefined {
  if (!Object.hasOwn(SUPPORT_ENDS, runtime))
    return `spec.function.runtime: ${runtime} is none of the runtimes known here; it is passed on to Lambda as it is`;
  const end = SUPPORT_ENDS[runtime];
  if (end === undefined || atMs === undefined || dayOf(atMs) < end) return undefined;
  return `spec.function.runtime: AWS ended its support of ${runtime} on ${end}; a month after such a day Lambda refuses to create functions of it, another month later to change them. Choose a newer one`;
}

/** As in `2026-04-30`, by UTC. */
const dayOf = (atMs: number): string => new Intl.DateTimeFormat('sv-SE', { timeZone: 'UTC' }).format(atMs);
