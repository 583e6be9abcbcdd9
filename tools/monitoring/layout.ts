import type { Panel, Row } from './panels.ts';

/** A dashboard is that many columns wide. */
export const COLUMNS = 24;

const HEIGHTS: Readonly<Record<Panel['kind'], number>> = { stat: 4, timeseries: 8, statetimeline: 7, table: 6 };

/** In columns, and in rows of Grafana's grid. */
export type Place = { readonly x: number; readonly y: number; readonly w: number; readonly h: number };

export type Placed = { readonly place: Place } & (
  | { readonly kind: 'row'; readonly title: string }
  | { readonly kind: 'panel'; readonly panel: Panel }
);

/** Where each heading and each panel stands: panels side by side while they fit, from the top to the bottom. */
export function placed(rows: readonly Row[]): readonly Placed[] {
  const all: Placed[] = [];
  let y = 0;
  for (const { title, panels } of rows) {
    all.push({ kind: 'row', title, place: { x: 0, y, w: COLUMNS, h: 1 } });
    y += 1;
    let x = 0;
    let height = 0;
    for (const panel of panels) {
      if (x + panel.width > COLUMNS) {
        y += height;
        x = 0;
        height = 0;
      }
      const h = HEIGHTS[panel.kind];
      all.push({ kind: 'panel', panel, place: { x, y, w: panel.width, h } });
      x += panel.width;
      height = Math.max(height, h);
    }
    y += height;
  }
  return all;
}
