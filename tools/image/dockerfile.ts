/** An instruction of a Dockerfile, of those that we use. */
export type Instruction =
  | { readonly kind: 'workdir'; readonly path: string }
  | { readonly kind: 'copy'; readonly from?: string; readonly sources: readonly string[]; readonly target: string }
  | { readonly kind: 'run'; readonly command: string }
  | { readonly kind: 'arg' | 'env' | 'label'; readonly pairs: Readonly<Record<string, string>> }
  | { readonly kind: 'user'; readonly user: string }
  | { readonly kind: 'expose'; readonly ports: readonly string[] }
  | { readonly kind: 'entrypoint' | 'cmd'; readonly words: readonly string[] };

/** Of an image, or of an earlier stage, to what follows its FROM. */
export type Stage = { readonly base: string; readonly name?: string; readonly instructions: readonly Instruction[] };

/**
 * Reads the part of the language that our Dockerfile uses.
 *
 * @throws {Error} naming the line that says something else, so that nothing is left out unseen
 * @see https://docs.docker.com/reference/dockerfile/
 */
export function parseDockerfile(text: string): readonly Stage[] {
  const stages: Stage[] = [];
  for (const line of logicalLines(text)) {
    const [, word = '', rest = ''] = /^(\S+)\s+(.*)$/s.exec(line) ?? [];
    if (word.toUpperCase() === 'FROM') {
      stages.push(stageOf(line, rest));
      continue;
    }
    const stage = stages.pop();
    if (stage === undefined) throw notKnown(line);
    stages.push({ ...stage, instructions: [...stage.instructions, instructionOf(line, word.toUpperCase(), rest)] });
  }
  return stages;
}

/** Without comments and empty lines; a backslash at the end joins a line with the next. */
function logicalLines(text: string): readonly string[] {
  return text
    .split('\n')
    .filter((line) => !/^\s*(#|$)/.test(line))
    .join('\n')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
    .map((line) => line.trim());
}

function stageOf(line: string, rest: string): Stage {
  const found = /^(?:--platform=\S+\s+)?(?<base>\S+)(?:\s+AS\s+(?<name>\S+))?$/i.exec(rest);
  if (found?.groups === undefined) throw notKnown(line);
  const { base = '', name } = found.groups;
  return { base, instructions: [], ...(name === undefined ? {} : { name }) };
}

function instructionOf(line: string, word: string, rest: string): Instruction {
  switch (word) {
    case 'WORKDIR':
      return { kind: 'workdir', path: rest };
    case 'COPY':
      return copyOf(line, rest);
    case 'RUN':
      if (rest.startsWith('--') || rest.includes('<<')) throw notKnown(line);
      return { kind: 'run', command: rest };
    case 'ARG':
      return { kind: 'arg', pairs: pairsOf(line, rest) };
    case 'ENV':
      return { kind: 'env', pairs: pairsOf(line, rest) };
    case 'LABEL':
      return { kind: 'label', pairs: pairsOf(line, rest) };
    case 'USER':
      return { kind: 'user', user: rest };
    case 'EXPOSE':
      return { kind: 'expose', ports: rest.split(/\s+/) };
    case 'ENTRYPOINT':
      return { kind: 'entrypoint', words: wordsOf(line, rest) };
    case 'CMD':
      return { kind: 'cmd', words: wordsOf(line, rest) };
    default:
      throw notKnown(line);
  }
}

function copyOf(line: string, rest: string): Instruction {
  const words = rest.split(/\s+/);
  const from = words[0]?.startsWith('--from=') === true ? words.shift()?.slice('--from='.length) : undefined;
  const target = words.pop();
  if (target === undefined || words.length === 0 || words.some((word) => /^--|[*?[\]]/.test(word)))
    throw notKnown(line);
  return { kind: 'copy', sources: words, target, ...(from === undefined ? {} : { from }) };
}

function pairsOf(line: string, rest: string): Readonly<Record<string, string>> {
  const pairs = [...rest.matchAll(/([\w.]+)=(?:"([^"]*)"|(\S+))\s*/g)];
  if (pairs.map(([whole]) => whole).join('') !== rest) throw notKnown(line);
  return Object.fromEntries(pairs.map(([, key, quoted, plain]) => [key, quoted ?? plain]));
}

/** The JSON form only: the other needs a shell, which the image has not. */
function wordsOf(line: string, rest: string): readonly string[] {
  if (!rest.startsWith('[')) throw notKnown(line);
  return JSON.parse(rest) as readonly string[];
}

const notKnown = (line: string): Error =>
  new Error(`The Dockerfile says what tools/image does not know: "${line}". Teach it, or say it in another way.`);
