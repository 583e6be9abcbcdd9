import { readFileSync, writeFileSync } from 'node:fs';

const FILE = new URL('../../docs/recordings/dashboard.json', import.meta.url);

/** A curve of a panel: its labels, and a value for each step; `null` where Prometheus had none. */
export type Curve = {
  readonly labels: Readonly<Record<string, string>>;
  readonly values: readonly (number | null)[];
};

/** A time of the run in which one thing went wrong, in seconds from its beginning. */
export type Span = { readonly name: string; readonly fromSeconds: number; readonly toSeconds: number };

/** What a Prometheus answered to the queries of the dashboard after one run: the curves of each query, by panel. */
export type DashboardRecording = {
  readonly stepSeconds: number;
  readonly moments: readonly Span[];
  readonly panels: Readonly<Record<string, readonly (readonly Curve[])[]>>;
};

export const readDashboardRecording = (): DashboardRecording =>
  JSON.parse(readFileSync(FILE, 'utf8')) as DashboardRecording;

/** One line a curve, so that a difference can be read. */
export function writeDashboardRecording(recording: DashboardRecording): void {
  const text = JSON.stringify(recording, null, 1).replaceAll(/\[[^[\]{}]*\]/g, (values) =>
    values.replaceAll(/\s+/g, ''),
  );
  writeFileSync(FILE, `${text}\n`);
}
