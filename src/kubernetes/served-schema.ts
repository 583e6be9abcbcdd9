import { API_GROUP } from '../core/api-group.ts';
import { resourceSchema } from '../core/crd.ts';
import { KIND } from '../core/manifest.ts';
import type { Clock } from '../core/ports.ts';
import { schemaGaps } from '../core/schema-gaps.ts';
import type { KubernetesApi } from './api.ts';

/** A new CRD is published a moment after it was applied. */
const LOOKS = 5;
const BETWEEN_LOOKS_MS = 1_000;

/**
 * Fields of our resource that the API server does not know, because the CRD in the cluster is older than this program: it
 * would drop them from what people write, and from every status. Nothing when there is no CRD yet: it may still come.
 *
 * Every account may read the schema, so this takes no right.
 * @throws {PipelineError} when the API server cannot be asked
 * @see https://kubernetes.io/docs/concepts/overview/kubernetes-api/#openapi-v3
 */
export async function fieldsNotServed(
  api: Pick<KubernetesApi, 'openApi'>,
  clock: Pick<Clock, 'sleep'>,
  signal: AbortSignal,
): Promise<readonly string[]> {
  for (let look = 1; ; look += 1) {
    const gaps = gapsIn(await api.openApi(`${API_GROUP}/v1alpha1`, signal));
    if (gaps.length === 0 || look === LOOKS) return gaps;
    await clock.sleep(BETWEEN_LOOKS_MS, signal);
  }
}

type OpenApi = { readonly components?: { readonly schemas?: Readonly<Record<string, unknown>> } };

function gapsIn(document: unknown): readonly string[] {
  const schemas = Object.entries((document as OpenApi | undefined)?.components?.schemas ?? {});
  const { spec, status } = resourceSchema().properties;
  const served = schemas.find(([name]) => name.endsWith(`.${KIND}`))?.[1];
  return served === undefined ? [] : schemaGaps({ properties: { spec, status } }, served);
}
