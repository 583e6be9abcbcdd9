import { z } from 'zod';
import { cel } from './cel.ts';
import { atMost, exactlyOneOf, objectName } from './schema-parts.ts';

const VARIABLES = atMost(100);

const RESERVED_ENVIRONMENT =
  '^(_HANDLER|_X_AMZN_TRACE_ID|AWS_DEFAULT_REGION|AWS_REGION|AWS_EXECUTION_ENV|AWS_LAMBDA_.*|AWS_ACCESS_KEY|AWS_ACCESS_KEY_ID|AWS_SECRET_ACCESS_KEY|AWS_SESSION_TOKEN|LAMBDA_TASK_ROOT|LAMBDA_RUNTIME_DIR|SES_LAMBDA_PIPELINE_.*)$';

const VARIABLE_NAME = '^[a-zA-Z][a-zA-Z0-9_]+$';
const VARIABLE_NAME_MESSAGE = 'a variable name has at least two of A-Z a-z 0-9 _';
const RESERVED_MESSAGE = 'a variable with this name is set by Lambda or by ses-lambda-pipeline itself';

/** A map by the names of variables, with the checks that such a map has wherever its values come from. */
const variables = <Value extends z.ZodType>(value: Value, description: string) =>
  z
    .record(z.string().regex(new RegExp(VARIABLE_NAME), VARIABLE_NAME_MESSAGE), value)
    .refine(VARIABLES.check, VARIABLES.message)
    .superRefine((map, context) => {
      const reserved = new RegExp(RESERVED_ENVIRONMENT);
      for (const name of Object.keys(map).filter((name) => reserved.test(name)))
        context.addIssue({ code: 'custom', path: [name], message: `${RESERVED_MESSAGE}; choose another name` });
    })
    .default({})
    .meta({
      description,
      maxProperties: VARIABLES.most,
      ...cel(
        { rule: `self.all(name, name.matches('${VARIABLE_NAME}'))`, message: VARIABLE_NAME_MESSAGE },
        { rule: `self.all(name, !name.matches('${RESERVED_ENVIRONMENT}'))`, message: RESERVED_MESSAGE },
      ),
    });

const keyOf = (kind: 'ConfigMap' | 'Secret') =>
  z
    .strictObject({
      name: objectName(kind, ''),
      key: z
        .string()
        .max(253)
        .regex(/^[-._a-zA-Z0-9]+$/, `must be a key of a ${kind}: letters, digits, - _ and .`)
        .describe('The key whose value the variable gets.'),
    })
    .optional()
    .describe(`A value of a ${kind}.`);

const ONE_SOURCE = exactlyOneOf('configMapKeyRef', 'secretKeyRef');
const variableSource = z
  .strictObject({ configMapKeyRef: keyOf('ConfigMap'), secretKeyRef: keyOf('Secret') })
  .refine(ONE_SOURCE.check, ONE_SOURCE.message)
  .meta({
    description: 'Where the value of a variable comes from.',
    ...cel(ONE_SOURCE),
  });

/** `spec.function.environment`. */
export const environment = variables(
  z.string().max(4096),
  'Environment variables. All values, ours and those of environmentFrom included, may take 4 KB.',
);

/** `spec.function.environmentFrom`. */
export const environmentFrom = variables(
  variableSource,
  'Environment variables whose values stand in ConfigMaps and Secrets. A change of a ConfigMap is carried through at once, one of a Secret at the next drift check.',
);
