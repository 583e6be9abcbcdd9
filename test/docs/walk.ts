import { spawn, type ChildProcess } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { once } from 'node:events';
import { peaceful } from '../demo/run-bin.ts';
import { run } from '../control-plane/run.ts';
import { codeBlocksOf, placeOf, ROOT, type CodeBlock } from './code-blocks.ts';
import { until } from '../demo/until.ts';
import { freePort } from '../support/free-port.ts';

/** A command of a page, what it printed, and what the page says that it prints. */
export type Walked = {
  readonly place: string;
  readonly code: number;
  readonly said: string;
  readonly wanted: { readonly code: number; readonly lines: string | undefined };
};

const NOT_RUN = /^Not run: /;
const OWN_TERMINAL = 'In a terminal of its own.';
const THAT_TERMINAL = 'In that terminal.';
const UNTIL = 'Until it prints what is said.';
const LOOKS = 50;
const SHOWN_WITHIN_MS = 60_000;

/**
 * Types every `sh` block of a page into one shell, in the page's order and in a folder as a clone has it, with the
 * sandbox on free ports. Stops at the first block that does not do what the page says.
 */
export async function walk(page: string, before: (url: string) => Promise<void> = async () => {}): Promise<Walked[]> {
  const folder = mkdtempSync(join(tmpdir(), 'ses-lambda-pipeline-walk-'));
  for (const name of await trackedFiles()) cpSync(join(ROOT, name), join(folder, name), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  const [port, smtpPort] = [await freePort(), await freePort()];
  const typed = (text: string): string =>
    text
      .replaceAll(/^npx ses-lambda-pipeline sandbox$/gm, `$& --port ${port} --smtp-port ${smtpPort}`)
      .replaceAll(/^npx ses-lambda-pipeline dev -f \S+$/gm, `$& --port ${port} --smtp-port ${smtpPort}`)
      .replaceAll('127.0.0.1:4566', `127.0.0.1:${port}`);
  const environment = join(folder, '.environment-of-the-walk');
  const blocks = codeBlocksOf(page);
  const endpoint = blocks.some(({ text }) => text.includes('AWS_ENDPOINT_URL'))
    ? {} // the page tells the reader to set it
    : { AWS_ENDPOINT_URL: `http://127.0.0.1:${port}` };
  const env = {
    ...peaceful(process.env),
    ...endpoint,
    PATH: [dirname(process.execPath), process.env['PATH']].join(delimiter),
  };
  const shell = (text: string) =>
    run('bash', ['-c', `exec 2>&1 # as a terminal shows it\n[ -f ${environment} ] && . ${environment}\n${text}`], {
      cwd: folder,
      env,
    });
  const terminals: Terminal[] = [];
  const walked: Walked[] = [];
  try {
    for (const [index, block] of blocks.entries()) {
      if (block.mark === THAT_TERMINAL) {
        walked.push(await shows(terminals.at(-1), block));
        if (!asWanted(walked.at(-1))) break;
      }
      if (block.language !== 'sh' || NOT_RUN.test(block.mark)) continue;
      if (block.mark === OWN_TERMINAL) {
        const child = spawn('bash', ['-c', `exec ${typed(block.text)}`], { cwd: folder, env, detached: true });
        terminals.push(await readyTerminal(child, placeOf(block)));
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
    for (const { pid } of terminals.map(({ child }) => child)) if (pid !== undefined) process.kill(-pid, 'SIGTERM');
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What a clone brings, and files that are new: nothing that was built or installed. */
async function trackedFiles(): Promise<readonly string[]> {
  const listed = await run('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: ROOT });
  return listed.out.split('\0').filter((name) => name !== '' && existsSync(join(ROOT, name)));
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
  return {
    code: Number(code),
    lines: next?.language === 'text' && next.mark !== THAT_TERMINAL ? next.text : undefined,
  };
}

/** A program that runs until the end of the walk, and all that it has printed. */
type Terminal = { readonly child: ChildProcess; readonly said: () => string };

/** Waits until the program says that Ctrl-C ends it. */
async function readyTerminal(child: ChildProcess, place: string): Promise<Terminal> {
  let said = '';
  const ended = once(child, 'exit').then(() => {
    throw new Error(`${place} ended: ${said}`);
  });
  const ready = new Promise<void>((resolve) => {
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (chunk: Buffer) => {
        said += chunk.toString();
        if (said.includes('Ctrl-C ends it')) resolve();
      });
  });
  ended.catch(() => {}); // once it is ready, it is ended by us
  await Promise.race([ready, ended]);
  return { child, said: () => said };
}

/** Waits until the terminal shows what the page says, and gives up in the end. */
async function shows(terminal: Terminal | undefined, block: CodeBlock): Promise<Walked> {
  const said = terminal?.said ?? (() => 'No terminal is open.');
  await until(() => prints(said(), block.text), SHOWN_WITHIN_MS);
  return { place: placeOf(block), code: 0, said: said(), wanted: { code: 0, lines: block.text } };
}
