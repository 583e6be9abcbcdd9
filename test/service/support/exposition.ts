export type Sample = {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
};
export type Family = {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly samples: readonly Sample[];
};

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const HELP = new RegExp(`^# HELP (${NAME}) (.+)$`);
const TYPE = new RegExp(`^# TYPE (${NAME}) (counter|gauge|histogram|summary)$`);
const SAMPLE = new RegExp(`^(${NAME})(?:\\{(.*)\\})? (\\+Inf|-Inf|NaN|[-+]?[0-9.]+(?:e[-+]?[0-9]+)?)$`);
const LABEL = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)/;

/**
 * Reads the text format of Prometheus, and throws at the first line that is not exactly right: a family without HELP and
 * TYPE, or in two places, a series twice, a histogram whose buckets do not grow or do not add up.
 * @see https://prometheus.io/docs/instrumenting/exposition_formats/
 */
export function parseExposition(text: string): ReadonlyMap<string, Family> {
  if (!text.endsWith('\n')) throw new Error('the last line must end with a line feed');
  const families = new Map<string, Family & { samples: Sample[] }>();
  let current: (Family & { samples: Sample[] }) | undefined;
  const seen = new Set<string>();
  let help: { name: string; text: string } | undefined;
  for (const [index, line] of text.split('\n').entries()) {
    const fail = (why: string): never => {
      throw new Error(`line ${index + 1}: ${why}: ${line}`);
    };
    if (line === '') continue;
    if (line.startsWith('#')) {
      const [, helpName, helpText] = HELP.exec(line) ?? [];
      const [, typeName, type] = TYPE.exec(line) ?? [];
      if (helpName !== undefined && helpText !== undefined) help = { name: helpName, text: helpText };
      else if (typeName === undefined || type === undefined) fail('neither HELP nor TYPE');
      else if (help?.name !== typeName) fail('TYPE without its HELP before it');
      else if (families.has(typeName)) fail('the family stands in two places');
      else families.set(typeName, (current = { name: typeName, type, help: help.text, samples: [] }));
      continue;
    }
    const sample = readSample(line) ?? fail('no sample');
    if (current === undefined || !belongs(sample.name, current)) fail('a sample outside its family');
    const id = seriesId(sample);
    if (seen.has(id)) fail('the series stands twice');
    if (current?.type === 'counter' && !(sample.value >= 0)) fail('a counter below 0');
    seen.add(id);
    current?.samples.push(sample);
  }
  for (const family of families.values()) if (family.type === 'histogram') checkHistogram(family);
  return families;
}

function readSample(line: string): Sample | undefined {
  const [, name, inner = '', value] = SAMPLE.exec(line) ?? [];
  if (name === undefined || value === undefined) return undefined;
  const labels: Record<string, string> = {};
  for (let rest = inner; rest !== '';) {
    const [whole, label, text] = LABEL.exec(rest) ?? [];
    if (whole === undefined || label === undefined || text === undefined || label in labels) return undefined;
    labels[label] = text.replace(/\\(.)/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped));
    rest = rest.slice(whole.length);
  }
  return { name, labels, value: value === '+Inf' ? Infinity : value === '-Inf' ? -Infinity : Number(value) };
}

const belongs = (name: string, { name: family, type }: Family): boolean =>
  name === family || (type === 'histogram' && [`${family}_bucket`, `${family}_sum`, `${family}_count`].includes(name));

const seriesId = ({ name, labels }: Sample): string => JSON.stringify([name, sorted(labels)]);

function checkHistogram({ name, samples }: Family): void {
  const groups = new Map<string, Sample[]>();
  for (const sample of samples) {
    const { le: _, ...labels } = sample.labels;
    const id = JSON.stringify(sorted(labels));
    groups.set(id, [...(groups.get(id) ?? []), sample]);
  }
  for (const [id, group] of groups) {
    const buckets = group.filter((sample) => sample.name === `${name}_bucket`);
    const bounds = buckets.map(({ labels }) => (labels['le'] === '+Inf' ? Infinity : Number(labels['le'])));
    const count = group.find((sample) => sample.name === `${name}_count`)?.value;
    const isSorted = (values: readonly number[]) =>
      values.every((value, at) => at === 0 || value >= (values[at - 1] ?? NaN));
    if (!isSorted(bounds) || bounds.at(-1) !== Infinity) throw new Error(`${name}${id}: buckets must grow up to +Inf`);
    if (!isSorted(buckets.map(({ value }) => value))) throw new Error(`${name}${id}: counts must not fall`);
    if (buckets.at(-1)?.value !== count) throw new Error(`${name}${id}: +Inf must be the count`);
    if (!group.some((sample) => sample.name === `${name}_sum`)) throw new Error(`${name}${id}: no sum`);
  }
}

const sorted = (labels: Readonly<Record<string, string>>): [string, string][] =>
  Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));
