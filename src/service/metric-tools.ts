import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** Everything of ours begins so; the rest bears the names of controller-runtime, client-go and Node. */
export const PREFIX = 'ses_lambda_pipeline_';

/** controller-runtime's name of a controller: the kind in lower case. */
export const CONTROLLER = 'seslambdapipeline';

/** Makes metrics of one registry. What has a closed set of labels is there from the start, with 0. */
export type MetricMaker = {
  readonly counter: <Label extends string>(
    name: string,
    help: string,
    series?: readonly LabelsOf<Label>[],
    labels?: readonly Label[],
  ) => Counter<Label>;
  readonly gauge: <Label extends string>(name: string, help: string, options?: GaugeOptions<Label>) => Gauge<Label>;
  readonly histogram: <Label extends string>(
    name: string,
    help: string,
    buckets: readonly number[],
    options?: SeriesOptions<Label>,
  ) => Histogram<Label>;
};

type LabelsOf<Label extends string> = Readonly<Record<Label, string>>;
type SeriesOptions<Label extends string> = {
  /** Every combination that can occur: pre-zeroed. */
  readonly series?: readonly LabelsOf<Label>[];
  /** Names of the labels, where not all combinations are known. */
  readonly labels?: readonly Label[];
};
type GaugeOptions<Label extends string> = SeriesOptions<Label> & {
  /** Brings the gauge up to date at a scrape. */
  readonly collect?: (gauge: Gauge<Label>) => void;
};

export function metricMaker(registry: Registry): MetricMaker {
  const registers = [registry];
  const namesOf = <Label extends string>(series: readonly LabelsOf<Label>[] = [], labels?: readonly Label[]): Label[] =>
    labels === undefined ? (Object.keys(series[0] ?? {}) as Label[]) : [...labels];
  return {
    // rate() of a series that has never been there is empty, not 0: an alert on it would never fire.
    counter: (name, help, series, labels) => {
      const metric = new Counter({ name, help, labelNames: namesOf(series, labels), registers });
      for (const each of series ?? []) metric.inc(each, 0);
      return metric;
    },
    gauge: <Label extends string>(name: string, help: string, options: GaugeOptions<Label> = {}) => {
      const { series, labels, collect } = options;
      const metric: Gauge<Label> = new Gauge<Label>({
        name,
        help,
        labelNames: namesOf(series, labels),
        registers,
        ...(collect !== undefined && { collect: () => collect(metric) }),
      });
      for (const each of series ?? []) metric.set(each, 0);
      return metric;
    },
    histogram: (name, help, buckets, { series, labels } = {}) => {
      const metric = new Histogram({
        name,
        help,
        buckets: [...buckets],
        labelNames: namesOf(series, labels),
        registers,
      });
      for (const each of series ?? []) metric.zero(each);
      return metric;
    },
  };
}

/** Every combination of the values of labels. */
export function combinations<const Labels extends Readonly<Record<string, readonly string[]>>>(
  labels: Labels,
): readonly { readonly [Label in keyof Labels]: Labels[Label][number] }[] {
  return Object.entries(labels).reduce<readonly Record<string, string>[]>(
    (rows, [label, values]) => rows.flatMap((row) => values.map((value) => ({ ...row, [label]: value }))),
    [{}],
  ) as readonly { readonly [Label in keyof Labels]: Labels[Label][number] }[];
}

/** For a label whose values come from outside: the first `most` plain words are kept, everything else is `Other`. */
export function boundedLabel(most: number): (value: string) => string {
  const seen = new Set<string>();
  return (value) => {
    if (seen.has(value)) return value;
    if (seen.size >= most || !/^[A-Za-z0-9_.:/-]{1,80}$/.test(value)) return 'Other';
    seen.add(value);
    return value;
  };
}

export const secondsOf = (ms: number): number => Math.max(0, ms) / 1000;
