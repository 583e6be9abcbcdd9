import type { Curve, DashboardRecording } from '../dashboard-recording.ts';
import type { Panel } from '../panels.ts';
import { clock, roundedUp, shown } from './scale.ts';
import { COLOURS, fitting, px, rect, text, widthOf, wrapped, type Box } from './svg.ts';

const EDGE = 8;
const TITLE = 22;
const TITLE_FONT = 11;
const AXIS = 44;
const TIMES = 14;
const LINE = 12;
const FONT = 9;
const TICK_SECONDS = 60;

/** A curve with the name that its legend gives it. */
type Named = Curve & { readonly name: string };

/** A panel as Grafana would draw it, in a box of the picture. */
export function panelPicture(panel: Panel, recording: DashboardRecording, box: Box): string {
  const curves = panel.queries.flatMap(({ legend }, index) =>
    (recording.panels[panel.title]?.[index] ?? []).map((curve): Named => ({ ...curve, name: nameOf(legend, curve) })),
  );
  const inner = { x: box.x + EDGE, y: box.y + TITLE, w: box.w - 2 * EDGE, h: box.h - TITLE - EDGE / 2 };
  return [rect(box, 'panel', 4), ...title(panel, inner), ...drawn(panel, curves, recording, inner)].join('\n');
}

function title({ kind, title }: Panel, { x, y, w }: Box): readonly string[] {
  const lines = kind === 'stat' ? wrapped(title, w, TITLE_FONT) : [fitting(title, w, TITLE_FONT)];
  return lines.map((line, index) => text(x, y - 7 + index * 13, 'title', line));
}

function drawn(panel: Panel, curves: readonly Named[], recording: DashboardRecording, box: Box): readonly string[] {
  switch (panel.kind) {
    case 'stat':
      return stat(panel, curves, box);
    case 'timeseries':
      return timeseries(panel, highestFirst(curves), recording, box);
    case 'statetimeline':
      return stateTimeline(curves, recording, box);
    case 'table':
      return table(curves, box);
  }
}

/** `{{namespace}}/{{name}}` with what stands in the labels. */
const nameOf = (legend: string, { labels }: Curve): string =>
  legend.replaceAll(/\{\{(\w+)\}\}/g, (_, label: string) => labels[label] ?? '').trim();

/** So that the legend names what stands out, when it cannot name all. */
const highestFirst = (curves: readonly Named[]): readonly Named[] => curves.toSorted((a, b) => peakOf(b) - peakOf(a));

const peakOf = ({ values }: Curve): number => Math.max(0, ...values.map((value) => value ?? 0));

const lastOf = ({ values }: Curve): number => values.findLast((value) => value !== null) ?? 0;

function stat({ isTrouble }: Panel, [curve]: readonly Named[], { x, y, h }: Box): readonly string[] {
  const value = curve === undefined ? 0 : lastOf(curve);
  const look = isTrouble === true ? ` ${value >= 1 ? 'bad' : 'good'}` : '';
  return [text(x, y + h - 10, `number${look}`, shown(value, undefined))];
}

function timeseries(
  { unit }: Panel,
  curves: readonly Named[],
  recording: DashboardRecording,
  box: Box,
): readonly string[] {
  const names = legend(curves, box);
  const area = { x: box.x + AXIS, y: box.y + 4, w: box.w - AXIS, h: box.h - TIMES - names.height - 4 };
  const most = roundedUp(Math.max(0, ...curves.map(peakOf)), unit);
  const yOf = (value: number): number => area.y + area.h * (1 - value / most);
  return [
    ...[0, most / 2, most].map((value) =>
      [
        `<path class="grid" d="M${px(area.x)} ${px(yOf(value))}h${px(area.w)}"/>`,
        text(area.x - 5, yOf(value) + 3, 'faint end', shown(value, unit)),
      ].join(''),
    ),
    ...times(recording, area),
    ...curves.map(({ values }, index) => {
      const xOf = (step: number): number => area.x + (area.w * step) / Math.max(1, values.length - 1);
      return `<path class="curve c${index % COLOURS}" d="${path(values, xOf, yOf)}"/>`;
    }),
    ...names.drawn,
  ];
}

/** A line that is interrupted where there is no value. */
function path(values: readonly (number | null)[], xOf: (step: number) => number, yOf: (value: number) => number) {
  return values
    .map((value, step) => {
      if (value === null) return '';
      const point = `${px(xOf(step))} ${px(yOf(value))}`;
      const goesOn = (values[step - 1] ?? null) !== null;
      if (goesOn) return `L${point}`;
      return (values[step + 1] ?? null) === null ? `M${point}h0` : `M${point}`;
    })
    .join('');
}

