import type { Argument, Command, Option } from 'commander';

/** What may stand where the cursor is, and a few words about it. */
export type Candidate = { readonly value: string; readonly about: string };

export type Completion = {
  readonly candidates: readonly Candidate[];
  /** The shell may offer files in their place. */
  readonly files: boolean;
  /** A pipeline is wanted: which there are has to be looked up, with the options given so far. */
  readonly pipelines?: Readonly<Record<string, readonly string[]>>;
};

const NOTHING: Completion = { candidates: [], files: false };

/**
 * What a program takes as the last of some words. Everything is read off the program itself: verbs, options, choices.
 *
 * @param words what has been typed behind the name of the program; the last is still being typed, and may be empty
 */
export function complete(program: Command, words: readonly string[]): Completion {
  const typed = words.slice(0, -1);
  const current = words.at(-1) ?? '';
  let command = program;
  let taken = 0;
  let pending: Option | undefined;
  let onlyArguments = false;
  const given: Record<string, string[]> = {};
  for (const word of typed) {
    if (pending !== undefined) {
      given[pending.attributeName()] = [...(given[pending.attributeName()] ?? []), word];
      pending = undefined;
    } else if (word === '--') onlyArguments = true;
    else if (word.startsWith('-') && !onlyArguments) {
      const [flag, value] = splitOnce(word);
      const option = optionCalled(command, flag);
      if (option !== undefined && takesValue(option) && value === undefined) pending = option;
      else if (option !== undefined) given[option.attributeName()] = [value ?? 'true'];
    } else {
      const verb = taken === 0 ? verbsOf(command).find((each) => each.name() === word) : undefined;
      if (verb === undefined) taken += 1;
      else command = verb;
    }
  }
  if (pending !== undefined) return valuesOf(pending, current, '');
  const [flag, value] = splitOnce(current);
  if (value !== undefined && current.startsWith('--')) {
    const option = optionCalled(command, flag);
    return option === undefined ? NOTHING : valuesOf(option, value, `${flag}=`);
  }
  if (current.startsWith('-') && !onlyArguments)
    return { candidates: beginning(current, optionsOf(command).flatMap(flagsOf)), files: false };
  const verbs = taken === 0 ? verbsOf(command).map((each) => ({ value: each.name(), about: each.description() })) : [];
  const wanted = argumentOf(command, taken);
  return {
    candidates: beginning(current, [...verbs, ...choicesOf(wanted)]),
    files: false,
    ...(wanted !== undefined && isPipeline(wanted) && { pipelines: given }),
  };
}

/** Those that begin with what has been typed. */
export const beginning = (typed: string, candidates: readonly Candidate[]): readonly Candidate[] =>
  candidates.filter(({ value }) => value.startsWith(typed));

/** `--output=json` is two words in one. */
function splitOnce(word: string): readonly [string, string?] {
  const at = word.indexOf('=');
  return at === -1 || !word.startsWith('--') ? [word] : [word.slice(0, at), word.slice(at + 1)];
}

/** With `--help`, which is no option of its own. */
const optionsOf = (command: Command): readonly Option[] => command.createHelp().visibleOptions(command);

const optionCalled = (command: Command, flag: string): Option | undefined =>
  optionsOf(command).find(({ long, short }) => long === flag || short === flag);

const verbsOf = (command: Command): readonly Command[] =>
  command
    .createHelp()
    .visibleCommands(command)
    .filter((each) => each.name() !== 'help');

const takesValue = ({ required, optional }: Option): boolean => required || optional;

const flagsOf = ({ long, description, hidden }: Option): readonly Candidate[] =>
  typeof long === 'string' && !hidden ? [{ value: long, about: description }] : [];

const PATHS = /<(?:path|file|folder|file\|json)>/;

function valuesOf({ argChoices, flags }: Option, typed: string, before: string): Completion {
  const candidates = (argChoices ?? []).map((choice) => ({ value: choice, about: '' }));
  const fitting = beginning(typed, candidates).map(({ value, about }) => ({ value: before + value, about }));
  return { candidates: fitting, files: candidates.length === 0 && PATHS.test(flags) };
}

/** The last one, where it may be repeated. */
function argumentOf({ registeredArguments }: Command, index: number): Argument | undefined {
  const last = registeredArguments.at(-1);
  return registeredArguments[index] ?? (last?.variadic === true ? last : undefined);
}

const choicesOf = (argument: Argument | undefined): readonly Candidate[] =>
  (argument?.argChoices ?? []).map((value) => ({ value, about: '' }));

const isPipeline = (argument: Argument): boolean => argument.name() === 'names' || argument.name() === 'name';
