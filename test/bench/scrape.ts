import { parseExposition, type Sample } from '../service/support/exposition.ts';

/** One reading of a metrics page. */
export type Scrape = {
  /** Sum over all series of a metric whose labels say so. */
  readonly sum: (metric: string, labels?: Readonly<Record<string, string>>) => number;
};

export async function scrape(url: string): Promise<Scrape> {
  // A connection of its own: one that is kept may be closed by the server in the moment it is used again.
  const page = await fetch(url, { headers: { connection: 'close' } }).then((answer) => answer.text());
  const samples = [...parseExposition(page).values()].flatMap((family) => family.samples);
  return {
    sum: (metric, labels = {}) =>
      samples
        .filter((sample) => sample.name === metric && matches(sample, labels))
        .reduce((sum, { value }) => sum + value, 0),
  };
}

const matches = (sample: Sample, labels: Readonly<Record<string, string>>): boolean =>
  Object.entries(labels).every(([name, value]) => sample.labels[name] === value);