/** The moments of the run as faint bands, and minutes below. */
function times({ moments, stepSeconds, panels }: DashboardRecording, { x, y, w, h }: Box): readonly string[] {
  const seconds = secondsOf({ stepSeconds, panels });
  const xOf = (at: number): number => x + (w * Math.min(at, seconds)) / seconds;
  const ticks = Array.from({ length: Math.floor(seconds / TICK_SECONDS) + 1 }, (_, index) => index * TICK_SECONDS);
  return [
    ...moments.map(({ fromSeconds, toSeconds }) =>
      rect({ x: xOf(fromSeconds), y, w: xOf(toSeconds) - xOf(fromSeconds), h }, 'moment'),
    ),
    ...ticks.map((at) => text(xOf(at), y + h + 11, `faint${at === 0 ? '' : ' middle'}`, clock(at))),
  ];
}

/** How long the run was that the curves show. */
export function secondsOf({ stepSeconds, panels }: Pick<DashboardRecording, 'stepSeconds' | 'panels'>): number {
  const lengths = Object.values(panels).flatMap((queries) => queries.flat().map(({ values }) => values.length));
  return (Math.max(2, ...lengths) - 1) * stepSeconds;
}

/** Names of curves in at most two lines at the foot of a box; what does not fit is counted. */
function legend(curves: readonly Named[], box: Box): { readonly height: number; readonly drawn: readonly string[] } {
  const lines: { readonly x: number; readonly index: number; readonly name: string }[][] = [[]];
  let x = 0;
  let left = curves.length;
  for (const [index, { name }] of curves.entries()) {
    const width = 12 + widthOf(name, FONT) + 8;
    const spare = lines.length === LEGEND_LINES && left > 1 ? 28 : 0;
    if (x > 0 && x + width + spare > box.w) {
      if (lines.length === LEGEND_LINES) break;
      lines.push([]);
      x = 0;
    }
    lines.at(-1)?.push({ x, index, name: fitting(name, box.w - 12, FONT) });
    x += width;
    left -= 1;
  }
  const yOf = (line: number): number => box.y + box.h - (lines.length - line) * LINE + 9;
  return {
    height: lines.length * LINE,
    drawn: [
      ...lines.flatMap((line, number) =>
        line.map(
          ({ x, index, name }) =>
            rect({ x: box.x + x, y: yOf(number) - 5, w: 8, h: 3 }, `k${index % COLOURS}`, 1) +
            text(box.x + x + 12, yOf(number), 'faint', name),
        ),
      ),
      ...(left > 0 ? [text(box.x + x, yOf(lines.length - 1), 'faint', `+${left}`)] : []),
    ],
  };
}

const LEGEND_LINES = 2;

function stateTimeline(curves: readonly Named[], recording: DashboardRecording, box: Box): readonly string[] {
  const names = Math.min(120, Math.max(...curves.map(({ name }) => widthOf(name, FONT))) + EDGE);
  const area = { x: box.x + names, y: box.y, w: box.w - names, h: box.h - TIMES };
  const high = area.h / Math.max(1, curves.length);
  return [
    ...curves.flatMap(({ name, values }, index) => {
      const y = area.y + index * high;
      const wide = area.w / values.length;
      return [
        text(area.x - 5, y + high / 2 + 3, 'faint end', fitting(name, names, FONT)),
        ...runsOf(values).map(({ from, to, value }) =>
          rect(
            { x: area.x + from * wide, y: y + 1, w: (to - from) * wide, h: high - 2 },
            value === 1 ? 'good' : 'bad',
            1,
          ),
        ),
      ];
    }),
    ...times({ ...recording, moments: [] }, area),
  ];
}

type Run = { readonly from: number; readonly to: number; readonly value: number };

/** Equal values side by side as one. */
const runsOf = (values: readonly (number | null)[]): readonly Run[] =>
  values.reduce<readonly Run[]>((runs, value, step) => {
    const last = runs.at(-1);
    if (value === null) return runs;
    if (last?.to === step && last.value === value) return [...runs.slice(0, -1), { ...last, to: step + 1 }];
    return [...runs, { from: step, to: step + 1, value }];
  }, []);

function table(curves: readonly Named[], { x, y, w }: Box): readonly string[] {
  const columns = [...new Set(curves.flatMap(({ labels }) => Object.keys(labels)))];
  const wide = w / (columns.length + 1);
  const row = (line: number, look: string, cells: readonly string[]): string =>
    cells.map((cell, index) => text(x + index * wide, y + 12 + line * 16, look, fitting(cell, wide, 10))).join('');
  return [
    row(0, 'faint', [...columns, 'Value']),
    ...curves.map((curve, index) =>
      row(index + 1, '', [...columns.map((column) => curve.labels[column] ?? ''), String(lastOf(curve))]),
    ),
  ];
}
