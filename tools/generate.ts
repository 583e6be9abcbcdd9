import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { actionsReference } from './generate-actions-reference.ts';
import { argocdFiles } from './generate-argocd-files.ts';
import { awsFiles } from './generate-aws-files.ts';
import { chartCustomResourceDefinition, chartValuesSchema } from './generate-chart-files.ts';
import { customResourceDefinitionFile } from './generate-crd.ts';
import { cliReference } from './generate-cli-reference.ts';
import { apiReference } from './generate-api-reference.ts';
import { licencesReference } from './generate-licences.ts';
import { tenantsReference } from './generate-tenants-reference.ts';
import { alertsReference } from './monitoring/alerts-reference.ts';
import { dashboard } from './monitoring/dashboard.ts';
import { readDashboardRecording } from './monitoring/dashboard-recording.ts';
import { ROWS } from './monitoring/panels.ts';
import { dashboardPicture } from './monitoring/picture/dashboard-picture.ts';
import { prometheusRule, ruleFile } from './monitoring/rules.ts';
import { reasonsReference } from './generate-reasons.ts';
import { terminalPicture, type Recording } from './terminal-picture.ts';
import { configurationReference, metricsReference } from './generate-service-docs.ts';

/** A file that is made from the sources: its path in the repository, and its text. */
export type GeneratedFile = { readonly path: string; readonly text: string };

const CHART = 'deploy/helm/ses-lambda-pipeline';

/** Every generated file as it should be now, the helper library (`tools/build-helper-library.ts`) aside. */
export function generatedFiles(): readonly GeneratedFile[] {
  return [
    { path: 'crds/ses-lambda-pipeline.dev_seslambdapipelines.yaml', text: customResourceDefinitionFile() },
    { path: 'deploy/kustomize/shared/crd.yaml', text: customResourceDefinitionFile() },
    { path: `${CHART}/files/crd.yaml`, text: chartCustomResourceDefinition() },
    { path: `${CHART}/values.schema.json`, text: chartValuesSchema() },
    { path: 'deploy/monitoring/alerts.yaml', text: ruleFile() },
    { path: 'deploy/monitoring/prometheus-rule.yaml', text: prometheusRule() },
    { path: 'deploy/monitoring/dashboard.json', text: dashboard() },
    { path: 'docs/public/dashboard.svg', text: dashboardPicture(ROWS, readDashboardRecording(), 'wide') },
    { path: 'docs/public/dashboard-narrow.svg', text: dashboardPicture(ROWS, readDashboardRecording(), 'narrow') },
    { path: 'docs/reference/alerts.md', text: alertsReference() },
    { path: 'docs/reference/aws-actions.md', text: actionsReference() },
    ...argocdFiles(),
    ...awsFiles(),
    { path: 'docs/reference/api.md', text: apiReference() },
    { path: 'docs/reference/cli.md', text: cliReference() },
    { path: 'docs/reference/configuration.md', text: configurationReference() },
    { path: 'docs/reference/metrics.md', text: metricsReference() },
    { path: 'docs/reference/tenants.md', text: tenantsReference() },
    { path: 'docs/reference/reasons.md', text: reasonsReference() },
    { path: 'docs/reference/licences.md', text: licencesReference() },
    { path: 'docs/public/first-run.svg', text: terminalPicture(firstRun()) },
  ];
}

/** What `npm run record:first-run` has recorded. */
const firstRun = (): Recording =>
  JSON.parse(readFileSync(new URL('../docs/recordings/first-run.json', import.meta.url), 'utf8')) as Recording;

if (import.meta.main)
  for (const { path, text } of generatedFiles()) {
    const url = new URL(`../${path}`, import.meta.url);
    mkdirSync(new URL('.', url), { recursive: true });
    writeFileSync(url, text);
  }
