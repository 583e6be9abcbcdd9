/**
 * A pipeline in Kubernetes, on this machine: `npm run demo:cluster`. A real API server, the controller with nothing but
 * the shipped roles, and the embedded AWS. The exit status is 0 only if everything was as it should be.
 */
import { createNarrator } from './narrator.ts';
import { clusterStory, openStage, type Stage } from './cluster-story.ts';

const GIVE_UP_AFTER_MS = 15_000;

const narrator = createNarrator();
const interrupted = Promise.withResolvers<'interrupted'>();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupted.resolve('interrupted'));

let stage: Stage | undefined;
const story = (async () => {
  stage = await openStage(narrator);
  await clusterStory(stage, narrator);
})();

try {
  const how = await Promise.race([story, interrupted.promise]);
  process.exitCode = how === 'interrupted' ? 130 : narrator.finish();
} catch (error) {
  process.stderr.write(`Error: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
} finally {
  // Whatever is being built, started or asked for ends with the programs behind it.
  const closing = Promise.allSettled([story, stage?.close()]);
  const patience = setTimeout(() => process.exit(), GIVE_UP_AFTER_MS);
  await closing;
  clearTimeout(patience);
}
