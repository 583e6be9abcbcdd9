import { z } from 'zod';
import { cel } from './cel.ts';
import { code } from './code-schema.ts';
import { functionSettings, LEVELS_OF_JSON } from './function-settings-schema.ts';
import { environment, environmentFrom } from './variables-schema.ts';

const EXISTING_CODE_OF_WHOM =
  'code.existing keeps the code of a function that is there: say which one as function.name';

/** What a function of a zip has when nothing is said; with an image nothing else may be said, since it would do nothing. */
export const DEFAULT_RUNTIME = 'nodejs24.x';
export const DEFAULT_HANDLER = 'index.handler';
const IMAGE_SAYS_WHAT_RUNS = 'an image says itself what runs: leave runtime, handler and layers out with code.imageUri';

const CONFIG_OF_IMAGE = 'imageConfig says how an image starts, and code.imageUri names none';

const VERSION_OF_WHAT = 'version names a version to go back to, and only publish: true makes versions';

/** `spec.function`. */
export const lambdaFunction = z
  .strictObject({
    name: z
      .string()
      .max(64)
      .regex(/^[A-Za-z0-9_-]+$/, 'must be the name of a Lambda function: letters, digits, - and _')
      .optional()
      .describe('Name of a function that exists, to take it over; ours is made up otherwise. Immutable.'),
    description: z.string().max(256).default('').describe('Empty: namespace/name and the handler.'),
    runtime: z
      .string()
      .max(64)
      .regex(/^[a-z0-9.]+$/, 'must be the identifier of a Lambda runtime such as nodejs24.x')
      .default(DEFAULT_RUNTIME)
      .describe('Identifier of a Lambda runtime.'),
    handler: z
      .string()
      .min(1)
      .max(128)
      .regex(/^[^\t\n\v\f\r ]+$/, 'may not hold white space')
      .default(DEFAULT_HANDLER)
      .describe('File and export, such as index.handler.'),
    memorySize: z.int().min(128).max(10_240).default(128).describe('Memory in MB.'),
    timeout: z.int().min(1).max(900).default(10).describe('Time limit in seconds.'),
    architecture: z.enum(['x86_64', 'arm64']).default('x86_64').describe('Processor architecture.'),
    environment,
    environmentFrom,
    ...functionSettings,
    publish: z
      .boolean()
      .default(false)
      .describe(
        'Publish a version after each change of code or configuration; the rules call the alias live, which moves to it.',
      ),
    version: z
      .string()
      .max(10)
      .regex(/^[1-9][0-9]*$/, 'must be the number of a published version, in quotes')
      .optional()
      .describe('Hold the alias live at this version, to go back to it. Nothing is published meanwhile.'),
    code,
  })
  .refine(({ publish, version }) => version === undefined || publish, { message: VERSION_OF_WHAT })
  .refine(
    ({ code, runtime, handler, layers }) =>
      code.imageUri === undefined ||
      (runtime === DEFAULT_RUNTIME && handler === DEFAULT_HANDLER && layers.length === 0),
    { message: IMAGE_SAYS_WHAT_RUNS },
  )
  .refine(({ code, imageConfig }) => imageConfig === undefined || code.imageUri !== undefined, {
    message: CONFIG_OF_IMAGE,
  })
  .refine(({ code, name }) => code.existing === undefined || name !== undefined, { message: EXISTING_CODE_OF_WHOM })
  .superRefine(({ environment, environmentFrom }, context) => {
    for (const name of Object.keys(environmentFrom).filter((name) => Object.hasOwn(environment, name)))
      context.addIssue({
        code: 'custom',
        path: ['environmentFrom', name],
        message: 'a variable stands in environment or in environmentFrom, not in both',
      });
  })
  .refine(LEVELS_OF_JSON.holds, { path: ['systemLogLevel'], message: LEVELS_OF_JSON.message })
  .meta({
    description: 'The function that is invoked for each mail.',
    ...cel(
      { rule: LEVELS_OF_JSON.rule, message: LEVELS_OF_JSON.message },
      { rule: '!has(self.code.existing) || has(self.name)', message: EXISTING_CODE_OF_WHOM },
      { rule: '!has(self.version) || (has(self.publish) && self.publish)', message: VERSION_OF_WHAT },
      {
        rule: `!has(self.code.imageUri) || ((!has(self.runtime) || self.runtime == '${DEFAULT_RUNTIME}') && (!has(self.handler) || self.handler == '${DEFAULT_HANDLER}') && (!has(self.layers) || size(self.layers) == 0))`,
        message: IMAGE_SAYS_WHAT_RUNS,
      },
      { rule: '!has(self.imageConfig) || has(self.code.imageUri)', message: CONFIG_OF_IMAGE },
      {
        rule: 'has(self.name) == has(oldSelf.name) && (!has(self.name) || self.name == oldSelf.name)',
        message: 'name is immutable: it is the identity of the function',
      },
      {
        rule: '!has(self.environment) || !has(self.environmentFrom) || self.environmentFrom.all(name, !(name in self.environment))',
        message: 'a variable stands in environment or in environmentFrom, not in both',
      },
    ),
  });
