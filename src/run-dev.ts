import { randomUUID } from 'node:crypto';
import { systemClock } from './aws/system-clock.ts';
import type { DevEvent, DevSettings } from './cli/dev-events.ts';
import { createController } from './controller/controller.ts';
import { createTenants } from './controller/tenants.ts';
import { createWorkQueue } from './controller/work-queue.ts';
import { createDevObserver } from './dev/dev-observer.ts';
import { followSandbox } from './dev/follow-sandbox.ts';
import { createFolderSource } from './files/folder-source.ts';
import type { LoadedPipeline } from './files/load-manifests.ts';
import { portsByPlace } from './ports-by-place.ts';
import { createSyntaxCheck } from './sandbox/code-syntax.ts';
import { startSandbox } from './sandbox/sandbox.ts';

const INSTALLATION = 'slp';
/** The sandbox has no pace of its own to be kept to. */
const SES_CALLS_PER_SECOND = 1000;
const SECOND_MS = 1000;
/** Somebody waits for it: what is caught half-written is soon put right, and touches nobody's mail. */
const SETTLE_MS = 75;

/**
 * The composition root of `dev`: a sandbox, and the controller on a folder of manifests, with nothing between them but
 * AWS. Runs until the signal; a change under way is finished first.
 *
 * @throws when a port cannot be had
 */
export async function runDev(
  settings: DevSettings,
  tell: (event: DevEvent) => void,
  signal: AbortSignal,
): Promise<void> {
  const { folder, namespace, port, smtpPort, account } = settings;
  const clock = systemClock();
  const now = (): string => new Date(clock.now()).toISOString();
  const sandbox = await startSandbox({ port, smtpPort, account, functionUpdateMs: 0 });
  const unfollow = followSandbox(sandbox, tell, now);
  const ports = portsByPlace({
    clock,
    endpointUrl: sandbox.url,
    credentials: { accessKeyId: account, secretAccessKey: 'sandbox' },
    sesCallsPerSecond: SES_CALLS_PER_SECOND,
  });
  const observer = createDevObserver({ tell, now: clock.now });
  const syntax = createSyntaxCheck();
  const source = createFolderSource({
    folder,
    namespace,
    clock,
    // It is the developer's own folder.
    bundlesTypeScript: true,
    settleMs: SETTLE_MS,
    onProblem: (problem) => tell({ kind: 'problem', at: now(), ...problem }),
    onGone: (pipeline, file) => tell({ kind: 'gone', at: now(), pipeline, file }),
    onNews: observer.saved,
    check: ({ manifest, inputs: { code } }: LoadedPipeline) =>
      code.kind === 'zip'
        ? syntax.problemOf({ zip: code.bytes, sha256: code.sha256, runtime: manifest.spec.function.runtime })
        : Promise.resolve(undefined),
  });
  const queue = createWorkQueue<string>({
    clock,
    minRetryMs: SECOND_MS / 2,
    maxRetryMs: 10 * SECOND_MS,
    groupOf: (key) => source.get(key)?.manifest?.spec.region,
  });
  const controller = createController({
    source,
    portsOf: ports.of,
    tenants: createTenants(undefined, INSTALLATION),
    queue,
    observer: observer.controller,
    clock,
    after: (delayMs, call) => {
      const timer = setTimeout(call, delayMs);
      return () => clearTimeout(timer);
    },
    newReconcileId: randomUUID,
    installation: INSTALLATION,
    concurrency: 2,
    driftIntervalMs: 600 * SECOND_MS,
    driftJitter: 0.1,
    reconcileTimeoutMs: 120 * SECOND_MS,
  });
  tell({ kind: 'ready', url: sandbox.url, smtpPort: sandbox.smtpPort, account });
  try {
    await controller.run(signal, new AbortController().signal);
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    await queue.shutDown('drop');
    ports.close();
    unfollow();
    await sandbox.stop();
  }
}
