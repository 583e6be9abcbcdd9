/** One row; what would end a cell is escaped. */
export const tableRow = (cells: readonly string[]): string =>
  `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;

/** A whole table. An empty heading leaves its column without one. */
export const tableOf = (headings: readonly string[], rows: readonly (readonly string[])[]): string =>
  [
    `| ${headings.join(' | ')} |`.replaceAll('|  |', '| |'),
    `|${headings.map(() => '---|').join('')}`,
    ...rows.map(tableRow),
  ].join('\n');
