import { createColors } from 'picocolors';

export type Narrator = {
  readonly say: (text: string) => void;
  readonly heading: (text: string) => void;
  readonly check: (claim: string, holds: boolean) => void;
  /** @returns the exit code */
  readonly finish: () => 0 | 1;
};

/** Prints what happens and keeps count of what should have been true. */
export function createNarrator(): Narrator {
  const paint = createColors(process.stdout.isTTY && process.env['NO_COLOR'] === undefined);
  const failed: string[] = [];
  let passed = 0;
  const say = (text: string): void => {
    process.stdout.write(`${text}\n`);
  };
  return {
    say,
    heading: (text: string) => say(`\n${paint.bold(`== ${text}`)}`),
    check: (claim: string, holds: boolean) => {
      if (holds) passed += 1;
      else failed.push(claim);
      say(`  ${holds ? paint.green('✓') : paint.red('✗ NOT TRUE:')} ${claim}`);
    },
    finish: () => {
      say('');
      if (failed.length === 0) say(paint.bold(`All ${passed} claims hold.`));
      else
        say(paint.red(`${failed.length} of ${passed + failed.length} claims do not hold:\n  ${failed.join('\n  ')}`));
      return failed.length === 0 ? 0 : 1;
    },
  };
}
