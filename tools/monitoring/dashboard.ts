import {
  DashboardCursorSync,
  VariableRefresh,
  VariableSort,
  type Dashboard,
  type RowPanel,
  type VariableModel,
} from '@grafana/schema';
import { PREFIX } from '../../src/service/metric-tools.ts';
import { DATASOURCE, grafanaPanel, type GrafanaPanel } from './grafana-panel.ts';
import { placed } from './layout.ts';
import { ROWS, type Row } from './panels.ts';

/**
 * The dashboard as Grafana imports it.
 * @see https://grafana.com/docs/grafana/latest/dashboards/build-dashboards/view-dashboard-json-model/
 */
export function dashboard(): string {
  const model: Model = {
    uid: 'ses-lambda-pipeline',
    title: 'SesLambdaPipeline',
    description:
      'Inbound-mail pipelines on AWS and the controller that keeps them. Made by tools/monitoring/panels.ts.',
    tags: ['ses-lambda-pipeline'],
    editable: true,
    graphTooltip: DashboardCursorSync.Crosshair, // one in all panels
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

/** Grafana knows the options of a panel by its type; its `Dashboard` takes any. */
type Model = Omit<Dashboard, 'panels'> & { readonly panels: readonly (GrafanaPanel | RowPanel)[] };

const datasource = (): VariableModel => ({
  name: 'datasource',
  type: 'datasource',
  query: 'prometheus',
  label: 'Data source',
});

/** What Grafana's plugin for Prometheus adds to a variable; it is not part of Grafana's schema. */
type PrometheusVariable = VariableModel & { readonly definition: string };

/** Chosen above the dashboard: all, unless somebody chooses. */
function variable(label: 'namespace' | 'name'): PrometheusVariable {
  const within = label === 'name' ? '{namespace=~"$namespace"}' : '';
  const query = `label_values(${PREFIX}condition${within}, ${label})`;
  return {
    name: label,
    type: 'query',
    label: label === 'name' ? 'Pipeline' : 'Namespace',
    datasource: DATASOURCE,
    definition: query,
    query: { query, refId: label },
    refresh: VariableRefresh.onTimeRangeChanged,
    includeAll: true,
    allValue: '.*',
    multi: true,
    sort: VariableSort.alphabeticalAsc,
    current: { text: 'All', value: '$__all' },
  };
}

const laidOut = (rows: readonly Row[]): Model['panels'] =>
  placed(rows).map(({ place, ...item }, index) =>
    item.kind === 'row'
      ? { id: index + 1, type: 'row', title: item.title, collapsed: false, panels: [], gridPos: place }
      : { id: index + 1, ...grafanaPanel(item.panel), gridPos: place },
  );
