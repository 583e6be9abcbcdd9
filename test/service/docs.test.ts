import { describe, expect, it } from 'vitest';
import { configOptions } from '../../src/service/config-options.ts';
import { EVENT_REASONS, FAULT_REASONS, STATE_REASONS } from '../../src/core/reasons.ts';
import { reasonsReference } from '../../tools/generate-reasons.ts';
import { configurationReference, metricsReference } from '../../tools/generate-service-docs.ts';

/** Cells of each row of all tables, headings aside. */
const rows = (page: string): string[][] =>
  page
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.slice(2, -2).split(/(?<!\\) \| /));

describe('configurationReference', () => {
  it('has a row for every setting, in the same columns', () => {
    const page = rows(configurationReference());

    expect(page).toHaveLength(configOptions().length);
    expect(page.filter((cells) => cells.length !== 4)).toEqual([]);
    for (const { variable } of configOptions()) expect(configurationReference()).toContain(`\`${variable}\``);
  });
});

describe('metricsReference', () => {
  it('is the same each time, and says something about each metric', () => {
    const page = rows(metricsReference());

    expect(metricsReference()).toBe(metricsReference());
    expect(page.length).toBeGreaterThan(35);
    expect(page.filter((cells) => cells.length !== 4 || cells[3] === '')).toEqual([]);
  });
});

describe('reasonsReference', () => {
  it('says what each reason means, and what to do about each that is a fault', () => {
    const page = rows(reasonsReference());
    const faults = page.slice(0, Object.keys(FAULT_REASONS).length);

    expect(page.map(([reason]) => reason)).toEqual(
      [FAULT_REASONS, STATE_REASONS, EVENT_REASONS].flatMap((list) => Object.keys(list).map((name) => `\`${name}\``)),
    );
    expect(page.filter(([, means = '']) => !/^[A-Z`].*\.$/.test(means))).toEqual([]);
    expect(faults.filter(([, , todo = '']) => !/^[A-Z].*\.$/.test(todo))).toEqual([]);
  });

  it('has the reasons of each list in the order of the alphabet', () => {
    for (const list of [FAULT_REASONS, STATE_REASONS, EVENT_REASONS])
      expect(Object.keys(list)).toEqual(Object.keys(list).toSorted());
  });
});
