import { z } from 'zod';
import { settingsSchema } from './settings.ts';

/** A setting as help and reference show it. */
export type ConfigOption = {
  /** Without dashes: `drift-interval`. */
  readonly name: string;
  /** `SES_LAMBDA_PIPELINE_DRIFT_INTERVAL`. */
  readonly variable: string;
  /** As commander takes it: `--drift-interval <duration>`; a switch may stand without a value. */
  readonly flags: string;
  readonly description: string;
  /** As it would be written; undefined when the setting has none. */
  readonly default: string | undefined;
  /** What is allowed, as it follows "must be". */
  readonly allowed: string;
  readonly isSwitch: boolean;
  readonly isList: boolean;
  /** Means nothing without a cluster. */
  readonly kubernetesOnly: boolean;
};

const PREFIX = 'SES_LAMBDA_PIPELINE_';

type SettingSchema = {
  readonly description?: string;
  readonly default?: string;
  readonly placeholder?: string;
  readonly allowed?: string;
  readonly variable?: string;
  readonly kubernetesOnly?: boolean;
};

/** Every setting of the controller, in the order of its reference page; taken from the schema that checks them. */
export function configOptions(): readonly ConfigOption[] {
  known ??= Object.entries(z.toJSONSchema(settingsSchema, { io: 'input' }).properties ?? {}).map(([name, property]) =>
    optionOf(name, property as SettingSchema),
  );
  return known;
}

let known: readonly ConfigOption[] | undefined;

function optionOf(name: string, setting: SettingSchema): ConfigOption {
  const placeholder = setting.placeholder ?? 'value';
  const isSwitch = placeholder === 'boolean';
  return {
    name,
    variable: setting.variable ?? `${PREFIX}${name.toUpperCase().replaceAll('-', '_')}`,
    flags: isSwitch ? `--${name} [boolean]` : `--${name} <${placeholder}>`,
    description: setting.description ?? '',
    default: setting.default,
    allowed: setting.allowed ?? '',
    isSwitch,
    isList: placeholder === 'names',
    kubernetesOnly: setting.kubernetesOnly ?? false,
  };
}

/** Whether a variable looks like one of ours. */
export const hasOurPrefix = (variable: string): boolean => variable.startsWith(PREFIX);
