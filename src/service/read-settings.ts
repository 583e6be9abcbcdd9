import { parseArgs } from 'node:util';
import { DISCOVERY_VARIABLE, LOG_LEVEL_VARIABLE } from '../core/discovery.ts';
import { configOptions, hasOurPrefix, type ConfigOption } from './config-options.ts';

/** A setting as somebody wrote it; `from` names the flag or variable. */
export type Written = { readonly text: string; readonly from: string };

export type ReadSettings = {
  /** By the name of the flag. Only what was written somewhere. */
  readonly written: ReadonlyMap<string, Written>;
  readonly problems: readonly string[];
};

/** Settings from a command line and an environment; a flag wins over a variable. Values are not looked at. */
export function readSettings(args: readonly string[], env: Readonly<Record<string, string | undefined>>): ReadSettings {
  const options = configOptions();
  const flags = readFlags(args, options);
  const variables = readVariables(env, options);
  return {
    written: new Map([...variables.written, ...flags.written]),
    problems: [...flags.problems, ...variables.problems],
  };
}

type Token = NonNullable<ReturnType<typeof parseArgs>['tokens']>[number];

function readFlags(args: readonly string[], options: readonly ConfigOption[]): ReadSettings {
  const written = new Map<string, Written>();
  const problems: string[] = [];
  const { tokens } = parseArgs({
    args: [...args],
    options: Object.fromEntries(options.map(({ name, isSwitch }) => [name, { type: isSwitch ? 'boolean' : 'string' }])),
    allowPositionals: true,
    strict: false,
    tokens: true,
  });
  let previous: Token | undefined;
  for (const token of tokens) {
    const option = token.kind === 'option' ? options.find(({ name }) => name === token.name) : undefined;
    if (token.kind === 'option' && option !== undefined) {
      const value = option.isSwitch ? (token.value ?? 'true') : token.value;
      const isNextFlag = token.inlineValue === false && value?.startsWith('--') === true;
      if (value === undefined || isNextFlag)
        problems.push(`${token.rawName} must be ${option.allowed}: it has no value.`);
      else written.set(option.name, { text: joined(option, written.get(option.name), value), from: token.rawName });
    } else if (token.kind === 'option') {
      problems.push(`${token.rawName} is not a flag of the controller; --help lists them.`);
    } else if (token.kind === 'positional') {
      const owner = ownerOf(token, previous, options);
      if (owner.kind === 'switch') written.set(owner.name, { text: token.value, from: `--${owner.name}` });
      if (owner.kind === 'nobody')
        problems.push(`${quoted(token.value)} is not expected: every setting is a flag with a value.`);
    }
    previous = token;
  }
  return { written, problems };
}

/** A word behind a switch is its value when it can be; one behind an unknown flag was meant for that. */
function ownerOf(
  token: Extract<Token, { kind: 'positional' }>,
  previous: Token | undefined,
  options: readonly ConfigOption[],
): { readonly kind: 'switch'; readonly name: string } | { readonly kind: 'unknown-flag' | 'nobody' } {
  if (previous?.kind !== 'option' || previous.value !== undefined) return { kind: 'nobody' };
  const option = options.find(({ name }) => name === previous.name);
  if (option === undefined) return { kind: 'unknown-flag' };
  return option.isSwitch && /^(true|false)$/i.test(token.value)
    ? { kind: 'switch', name: option.name }
    : { kind: 'nobody' };
}

const joined = (option: ConfigOption, before: Written | undefined, value: string): string =>
  option.isList && before !== undefined ? `${before.text},${value}` : value;

// The names that Kubernetes gives a container for every Service of its namespace: a Service called
// "ses-lambda-pipeline" or "ses-lambda-pipeline-metrics" makes some that look like ours.
// https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables
const SERVICE_LINK = /_(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)$/;
const OF_FUNCTIONS: readonly string[] = [DISCOVERY_VARIABLE, LOG_LEVEL_VARIABLE];

/** Whether a variable with our prefix is there for another reason than to set something. */
export const isNoSetting = (variable: string): boolean =>
  OF_FUNCTIONS.includes(variable) || SERVICE_LINK.test(variable);

function readVariables(
  env: Readonly<Record<string, string | undefined>>,
  options: readonly ConfigOption[],
): ReadSettings {
  const written = new Map<string, Written>();
  const problems: string[] = [];
  for (const [variable, text] of Object.entries(env)) {
    // Templates leave a variable empty when nothing is to be set.
    if (!hasOurPrefix(variable) || text === undefined || text === '') continue;
    const option = options.find((candidate) => candidate.variable === variable);
    if (option !== undefined) written.set(option.name, { text, from: variable });
    else if (!isNoSetting(variable))
      problems.push(`${quoted(variable)} is not a variable of the controller; --help lists them.`);
  }
  return { written, problems };
}

const MAX_SHOWN = 80;

/** Somebody's text inside a message: bounded, in quotes, on one line. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text);
}
