import * as fc from 'fast-check';

/** Recipients that lie beside and within each other in every way there is. */
export const RECIPIENTS = ['a@x.io', 'a+l@x.io', 'b@x.io', 'c@x.io', 'x.io', '.x.io', 'd@s.x.io'] as const;

/** One address for each way to meet those recipients. */
export const ADDRESSES = [
  'a@x.io',
  'a+l@x.io',
  'a+m@x.io',
  'b@x.io',
  'c@x.io',
  'z@x.io',
  'd@s.x.io',
  'z@s.x.io',
  'z@y.io',
] as const;

const CODE = { inline: { 'index.mjs': 'export const handler = () => {};' } };

/** Mostly apart, or the pipelines would only take recipients from each other. */
const USUAL: Readonly<Record<string, readonly string[]>> = {
  alpha: ['a@x.io', 'a+l@x.io'],
  beta: ['b@x.io', 'c@x.io'],
  gamma: ['x.io', '.x.io', 'd@s.x.io'],
};

/**
 * What a person may write about a pipeline, and change about it later.
 *
 * @param stops whether its rules may end the evaluation
 */
export function pipelineSpecs(pipeline: string, stops = false): fc.Arbitrary<object> {
  const usual = fc.subarray([...(USUAL[pipeline] ?? RECIPIENTS)], { minLength: 1 });
  const any = fc.subarray([...RECIPIENTS], { minLength: 1, maxLength: 2 });
  const recipients = fc.oneof({ arbitrary: usual, weight: 6 }, { arbitrary: any, weight: 1 });
  return fc
    .record({
      names: fc.shuffledSubarray(['A', 'B', 'C'], { minLength: 1 }),
      recipients: fc.array(recipients, { minLength: 3, maxLength: 3 }),
      enabled: fc.array(mostly(true, false), { minLength: 3, maxLength: 3 }),
      ends: fc.array(stops ? mostly(false, true) : fc.constant(false), { minLength: 3, maxLength: 3 }),
      placement: fc.constantFrom('HeadRule', 'PerRule'),
      objectKeyPrefix: fc.constantFrom('', 'in', 'new'),
      handler: fc.constantFrom('index.handler', 'index.other'),
      set: mostly('main', 'other'),
      activate: fc.constantFrom('IfNone', 'Always'),
      position: fc.constantFrom('Head', 'Tail'),
      priority: fc.integer({ min: 0, max: 1 }),
    })
    .map(
      ({
        names,
        recipients: all,
        enabled,
        ends,
        placement,
        objectKeyPrefix,
        handler,
        set,
        activate,
        position,
        priority,
      }) => ({
        messageBodyStorage: { logicalName: 'Special', placement, objectKeyPrefix },
        function: { code: CODE, handler },
        ruleSet: { name: set, activate, position, priority },
        receiptRules: names.map((name) => {
          const at = 'ABC'.indexOf(name);
          return {
            name,
            recipients: all[at] ?? [],
            ...(enabled[at] === false && { enabled: false }),
            ...(ends[at] === true && { stop: true }),
          };
        }),
      }),
    );
}

function mostly<T>(usual: T, rare: T): fc.Arbitrary<T> {
  return fc.integer({ min: 0, max: 5 }).map((n) => (n === 5 ? rare : usual));
}
