import { parseExposition } from '../../service/support/exposition.ts';

/** One series: its name with its labels, as Prometheus keeps it. */
export type Labels = Readonly<Record<string, string>>;

/** What Prometheus adds to whatever it scrapes; with `honorLabels` a label that is there already stays. */
export const TARGET: Labels = {
  instance: '10.0.0.1:8080',
  job: 'ses-lambda-pipeline-metrics',
  namespace: 'ses-lambda-pipeline',
  pod: 'ses-lambda-pipeline-0',
};

/** Values by series, in the notation of PromQL. */
export type Scrape = ReadonlyMap<string, number>;

export async function scrape(metricsUrl: string): Promise<Scrape> {
  const page = await fetch(metricsUrl).then((answer) => answer.text());
  const samples = [...parseExposition(page).values()].flatMap((family) => family.samples);
  return new Map(samples.map(({ name, labels, value }) => [seriesText(name, { ...TARGET, ...labels }), value]));
}

/** `name{a="b",c="d"}`, labels in order. */
export function seriesText(name: string, labels: Labels): string {
  const inner = Object.entries(labels)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([label, value]) => `${label}=${JSON.stringify(value)}`);
  return `${name}{${inner.join(',')}}`;
}

/** The name of a series, and the names of its labels. */
export function shapeOf(series: string): { readonly name: string; readonly labels: readonly string[] } {
  const name = series.slice(0, series.indexOf('{'));
  const labels = [...series.slice(name.length).matchAll(/[{,]([a-z_]+)="/g)].map(([, label = '']) => label);
  return { name, labels };
}
