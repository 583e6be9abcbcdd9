import { describe, expect, it } from 'vitest';
import { configOptions } from '../../src/service/config-options.ts';
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
