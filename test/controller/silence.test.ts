import { array, assert, asyncProperty, constantFrom, stringMatching } from 'fast-check';
import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { planJson, renderPlan } from '../../src/cli/render-plan.ts';
import { lookAhead } from '../../src/core/converge.ts';
import type { Fault } from '../../src/core/fault.ts';
import { createLogObserver } from '../../src/service/log-observer.ts';
import { createLogger } from '../../src/service/logger.ts';
import { createMetrics } from '../../src/service/metrics.ts';
import { everyObserver } from '../../src/service/observers.ts';
import { CODE, pipeline } from '../core/support/pipeline.ts';
import { applying } from '../core/support/work.ts';
import { reconciling } from './support/reconciling.ts';
import { KEY, resource } from './support/resource.ts';

const FAILS: Fault = { class: 'invalid', reason: 'InvalidSpec', message: 'Lambda refuses it' };
const functionSpec = (literal: string) => ({
  code: { inline: { 'index.mjs': 'export const handler = () => {};' } },
  environment: { LITERAL: literal },
  environmentFrom: {
    SETTING: { configMapKeyRef: { name: 'settings', key: 'setting' } },
    PASSWORD: { secretKeyRef: { name: 'login', key: 'password' } },
  },
});

test('no value of the environment comes up in a plan, status, event, log or metric, whatever happens', async () => {
  const canary = stringMatching(/^canary-[a-z0-9]{12}$/);
  const happening = constantFrom('rotate', 'edit', 'drift by hand', 'remove by hand', 'refuse', 'allow', 'delete');
  await assert(
    asyncProperty(
      array(canary, { minLength: 6, maxLength: 6 }),
      array(happening, { maxLength: 8 }),
      async (values, happenings) => {
        let turn = 0;
        const next = (): string => values[turn++ % values.length] ?? '';
        const world = reconciling(resource({ function: functionSpec(next()) }));
        let environment = { SETTING: next(), PASSWORD: next() };
        world.source.inputsOf = () => ({ code: CODE, environment });
        const lines: string[] = [];
        const logger = createLogger({
          level: 'debug',
          format: 'json',
          write: (line) => lines.push(line),
          now: () => 0,
        });
        const metrics = createMetrics({
          registry: new Registry(),
          now: () => 0,
          version: '0',
          concurrency: 1,
          driftIntervalMs: 1,
        });
        world.listen(everyObserver([createLogObserver(logger), metrics.controller]));

        await world.reconcile();
        for (const what of happenings) {
          const known = world.source.resources.get(KEY);
          if (known === undefined) break;
          const [[name = '', fn] = []] = world.aws.functions;
          if (what === 'rotate') environment = { SETTING: next(), PASSWORD: next() };
          if (what === 'edit') {
            const { manifest } = resource({ function: functionSpec(next()) });
            world.source.resources.set(KEY, { ...known, manifest, generation: known.generation + 1 });
          }
          if (what === 'drift by hand' && fn !== undefined)
            world.aws.functions.set(name, { ...fn, environment: { PASSWORD: next() } });
          if (what === 'remove by hand') world.aws.functions.clear();
          if (what === 'refuse') world.aws.before = (call) => (call.startsWith('functions.update') ? FAILS : undefined);
          if (what === 'allow') world.aws.before = () => undefined;
          if (what === 'delete') world.source.resources.set(KEY, { ...known, deleting: true });
          await world.reconcile();
        }
        const plan = await lookAhead(
          applying(
            pipeline({ function: functionSpec(next()) }, { environment: { SETTING: next(), PASSWORD: next() } }),
          ),
          world.aws.ports,
        );

        const { source } = world;
        const everything = [
          ...lines,
          await metrics.scrape().then(({ text }) => text),
          ...[source.statuses, source.events, source.list().map(({ status }) => status), planJson(plan)].map((told) =>
            JSON.stringify(told),
          ),
          ...renderPlan(plan, false),
        ].join('\n');
        expect(everything).toContain(KEY);
        for (const value of [...values, ...values.map((text) => Buffer.from(text).toString('base64'))])
          expect(everything).not.toContain(value);
      },
    ),
    { numRuns: 40 },
  );
});
