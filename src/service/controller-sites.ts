import type { PipelineSource } from '../controller/source.ts';
import type { Config } from './config.ts';
import { judgeEventLoop, judgeFreshness, judgeThat, type Heartbeat } from './health.ts';
import { healthPage, metricsPage, pipelinesPage, readyPage, type Site } from './pages.ts';

/** A gap of this length between two beats means that the process hangs. */
export const EVENT_LOOP_LIMIT_MS = 10_000;
const FRESHNESS_LIMIT_MS = 10 * 60_000;

type SiteParts = {
  readonly config: Pick<Config, 'metricsAddress' | 'healthAddress' | 'pipelinesPage'>;
  readonly scrape: Parameters<typeof metricsPage>[0];
  readonly source: Pick<PipelineSource, 'lastAliveMs' | 'list'>;
  readonly heartbeat: Pick<Heartbeat, 'lastBeatMs' | 'worstGapMs'>;
  readonly now: () => number;
  readonly startedAtMs: number;
  /** Whether this process reconciles, rather than standing by. */
  readonly isWorking: () => boolean;
  /** Whether it stands for the Lease. */
  readonly isStanding: () => boolean;
};

/** What the controller shows of itself: metrics, whether it lives, whether it is ready and, on demand, its pipelines. */
export function controllerSites(parts: SiteParts): readonly Site[] {
  const { config, scrape, source, heartbeat, now, startedAtMs, isWorking, isStanding } = parts;
  const eventLoop = () =>
    judgeEventLoop({
      nowMs: now(),
      lastBeatMs: heartbeat.lastBeatMs(),
      worstGapMs: heartbeat.worstGapMs(),
      limitMs: EVENT_LOOP_LIMIT_MS,
    });
  const freshness = () =>
    judgeFreshness({ nowMs: now(), startedAtMs, lastAliveMs: source.lastAliveMs(), limitMs: FRESHNESS_LIMIT_MS });
  const started = () =>
    judgeThat(
      isWorking() || isStanding(),
      'the pipelines have not been listed yet: see the log for what the source answers',
    );
  return [
    { address: config.metricsAddress, pages: [metricsPage(scrape)] },
    {
      address: config.healthAddress,
      pages: [
        healthPage([
          { name: 'event-loop', judge: eventLoop },
          { name: 'pipelines', judge: () => (isWorking() ? freshness() : { ok: true }) },
        ]),
        readyPage([{ name: 'started', judge: started }]),
        ...(config.pipelinesPage ? [pipelinesPage(source.list)] : []),
      ],
    },
  ];
}
