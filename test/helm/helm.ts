import { findGoPrograms } from '../control-plane/go-programs.ts';
import { run, type Ended } from '../control-plane/run.ts';

/** Helm 4: the one at hand, or from our cache, or built from source into it. @throws {Error} saying what to install */
export async function findHelm(): Promise<string> {
  const atHand = await run('helm', ['version', '--short']).catch(() => undefined);
  if (atHand?.out.startsWith('v4.') === true) return 'helm';
  const { helm } = await findGoPrograms(
    {
      module: import.meta.dirname,
      versionOf: 'helm.sh/helm/v4',
      packages: { helm: 'helm.sh/helm/v4/cmd/helm' },
      versionVariable: 'helm.sh/helm/v4/internal/version.version',
      purpose: 'The chart',
    },
    process.env,
  );
  return helm;
}

/** Runs Helm with nothing of this machine's configuration. A Helm that fails is a result, not an error. */
export async function helm(args: readonly string[], kubeconfig = '/dev/null'): Promise<Ended> {
  return run(await findHelm(), args, {
    env: { PATH: process.env['PATH'], HOME: '/nonexistent', KUBECONFIG: kubeconfig },
  });
}
