import { hostname } from 'node:os';
import type { systemClock } from './aws/system-clock.ts';
import { createArtifactPuller } from './code/artifact-puller.ts';
import type { PipelineSource } from './controller/source.ts';
import { createFolderSource } from './files/folder-source.ts';
import type { KubernetesApi } from './kubernetes/api.ts';
import { createEventRecorder } from './kubernetes/events.ts';
import { createKubernetesSource } from './kubernetes/kubernetes-source.ts';
import type { Config } from './service/config.ts';
import type { Logger } from './service/logger.ts';
import type { Metrics } from './service/metrics.ts';
import { createWatchLog } from './service/watch-log.ts';

/** Where the controller has its pipelines from: the cluster, or a folder. @param api undefined without a cluster */
export function controllerSource(
  config: Config,
  api: KubernetesApi | undefined,
  clock: ReturnType<typeof systemClock>,
  logger: Logger,
  metrics: Metrics,
): PipelineSource {
  const from = config.source;
  const pull = createArtifactPuller({ registries: config.ociRegistries, fetch });
  if (from.kind === 'files' || api === undefined)
    return createFolderSource({
      folder: from.kind === 'files' ? from.folder : '.',
      namespace: 'default',
      clock,
      pull,
      onProblem: ({ file, document, path, message }) =>
        logger.error('a manifest cannot be used', { file, document, path, problem: message }),
      onGone: (key, file) =>
        logger.warn('the manifest is gone: the pipeline is not looked after any more, and nothing is deleted', {
          pipeline: key,
          file,
        }),
    });
  const source = createKubernetesSource({
    api,
    clock,
    pull,
    namespaces: from.namespaces.length === 0 ? 'all' : from.namespaces,
    ...(from.labelSelector === undefined ? {} : { labelSelector: from.labelSelector }),
    events: createEventRecorder({
      api,
      clock,
      instance: hostname(),
      onFailure: (error) => logger.warn('an event could not be told', { error }),
    }),
    observerOf: (plural) => {
      const counted = metrics.kubernetes?.reflector(plural);
      const written = createWatchLog(logger, plural);
      return {
        ...counted,
        failed: (trouble) => {
          counted?.failed(trouble);
          written.failed(trouble);
        },
        handlerFailed: (error) => {
          counted?.handlerFailed();
          written.handlerFailed(error);
        },
      };
    },
  });
  for (const [plural, aliveMs] of Object.entries(source.aliveMs)) metrics.kubernetes?.watchFreshness(plural, aliveMs);
  return source;
}
