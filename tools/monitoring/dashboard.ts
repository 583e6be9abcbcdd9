import { PREFIX } from '../../src/service/metric-tools.ts';
import { ROWS, type Panel, type Row } from './panels.ts';

const DATASOURCE = { type: 'prometheus', uid: '${datasource}' };
const COLUMNS = 24;
const HEIGHTS: Readonly<Record<Panel['kind'], number>> = { stat: 4, timeseries: 8, statetimeline: 7, table: 6 };

/** Types of panels as Grafana calls them. */
const TYPES: Readonly<Record<Panel['kind'], string>> = {
  stat: 'stat',
  timeseries: 'timeseries',
  statetimeline: 'state-timeline',
  table: 'table',
};

/**
 * The dashboard as Grafana imports it.
 * @see https://grafana.com/docs/grafana/latest/dashboards/build-dashboards/view-dashboard-json-model/
 */
export function dashboard(): string {
  const model = {
    uid: 'ses-lambda-pipeline',
    title: 'SesLambdaPipeline',
    description:
      'Inbound-mail pipelines on AWS and the controller that keeps them. Made by tools/monitoring/panels.ts.',
    tags: ['ses-lambda-pipeline'],
    editable: true,
    graphTooltip: 1, // one crosshair in all panels
    schemaVersion: 39,
    refresh: '30s',
    time: { from: 'now-6h', to: 'now' },
    timezone: 'browser',
    templating: { list: [datasource(), variable('namespace'), variable('name')] },
    annotations: { list: [] },
    panels: laidOut(ROWS),
  };
  return `${JSON.stringify(model, null, 2)}\n`;
}

const datasource = () => ({ name: 'datasource', type: 'datasource', query: 'prometheus', label: 'Data source' });

/** Chosen above the dashboard: all, unless somebody chooses. */
function variable(label: 'namespace' | 'name') {
  const within = label === 'name' ? '{namespace=~"$namespace"}' : '';
  const query = `label_values(${PREFIX}condition${within}, ${label})`;
  return {
    name: label,
    type: 'query',
    label: label === 'name' ? 'Pipeline' : 'Namespace',
    datasource: DATASOURCE,
    definition: query,
    query: { query, refId: label },
    refresh: 2, // whenever the time range changes
    includeAll: true,
    allValue: '.*',
    multi: true,
    sort: 1,
    current: { text: 'All', value: '$__all' },
  };
}

function laidOut(rows: readonly Row[]): object[] {
  const placed: object[] = [];
  let y = 0;
  for (const row of rows) {
    placed.push({
      id: placed.length + 1,
      type: 'row',
      title: row.title,
      collapsed: false,
      panels: [],
      gridPos: { x: 0, y, w: COLUMNS, h: 1 },
    });
    y += 1;
    let x = 0;
    let height = 0;
    for (const panel of row.panels) {
      if (x + panel.width > COLUMNS) {
        y += height;
        x = 0;
        height = 0;
      }
      const h = HEIGHTS[panel.kind];
      placed.push({ id: placed.length + 1, ...panelOf(panel), gridPos: { x, y, w: panel.width, h } });
      x += panel.width;
      height = Math.max(height, h);
    }
    y += height;
  }
  return placed;
}

function panelOf({ kind, title, description, unit, queries }: Panel) {
  const now = kind === 'stat' || kind === 'table';
  return {
    type: TYPES[kind],
    title,
    description,
    datasource: DATASOURCE,
    targets: queries.map(({ expr, legend }, index) => ({
      refId: String.fromCharCode('A'.charCodeAt(0) + index),
      datasource: DATASOURCE,
      expr,
      legendFormat: legend,
      ...(now ? { instant: true, range: false } : { range: true }),
      ...(kind === 'table' && { format: 'table' }),
    })),
    fieldConfig: { defaults: { ...(unit !== undefined && { unit }), min: 0, ...looks(title, kind) }, overrides: [] },
    options: optionsOf(kind),
  };
}

/** Red is only what somebody should see to. */
const TROUBLE = new Set(['Not Ready', 'Waiting for a person', 'Mail does not arrive', 'Given up']);

function looks(title: string, kind: Panel['kind']): object {
  if (kind === 'stat') {
    const from = { color: TROUBLE.has(title) ? 'green' : 'text', value: null };
    const steps = TROUBLE.has(title) ? [from, { color: 'red', value: 1 }] : [from];
    return { thresholds: { mode: 'absolute', steps } };
  }
  if (kind !== 'statetimeline') return {};
  const options = { 0: { text: 'not Ready', color: 'red' }, 1: { text: 'Ready', color: 'green' } };
  return { mappings: [{ type: 'value', options }] };
}

function optionsOf(kind: Panel['kind']): object {
  switch (kind) {
    case 'stat':
      return { reduceOptions: { calcs: ['lastNotNull'] }, colorMode: 'value', graphMode: 'none' };
    case 'timeseries':
      return { legend: { displayMode: 'list', placement: 'bottom' }, tooltip: { mode: 'multi', sort: 'desc' } };
    case 'statetimeline':
      return { showValue: 'never', legend: { displayMode: 'list', placement: 'bottom' } };
    case 'table':
      return {};
  }
}
