/** What follows the options in `--help`. */
export const examples = (...lines: string[]): string =>
  `\nExamples:\n${lines.map((line) => `  $ ses-lambda-pipeline ${line}`).join('\n')}`;
