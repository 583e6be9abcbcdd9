import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { PipelineError } from '../core/fault.ts';

/** A cluster as a person names it. */
export type ClusterOptions = {
  /** Path; not set: `KUBECONFIG`, `~/.kube/config`, or the service account of the pod, in this order. */
  readonly kubeconfig?: string | undefined;
  /** Not set: the current one. */
  readonly context?: string | undefined;
};

export type ChosenCluster = {
  readonly config: KubeConfig;
  readonly context: string;
  readonly server: string;
  /** That of the context. */
  readonly namespace: string;
};

/** What a person may do who has not said which cluster. */
type Advice = { readonly noFile: string; readonly noContext: string };

const BY_OPTIONS: Advice = {
  noFile: 'Say --kubeconfig, or -f to look at files of pipelines instead.',
  noContext: 'Choose one with --context.',
};

type Environment = Readonly<Record<string, string | undefined>>;

const IN_POD = '/var/run/secrets/kubernetes.io/serviceaccount/token';

/**
 * The cluster that kubectl would talk to.
 *
 * @throws {PipelineError} one sentence when there is no kubeconfig, it cannot be read, or it has no such context
 */
export function chooseCluster(options: ClusterOptions, env: Environment, advice: Advice = BY_OPTIONS): ChosenCluster {
  const config = load(options.kubeconfig, env, advice);
  const known = config.getContexts().map(({ name }) => name);
  const context = options.context ?? config.getCurrentContext();
  if (!known.includes(context)) throw refusal(noContext(options.context, known, advice));
  config.setCurrentContext(context);
  const server = config.getCurrentCluster()?.server;
  if (server === undefined)
    throw refusal(`The context ${context} of the kubeconfig names a cluster that is not in it.`);
  return { config, context, server, namespace: config.getContextObject(context)?.namespace ?? 'default' };
}

/** client-node itself falls back to http://localhost:8080, where nobody is. */
function load(path: string | undefined, env: Environment, advice: Advice): KubeConfig {
  const config = new KubeConfig();
  const home = join(env['HOME'] ?? homedir(), '.kube', 'config');
  const named = env['KUBECONFIG'] === undefined || env['KUBECONFIG'] === '' ? undefined : env['KUBECONFIG'];
  const candidates =
    path !== undefined ? [path] : named !== undefined ? named.split(delimiter).filter(Boolean) : [home];
  const found = candidates.filter((each) => existsSync(each));
  if (found.length === 0 && path === undefined && named === undefined && existsSync(IN_POD)) {
    config.loadFromCluster();
    return config;
  }
  const [first, ...others] = found;
  if (first === undefined) throw refusal(noFile(path, named, home, advice));
  try {
    config.loadFromFile(first);
    for (const each of others) {
      const more = new KubeConfig();
      more.loadFromFile(each);
      config.mergeConfig(more);
    }
  } catch (error) {
    const [why] = String(error instanceof Error ? error.message : error).split('\n');
    throw refusal(`The kubeconfig ${found.join(', ')} cannot be read: ${why}.`);
  }
  return config;
}

function noFile(path: string | undefined, named: string | undefined, home: string, advice: Advice): string {
  if (path !== undefined) return `There is no kubeconfig ${path}.`;
  const why =
    named === undefined
      ? `there is no ${home}, and KUBECONFIG is not set`
      : `KUBECONFIG names ${named}, which does not exist`;
  return `No cluster to ask: ${why}. ${advice.noFile}`;
}

function noContext(wanted: string | undefined, known: readonly string[], advice: Advice): string {
  const there = known.length === 0 ? 'It has none.' : `It has: ${[...known].sort().join(', ')}.`;
  return wanted === undefined
    ? `The kubeconfig has no current context. ${advice.noContext} ${there}`
    : `The kubeconfig has no context ${wanted}. ${there}`;
}

const refusal = (message: string): PipelineError =>
  new PipelineError({ class: 'invalid', reason: 'KubernetesUnavailable', message });
