import type { DashboardRecording } from '../dashboard-recording.ts';
import { COLUMNS, placed } from '../layout.ts';
import type { Row } from '../panels.ts';
import { panelPicture, secondsOf } from './panel-picture.ts';
import { clock } from './scale.ts';
import { fitting, px, rect, STYLE, text, wrapped, type Box } from './svg.ts';

/** For a screen, or for a telephone: one panel below the other. */
export type PictureWidth = 'wide' | 'narrow';

const WIDTHS: Readonly<Record<PictureWidth, number>> = { wide: 760, narrow: 320 };
const UNIT = 18;
const GAP = 6;
const EDGE = 8;
const NAME_LINE = 15;
const ORIGIN_LINE = 12;
const ORIGIN =
  "Drawn by this project from the dashboard's queries and a recorded run; not a screenshot of Grafana. In TIME minutes one thing after the other goes wrong:";

/** The dashboard with the curves of a recorded run, light and dark in one. The same recording gives the same bytes. */
export function dashboardPicture(rows: readonly Row[], recording: DashboardRecording, width: PictureWidth): string {
  const wide = WIDTHS[width];
  const top = header(recording, { x: EDGE, y: EDGE, w: wide - 2 * EDGE, h: 0 }, width === 'wide' ? 2 : 1);
  const column = (wide - 2 * EDGE + GAP) / COLUMNS;
  const all = placed(width === 'wide' ? rows : rows.map(narrowed));
  const panels = all.map(({ place, ...item }) => {
    const box = {
      x: EDGE + place.x * column,
      y: top.bottom + place.y * UNIT,
      w: place.w * column - GAP,
      h: place.h * UNIT - GAP,
    };
    return item.kind === 'row'
      ? text(box.x, box.y + 12, 'heading', item.title)
      : panelPicture(item.panel, recording, box);
  });
  const height = top.bottom + Math.max(...all.map(({ place }) => place.y + place.h)) * UNIT + EDGE - GAP;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${wide} ${px(height)}" width="${wide}" height="${px(height)}">`,
    `<style>${STYLE}</style>`,
    rect({ x: 0, y: 0, w: wide, h: height }, 'page', 6),
    ...top.drawn,
    ...panels,
    '</svg>',
    '',
  ].join('\n');
}

const narrowed = (row: Row): Row => ({
  ...row,
  panels: row.panels.map((panel) => ({ ...panel, width: panel.kind === 'stat' ? 8 : COLUMNS })),
});

/** What this is, and what happened when: numbers in the bands, and what they stand for. */
function header(recording: DashboardRecording, { x, y, w }: Box, columns: number) {
  const { moments } = recording;
  const seconds = secondsOf(recording);
  const xOf = (at: number): number => x + (w * Math.min(at, seconds)) / seconds;
  const perColumn = Math.ceil(moments.length / columns);
  const origin = wrapped(ORIGIN.replace('TIME', clock(seconds)), w, 9);
  const band = { y: y + 26 + origin.length * ORIGIN_LINE, h: 18 };
  const names = band.y + band.h + 17;
  return {
    bottom: names + perColumn * NAME_LINE + 2,
    drawn: [
      text(x, y + 13, 'heading', 'SesLambdaPipeline'),
      ...origin.map((line, index) => text(x, y + 28 + index * ORIGIN_LINE, 'faint', line)),
      rect({ ...band, x, w }, 'band', 3),
      ...moments.flatMap(({ fromSeconds, toSeconds }, index) => [
        rect({ ...band, x: xOf(fromSeconds), w: xOf(toSeconds) - xOf(fromSeconds) }, 'k0 moment-of-the-run', 2),
        text((xOf(fromSeconds) + xOf(toSeconds)) / 2, band.y + 13, 'title middle', String(index + 1)),
      ]),
      ...moments.map(({ name }, index) => {
        const place = { column: Math.floor(index / perColumn), line: index % perColumn };
        const wide = w / columns;
        const content = fitting(`${index + 1}  ${name}`, wide - GAP, 10);
        return text(x + place.column * wide, names + place.line * NAME_LINE, '', content);
      }),
    ],
  };
}
