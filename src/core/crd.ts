import { z } from 'zod';
import { API_GROUP } from './api-group.ts';
import { KIND, manifestSchema } from './manifest.ts';
import { statusSchema } from './status-schema.ts';

/** Name of the definition: the plural and the group. */
export const CRD_NAME = `seslambdapipelines.${API_GROUP}`;

type Schema = { [key: string]: unknown };

/**
 * The CustomResourceDefinition, made from the schema that also validates files.
 *
 * What exists only for files (`filesOnly`) is left out; objects with fixed fields drop `additionalProperties`, since the
 * API server prunes unknown fields by itself.
 * @see https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/
 */
export function customResourceDefinition(): Schema {
  const column = (name: string, jsonPath: string, type = 'string') => ({ name, type, jsonPath });
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: CRD_NAME },
    spec: {
      group: API_GROUP,
      names: {
        kind: KIND,
        listKind: `${KIND}List`,
        plural: 'seslambdapipelines',
        singular: 'seslambdapipeline',
        shortNames: ['slp'],
      },
      scope: 'Namespaced',
      versions: [
        {
          name: 'v1alpha1',
          served: true,
          storage: true,
          subresources: { status: {} },
          additionalPrinterColumns: [
            column('Ready', '.status.conditions[?(@.type=="Ready")].status'),
            column('Reason', '.status.conditions[?(@.type=="Ready")].reason'),
            column('Bucket', '.status.bucket.name'),
            column('Function', '.status.function.name'),
            column('RuleSet', '.status.ruleSet.name'),
            column('Age', '.metadata.creationTimestamp', 'date'),
          ],
          schema: {
            openAPIV3Schema: resourceSchema(),
          },
        },
      ],
    },
  };
}

/** The schema of the resource: what its CRD says of `spec` and `status`. */
export function resourceSchema(): Schema & { readonly properties: Readonly<Record<string, Schema>> } {
  const schema = openApi(manifestSchema);
  const properties = schema['properties'] as Record<string, Schema>;
  return {
    description:
      'An inbound-mail pipeline on AWS: a bucket for the bodies, a role, a function, and an ordered list of SES receipt rules.',
    type: 'object',
    required: ['spec'],
    'x-kubernetes-validations': schema['x-kubernetes-validations'],
    properties: {
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      metadata: { type: 'object' },
      spec: structural(properties['spec'] ?? {}),
      status: structural(openApi(statusSchema)),
    },
  };
}

const openApi = (schema: z.ZodType): Schema => z.toJSONSchema(schema, { io: 'input', target: 'openapi-3.0' }) as Schema;

/** The subset of OpenAPI that Kubernetes calls structural. */
function structural(schema: Schema): Schema {
  const out: Schema = {};
  for (const [key, value] of Object.entries(schema)) {
    if (key === 'propertyNames' || key === 'filesOnly') continue;
    if (key === 'additionalProperties') {
      const members = typeof value === 'object' && value !== null ? structural(value as Schema) : {};
      if (Object.keys(members).length > 0) out[key] = members;
    } else if (key === 'properties') {
      const kept = Object.entries(value as Record<string, Schema>).filter(
        ([, property]) => property['filesOnly'] !== true,
      );
      out[key] = Object.fromEntries(kept.map(([name, property]) => [name, structural(property)]));
    } else if (key === 'items') {
      out[key] = structural(value as Schema);
    } else {
      out[key] = value;
    }
  }
  if (typeof out['description'] === 'string') out['description'] += defaultText(schema['default']);
  return out;
}

/** `kubectl explain` shows no defaults, so they are said. What is empty by default says so in its own words, if at all. */
function defaultText(value: unknown): string {
  const isPlain = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
  return isPlain && value !== '' ? ` Default: ${value}.` : '';
}
