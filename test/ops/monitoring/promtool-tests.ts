import { dump } from 'js-yaml';
import { ALERTS, runbookUrl, type Alert } from '../../../tools/monitoring/alerts.ts';
import { COUNTING, EXPECTATIONS, UNDECIDED, type Expected } from './expectations.ts';
import type { Moment, Recording } from './recording.ts';

const MINUTES = 60;
const SCRAPE_SECONDS = 60;
/** Prometheus reads times as seconds since 1970, and promtool begins there. */
const isTime = (series: string): boolean => series.includes('_timestamp_seconds{');

type Options = {
  /** Nobody has looked at the recording: {@link COUNTING} alerts are asked for where they must fire, and nowhere else. */
  readonly isFresh?: boolean;
};

/** The tests of the alerts as `promtool test rules` reads them: each moment of the recording lasts for an hour. */
export function promtoolTests(recording: Recording, ruleFile: string, { isFresh = false }: Options = {}): string {
  const document = {
    rule_files: [ruleFile],
    evaluation_interval: '1m',
    tests: [...recording, panicking(recording)].map((moment) => ({
      name: moment.name,
      interval: '1m',
      input_series: Object.entries(moment.series).map(([series, [first, last]]) => ({
        series,
        values: valuesOf(series, first, last, moment.seconds),
      })),
      alert_rule_test: ALERTS.filter(({ name }) => isDecided(name, moment) && !(isFresh && isChance(name, moment))).map(
        (alert) => ({
          eval_time: `${MINUTES}m`,
          alertname: alert.name,
          exp_alerts: firing(alert, EXPECTATIONS[moment.name] ?? []),
        }),
      ),
    })),
  };
  return `# Made by "npm run record:monitoring -- --tests" from recording.json. Do not edit.\n${dump(document, { noRefs: true, lineWidth: -1 })}`;
}

/** The moment goes on as it was: what grew grows at the same pace, what stood still stays. */
function valuesOf(series: string, first: number, last: number, seconds: number): string {
  if (isTime(series) && first !== 0) {
    // A sign of life that was renewed between the scrapes is renewed again and again; otherwise it gets older.
    return movedOn(first, last, seconds) ? growing(last, SCRAPE_SECONDS) : growing(FROZEN_AT_SECONDS + last, 0);
  }
  return growing(first, ((last - first) / seconds) * SCRAPE_SECONDS);
}

/** Times before the year 1970 are none. */
const FROZEN_AT_SECONDS = 600;

const growing = (from: number, perScrape: number): string => {
  const step = Math.round(perScrape * 1000) / 1000;
  return `${from}${step < 0 ? '-' : '+'}${Math.abs(step)}x${MINUTES}`;
};

/** Both are seconds before their scrape. */
const movedOn = (first: number, last: number, seconds: number): boolean => last - first > 0.5 - seconds;

const isDecided = (name: string, moment: Moment): boolean =>
  !(UNDECIDED[moment.name] ?? []).some((alert) => name === `SesLambdaPipeline${alert}`);

const isChance = (name: string, moment: Moment): boolean =>
  COUNTING.some((alert) => name === `SesLambdaPipeline${alert}`) &&
  !(EXPECTATIONS[moment.name] ?? []).some(({ alert }) => name === `SesLambdaPipeline${alert}`);

function firing(alert: Alert, expected: readonly Expected[]): object[] {
  return expected
    .filter((one) => `SesLambdaPipeline${one.alert}` === alert.name)
    .map(({ labels }) => ({
      exp_labels: { severity: alert.severity, ...labels },
      exp_annotations: {
        summary: filledIn(alert.summary, labels),
        description: filledIn(alert.description, labels),
        runbook_url: runbookUrl(alert),
      },
    }));
}

const filledIn = (text: string, labels: Expected['labels']): string =>
  text.replaceAll(/\{\{ \$labels\.(\w+) \}\}/g, (_, label: string) => labels[label] ?? '');

/** A bug cannot be ordered: the series is as recorded when all was well, and it is made to grow. */
function panicking(recording: Recording): Moment {
  const well = recording.find(({ name }) => name === 'all is well');
  if (well === undefined) throw new Error('The recording has no moment "all is well": npm run record:monitoring');
  const series = Object.entries(well.series).map(([key, values]) =>
    key.startsWith('controller_runtime_reconcile_panics_total{') ? ([key, [0, 1]] as const) : ([key, values] as const),
  );
  return { ...well, name: 'a reconcile throws', series: Object.fromEntries(series) };
}
