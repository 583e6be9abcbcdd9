import { describe, expect, it } from 'vitest';
import { createConvergenceWatch } from '../../src/controller/convergence-watch.ts';
import type { Step } from '../../src/core/step.ts';
import { functionConfiguration } from '../core/support/function-configuration.ts';

const step = (field: string, after: unknown): Step => ({
  id: `mail/app ${field}`,
  owner: 'mail/app',
  part: 'bucket',
  region: 'us-west-2',
  action: { kind: 'blockPublicAccess', bucket: 'bodies' },
  needs: [],
  lane: 'bucket bodies',
  why: 'it differs',
  changes: [{ field, before: 1, after }],
});

describe('createConvergenceWatch', () => {
  it('lets the same plan be carried out three times, then says which fields do not stay', () => {
    const watch = createConvergenceWatch();
    const steps = [step('memorySize', 256)];

    for (const _ of [1, 2, 3]) {
      expect(watch.judge('mail/app', steps)).toBeUndefined();
      watch.carriedOut('mail/app', steps);
    }

    expect(watch.judge('mail/app', steps)).toMatchObject({
      class: 'invalid',
      reason: 'NotConverging',
      message: expect.stringContaining('memorySize of public access block of bucket bodies'),
    });
  });

  it('takes a switch of sets to and fro for the same change', () => {
    const watch = createConvergenceWatch();
    const switching = (to: string, from: string): readonly Step[] => [
      { ...step('active', to), id: `us-west-2 switchRuleSet ${to} ${from}`, changes: [] },
    ];
    for (const [to, from] of [
      ['mail-green', 'mail'],
      ['mail', 'mail-green'],
      ['mail-green', 'mail'],
    ] as const)
      watch.carriedOut('mail/app', switching(to, from));

    expect(watch.judge('mail/app', switching('mail', 'mail-green'))).toMatchObject({ reason: 'NotConverging' });
  });

  it('does not take a Secret that changes before each look for the same change', () => {
    const watch = createConvergenceWatch();
    const rotated = (value: string): Step => ({
      ...step('environment.TOKEN', '(changed)'),
      action: {
        kind: 'updateFunctionConfiguration',
        fn: 'app',
        configuration: functionConfiguration({ environment: { TOKEN: value } }),
      },
    });
    for (const value of ['one', 'two', 'three']) watch.carriedOut('mail/app', [rotated(value)]);

    expect(watch.judge('mail/app', [rotated('four')])).toBeUndefined();
  });

  it('names no values: they may be secret', () => {
    const watch = createConvergenceWatch();
    const steps = [step('environment.TOKEN', 'canary')];
    for (const _ of [1, 2, 3]) watch.carriedOut('mail/app', steps);

    expect(watch.judge('mail/app', steps)?.message).not.toContain('canary');
  });

  it('allows another plan at once', () => {
    const watch = createConvergenceWatch();
    for (const _ of [1, 2, 3]) watch.carriedOut('mail/app', [step('memorySize', 256)]);

    expect(watch.judge('mail/app', [step('memorySize', 512)])).toBeUndefined();
  });

  it.each([
    { what: 'another plan was carried out in between', meanwhile: 'other' },
    { what: 'nothing was left to do in between', meanwhile: 'forget' },
  ])('counts from one again when $what', ({ meanwhile }) => {
    const watch = createConvergenceWatch();
    const steps = [step('memorySize', 256)];
    watch.carriedOut('mail/app', steps);
    watch.carriedOut('mail/app', steps);
    if (meanwhile === 'other') watch.carriedOut('mail/app', [step('timeout', 3)]);
    else watch.forget('mail/app');
    watch.carriedOut('mail/app', steps);

    expect(watch.judge('mail/app', steps)).toBeUndefined();
  });

  it('keeps pipelines apart', () => {
    const watch = createConvergenceWatch();
    const steps = [step('memorySize', 256)];
    for (const _ of [1, 2, 3]) watch.carriedOut('mail/app', steps);

    expect(watch.judge('mail/other', steps)).toBeUndefined();
  });
});
