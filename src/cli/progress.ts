import { createColors } from 'picocolors';
import type { StepEvent } from '../core/apply.ts';
import { describeAction, isWrite, type Step } from '../core/step.ts';
import type { CliIo } from './io.ts';
import { clean } from './render-problems.ts';

/** Shows steps as they run: plain lines, and on a terminal also what is under way at this moment. */
export function createProgress(io: CliIo) {
  const paint = createColors(io.colours);
  const running = new Map<string, { step: Step; startedAtMs: number; waitsFor?: string }>();
  const failed = new Map<string, StepEvent & { readonly kind: 'failed' }>();
  const name = (step: Step) => {
    const { verb, target } = describeAction(step.action);
    return clean(`${verb} ${target}`);
  };
  const seconds = (sinceMs: number) => `${((io.clock.now() - sinceMs) / 1000).toFixed(1)} s`;
  const redraw = () => {
    if (!io.interactive) return;
    const lines = [...running.values()].map(({ step, startedAtMs, waitsFor }) => {
      const waits = waitsFor === undefined ? '' : paint.dim(` — ${clean(waitsFor)}`);
      return `  … ${name(step)} ${paint.dim(seconds(startedAtMs))}${waits}`;
    });
    io.live(lines.join('\n'));
  };
  const line = (text: string) => {
    if (io.interactive) io.live('');
    io.err(text);
    redraw();
  };

  const onEvent = (event: StepEvent): void => {
    const { step } = event;
    const entry = running.get(step.id);
    switch (event.kind) {
      case 'started':
        running.set(step.id, { step, startedAtMs: io.clock.now() });
        return redraw();
      case 'waiting':
        if (entry?.waitsFor === undefined && !io.interactive) line(`  … ${name(step)}: ${clean(event.fault.message)}`);
        if (entry !== undefined) entry.waitsFor = event.fault.message;
        return redraw();
      case 'done':
        running.delete(step.id);
        return isWrite(step.action)
          ? line(`  ${paint.green('✓')} ${name(step)} ${paint.dim(seconds(entry?.startedAtMs ?? io.clock.now()))}`)
          : redraw();
      case 'failed':
        running.delete(step.id);
        failed.set(step.id, event);
        return event.fault.class === 'stale'
          ? line(`  ${paint.yellow('↻')} ${name(step)}: ${clean(event.fault.message)}`)
          : line(`  ${paint.red('✗')} ${name(step)}: ${clean(event.fault.message)}`);
      case 'skipped': {
        const root = failed.get(event.because);
        // What is looked at again is not left undone.
        if (!isWrite(step.action) || root?.fault.class === 'stale') return;
        const because = root === undefined ? clean(event.because) : name(root.step);
        return line(`  ${paint.dim(`- ${name(step)}: not done, because of: ${because}`)}`);
      }
    }
  };
  const ticking = io.interactive ? setInterval(redraw, 200) : undefined;
  return {
    onEvent,
    stop: () => {
      clearInterval(ticking);
      if (io.interactive) io.live('');
    },
  };
}
