import { PipelineError } from '../core/fault.ts';
import { answerOf, type Answer } from '../diagnosis/answer.ts';
import { readLaneLoad, type LaneLoad } from '../diagnosis/lane-load.ts';
import type { CliIo } from './io.ts';

const TIMEOUT_MS = 5_000;

/** How busy the controller is whose metrics are at this address; undefined: nobody has said where one is. */
export async function askController(
  url: string | undefined,
  io: Pick<CliIo, 'signal'>,
): Promise<Answer<LaneLoad> | undefined> {
  if (url === undefined) return undefined;
  return answerOf(async () => {
    const page = `${url.replace(/\/$/, '')}/metrics`;
    const load = await fetch(page, { signal: AbortSignal.any([io.signal, AbortSignal.timeout(TIMEOUT_MS)]) }).then(
      async (response) => (response.ok ? readLaneLoad(await response.text()) : undefined),
      () => {
        throw unreachable(
          `Cannot reach a controller at ${url}: is it there? In a cluster, kubectl port-forward leads to it.`,
        );
      },
    );
    if (load === undefined)
      throw unreachable(`${page} is not a controller's page of metrics: see its --metrics-address.`);
    return load;
  });
}

const unreachable = (message: string): PipelineError =>
  new PipelineError({ class: 'transient', reason: 'KubernetesUnavailable', message });
