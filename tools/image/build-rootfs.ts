import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, delimiter, dirname, join, posix } from 'node:path';
import { readBuildContext } from './build-context.ts';
import { parseDockerfile, type Instruction, type Stage } from './dockerfile.ts';

type Pairs = Readonly<Record<string, string>>;

/** What an image says of itself, beside its files. */
export type ImageConfig = {
  readonly base: string;
  /** What a builder may give another value, with its default. */
  readonly args: Pairs;
  readonly env: Pairs;
  readonly labels: Pairs;
  readonly workdir: string;
  readonly user: string;
  readonly ports: readonly string[];
  readonly entrypoint: readonly string[];
  readonly cmd: readonly string[];
};

type Built = { readonly folder: string; readonly config: ImageConfig };

/**
 * Runs the stages of the Dockerfile without a container engine: each in a folder of its own, on this machine's Node and
 * npm in place of those of the base images. In `rootfs` is then what the last stage adds to its base.
 *
 * @param root the folder of the Dockerfile
 * @param say takes what is about to be done
 * @throws {Error} with the words of a command that fails
 */
export function buildRootfs(root: string, rootfs: string, say: (line: string) => void = () => {}): ImageConfig {
  const stages = parseDockerfile(readFileSync(join(root, 'Dockerfile'), 'utf8'));
  const scratch = mkdtempSync(join(tmpdir(), 'ses-lambda-pipeline-image-'));
  const built = new Map<string, Built>();
  try {
    let last: Built | undefined;
    for (const [index, stage] of stages.entries()) {
      say(`FROM ${stage.base}`);
      const folder = index === stages.length - 1 ? rootfs : join(scratch, String(index));
      last = buildStage({ root, folder, stage, built, say });
      built.set(stage.name ?? String(index), last);
    }
    if (last === undefined) throw new Error('The Dockerfile has no stage');
    return last.config;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

type StageRun = {
  readonly root: string;
  readonly folder: string;
  readonly stage: Stage;
  readonly built: ReadonlyMap<string, Built>;
  readonly say: (line: string) => void;
};

const EMPTY = { args: {}, env: {}, labels: {}, workdir: '/', user: '', ports: [], entrypoint: [], cmd: [] } as const;

function buildStage({ root, folder, stage, built, say }: StageRun): Built {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const base = built.get(stage.base);
  if (base !== undefined) copy(base.folder, folder);
  let config: ImageConfig = base?.config ?? { ...EMPTY, base: stage.base };
  for (const instruction of stage.instructions) {
    config = configAfter(config, instruction);
    const inside = (path: string) => join(folder, posix.resolve(config.workdir, path));
    if (instruction.kind === 'workdir') mkdirSync(inside('.'), { recursive: true });
    if (instruction.kind === 'copy') copyInto(instruction, inside, sourceOf(instruction, root, built));
    if (instruction.kind === 'run') {
      say(`RUN ${instruction.command}`);
      runIn(inside('.'), instruction.command, config.env);
    }
  }
  return { folder, config };
}

function configAfter(config: ImageConfig, instruction: Instruction): ImageConfig {
  switch (instruction.kind) {
    case 'workdir':
      return { ...config, workdir: posix.resolve(config.workdir, instruction.path) };
    case 'arg':
      return { ...config, args: { ...config.args, ...instruction.pairs } };
    case 'env':
      return { ...config, env: { ...config.env, ...instruction.pairs } };
    case 'label':
      return { ...config, labels: { ...config.labels, ...filledIn(instruction.pairs, config.args) } };
    case 'user':
      return { ...config, user: instruction.user };
    case 'expose':
      return { ...config, ports: [...config.ports, ...instruction.ports] };
    case 'entrypoint':
      return { ...config, entrypoint: instruction.words };
    case 'cmd':
      return { ...config, cmd: instruction.words };
    case 'copy':
    case 'run':
      return config;
  }
}

/** With `$NAME` replaced by the value of an ARG. */
const filledIn = (pairs: Pairs, args: Pairs): Pairs =>
  Object.fromEntries(
    Object.entries(pairs).map(([key, text]) => [
      key,
      text.replaceAll(/\$(\w+)/g, (_, name: string) => args[name] ?? ''),
    ]),
  );

type Copy = Extract<Instruction, { kind: 'copy' }>;

/** Turns a source of COPY into a path of this machine. */
function sourceOf({ from }: Copy, root: string, built: ReadonlyMap<string, Built>): (source: string) => string {
  if (from === undefined) {
    const context = readBuildContext(root);
    return (source) => {
      if (!context.includes(source)) throw new Error(`COPY ${source}: .dockerignore keeps it from the builder.`);
      return join(root, source);
    };
  }
  const stage = built.get(from);
  if (stage === undefined) throw new Error(`COPY --from=${from}: no stage has this name.`);
  return (source) => join(stage.folder, source);
}

/** A file goes into a target that ends in a slash; of a folder, what is in it becomes the content of the target. */
function copyInto({ sources, target }: Copy, inside: (path: string) => string, resolve: (source: string) => string) {
  for (const source of sources.map(resolve)) {
    const isFolder = statSync(source).isDirectory();
    const to = !isFolder && (target.endsWith('/') || sources.length > 1) ? join(target, basename(source)) : target;
    mkdirSync(dirname(inside(to)), { recursive: true });
    copy(source, inside(to));
  }
}

const copy = (from: string, to: string): void => cpSync(from, to, { recursive: true, verbatimSymlinks: true });

/** With our Node first, and with the way to the npm registry that this machine has; nothing else of the environment. */
function runIn(folder: string, command: string, env: Pairs): void {
  const mine = Object.entries(process.env).filter(([name]) => /^(HOME|npm_config_\w*|\w*_proxy)$/i.test(name));
  const path = [dirname(process.execPath), process.env['PATH']].join(delimiter);
  const { status, stdout, stderr } = spawnSync('sh', ['-c', command], {
    cwd: folder,
    env: { ...Object.fromEntries(mine), PATH: path, npm_config_prefer_offline: 'true', ...env },
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`RUN ${command} ended with ${status}:\n${stdout}${stderr}`);
}
