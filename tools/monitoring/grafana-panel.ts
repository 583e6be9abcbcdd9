import {
  BigValueColorMode,
  BigValueGraphMode,
  BigValueJustifyMode,
  BigValueTextMode,
  LegendDisplayMode,
  MappingType,
  PercentChangeColorMode,
  SortOrder,
  ThresholdsMode,
  TooltipDisplayMode,
  VisibilityMode,
  VizOrientation,
  type DataQuery,
  type DataSourceRef,
  type FieldConfig,
  type Panel as AnyPanel,
  type VizLegendOptions,
  type VizTooltipOptions,
} from '@grafana/schema';
import type { Options as StatOptions } from '@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen';
import type { Options as StateTimelineOptions } from '@grafana/schema/dist/esm/raw/composable/statetimeline/panelcfg/x/StateTimelinePanelCfg_types.gen';
import type { Options as TableOptions } from '@grafana/schema/dist/esm/raw/composable/table/panelcfg/x/TablePanelCfg_types.gen';
import type { Options as TimeSeriesOptions } from '@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen';
import type { Panel } from './panels.ts';

/** Chosen above the dashboard. */
export const DATASOURCE = { type: 'prometheus', uid: '${datasource}' } as const satisfies DataSourceRef;

/** What Grafana's plugin for Prometheus asks with; it is not part of Grafana's schema. */
type PrometheusQuery = DataQuery & {
  readonly expr: string;
  readonly legendFormat: string;
  readonly instant?: boolean;
  readonly range: boolean;
  readonly format?: 'table';
};

type Visualization =
  | { readonly type: 'stat'; readonly options: StatOptions }
  | { readonly type: 'timeseries'; readonly options: TimeSeriesOptions }
  | { readonly type: 'state-timeline'; readonly options: StateTimelineOptions }
  | { readonly type: 'table'; readonly options: TableOptions };

/** A panel in the words of Grafana's own schema, with the options that belong to its type and no others. */
export type GrafanaPanel = Omit<AnyPanel, 'type' | 'options' | 'targets'> &
  Visualization & { readonly targets: PrometheusQuery[] };

export function grafanaPanel(panel: Panel): GrafanaPanel {
  const { kind, title, description, unit, queries } = panel;
  const now = kind === 'stat' || kind === 'table';
  return {
    ...VISUALIZATIONS[kind],
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
    fieldConfig: { defaults: { ...(unit !== undefined && { unit }), min: 0, ...looks(panel) }, overrides: [] },
  };
}

function looks({ kind, isTrouble }: Panel): FieldConfig {
  switch (kind) {
    case 'stat': {
      const steps = isTrouble === true ? [FINE, { color: 'red', value: 1 }] : [{ color: 'text', value: null }];
      return { thresholds: { mode: ThresholdsMode.Absolute, steps } };
    }
    case 'statetimeline': {
      const options = { 0: { text: 'not Ready', color: 'red' }, 1: { text: 'Ready', color: 'green' } };
      return { mappings: [{ type: MappingType.ValueToText, options }] };
    }
    case 'timeseries':
    case 'table':
      return {};
  }
}

const FINE = { color: 'green', value: null };
const LEGEND: VizLegendOptions = {
  calcs: [],
  // oxlint-disable-next-line typescript/no-unsafe-enum-assignment -- it takes an optional enum for another one
  displayMode: LegendDisplayMode.List,
  placement: 'bottom',
  showLegend: true,
};
const TOOLTIP: VizTooltipOptions = { mode: TooltipDisplayMode.Multi, sort: SortOrder.Descending };

const VISUALIZATIONS: Readonly<Record<Panel['kind'], Visualization>> = {
  stat: {
    type: 'stat',
    options: {
      reduceOptions: { calcs: ['lastNotNull'] },
      colorMode: BigValueColorMode.Value,
      graphMode: BigValueGraphMode.None,
      justifyMode: BigValueJustifyMode.Auto,
      orientation: VizOrientation.Auto,
      percentChangeColorMode: PercentChangeColorMode.Standard,
      showPercentChange: false,
      textMode: BigValueTextMode.Auto,
      wideLayout: true,
    },
  },
  timeseries: { type: 'timeseries', options: { legend: LEGEND, tooltip: TOOLTIP } },
  statetimeline: {
    type: 'state-timeline',
    options: { legend: LEGEND, rowHeight: 0.9, showValue: VisibilityMode.Never, tooltip: TOOLTIP },
  },
  table: { type: 'table', options: { frameIndex: 0, showHeader: true } },
};
