import { dump } from 'js-yaml';
import type { CliIo } from './io.ts';
import type { OutputFormat } from './options.ts';

/** Prints data in the format that was asked for; `text` says how people see it. */
export function print(io: CliIo, format: OutputFormat, data: unknown, text: () => readonly string[]): void {
  switch (format) {
    case 'json':
      io.out(JSON.stringify(data, null, 2));
      return;
    case 'yaml':
      io.out(dump(data, { noRefs: true, lineWidth: 120 }).trimEnd());
      return;
    case 'text':
      for (const line of text()) io.out(line);
  }
}
