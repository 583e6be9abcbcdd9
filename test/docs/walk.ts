import { spawn, type ChildProcess } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { once } from 'node:events';
import { peaceful } from '../demo/run-bin.ts';
import { run } from '../control-plane/run.ts';
import { codeBlocksOf, placeOf, ROOT, type CodeBlock } from './code-blocks.ts';
import { freePort } from '../support/free-port.ts';

/** A command of a page, what it printed, and what the page says that it prints. */
export type Walked = {
  readonly place: string;
  readonly code: number;
  readonly said: string;
  readonly wanted: { readonly code: number; readonly lines: string | undefined };
};

const WALKED = ['bin', 'src', 'examples', 'package.json', 'tsconfig.json'];
const NOT_RUN = /^Not run: /;
const OWN_TERMINAL = 'In a terminal of its own.';
const UNTIL = 'Until it prints what is said.';
const LOOKS = 50;

/**
 * Types every `sh` block of a page into one shell, in the page's order and in a copy of the checkout, with the sandbox
 * on free ports. Stops at the first block that does not do what the page says.
 */
export async function walk(page: string, before: (url: string) => Promise<void> = async () => {}): Promise<Walked[]> {
  const folder = mkdtempSync(join(tmpdir(), 'ses-lambda-pipeline-walk-'));
  for (const name of WALKED) cpSync(join(ROOT, name), join(folder, name), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  const [port, smtpPort] = [await freePort(), await freePort()];
  const typed = (text: string): string =>
    text
      .replaceAll(/^npx ses-lambda-pipeline sandbox$/gm, `$& --port ${port} --smtp-port ${smtpPort}`)
      .replaceAll('127.0.0.1:4566', `127.0.0.1:${port}`);
  const environment = join(folder, '.environment-of-the-walk');
  const env = { ...peaceful(process.env), PATH: [dirname(process.execPath), process.env['PATH']].join(delimiter) };
  const shell = (text: string) =>
    run('bash', ['-c', `exec 2>&1 # as a terminal shows it\n[ -f ${environment} ] && . ${environment}\n${text}`], {
      cwd: folder,
      env,
    });
  const terminals: ChildProcess[] = [];
  const walked: Walked[] = [];
  try {
    const blocks = codeBlocksOf(page);
    for (const [index, block] of blocks.entries()) {
      if (block.language !== 'sh' || NOT_RUN.test(block.mark)) continue;
      if (block.mark === OWN_TERMINAL) {
        const terminal = spawn('bash', ['-c', `exec ${typed(block.text)}`], { cwd: folder, env, detached: true });
        terminals.push(terminal);
        await saysThatItIsReady(terminal, placeOf(block));
        await before(`http://127.0.0.1:${port}`);
        continue;
      }
      const wanted = wantedOf(block, blocks[index + 1]);
      const script = `${wanted.code === 0 ? 'set -e\n' : ''}${typed(block.text)}\ncode=$?\nset +e; export -p > ${environment}; exit $code`;
      let ended = await shell(script);
      for (let look = 1; look < LOOKS && block.mark === UNTIL && !prints(ended.out, wanted.lines ?? ''); look += 1)
        ended = await shell(script);
      walked.push({ place: placeOf(block), code: ended.code, said: ended.out, wanted });
      if (!asWanted(walked.at(-1))) break;
    }
    return walked;
  } finally {
    for (const { pid } of terminals) if (pid !== undefined) process.kill(-pid, 'SIGTERM');
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Whether a block did what its page says. */
export const asWanted = (walked: Walked | undefined): boolean =>
  walked !== undefined && walked.code === walked.wanted.code && prints(walked.said, walked.wanted.lines ?? '…');

/** Whether the lines are among what was printed, in this order. `…` stands for anything, alone for any lines. */
export function prints(said: string, wanted: string): boolean {
  const lines = said.split('\n');
  let from = 0;
  for (const line of wanted.trimEnd().split('\n')) {
    const pattern = new RegExp(`^${line.split('…').map(escaped).join('.*')}$`);
    const at = lines.findIndex((printed, index) => index >= from && pattern.test(printed));
    if (at < 0) return false;
    if (line !== '…') from = at + 1;
  }
  return true;
}

const escaped = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);

function wantedOf({ mark }: CodeBlock, next: CodeBlock | undefined): Walked['wanted'] {
  const [, code = '0'] = /^Exit code: (\d+)\.$/.exec(mark) ?? [];
  return { code: Number(code), lines: next?.language === 'text' ? next.text : undefined };
}

async function saysThatItIsReady(terminal: ChildProcess, place: string): Promise<void> {
  let said = '';
  const ended = once(terminal, 'exit').then(() => {
    throw new Error(`${place} ended: ${said}`);
  });
  const ready = new Promise<void>((resolve) => {
    for (const stream of [terminal.stdout, terminal.stderr])
      stream?.on('data', (chunk: Buffer) => {
        said += chunk.toString();
        if (said.includes('Ctrl-C ends it')) resolve();
      });
  });
  ended.catch(() => {}); // once it is ready, it is ended by us
  await Promise.race([ready, ended]);
}
