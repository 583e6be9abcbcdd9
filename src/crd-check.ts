import type { systemClock } from './aws/system-clock.ts';
import type { KubernetesApi } from './kubernetes/api.ts';
import { fieldsNotServed } from './kubernetes/served-schema.ts';
import type { Logger } from './service/logger.ts';

const SHOWN_GAPS = 5;
const SCHEMA_WITHIN_MS = 10_000;

/**
 * With an older CRD no status would ever be as it was written, and what people wrote would be lost in part. When the API
 * server cannot be asked, the rest of the start finds out why, and goes on by itself.
 */
export async function isCrdCurrent(
  api: KubernetesApi,
  clock: ReturnType<typeof systemClock>,
  logger: Logger,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    const gaps = await fieldsNotServed(api, clock, AbortSignal.any([signal, AbortSignal.timeout(SCHEMA_WITHIN_MS)]));
    if (gaps.length === 0) return true;
    const more = gaps.length > SHOWN_GAPS ? ` and ${gaps.length - SHOWN_GAPS} more` : '';
    logger.error(
      `the CRD in the cluster is older than this version: it lacks ${gaps.slice(0, SHOWN_GAPS).join(', ')}${more}. ` +
        'Apply that of this version, for example with: ses-lambda-pipeline crd | kubectl apply -f -',
    );
    return false;
  } catch (error) {
    if (!signal.aborted) logger.warn('the schema that the API server serves could not be read', { error });
    return true;
  }
}
