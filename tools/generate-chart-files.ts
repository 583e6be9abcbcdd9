import { tenancySchema } from '../src/core/tenancy.ts';
import { configOptions, type ConfigOption } from '../src/service/config-options.ts';
import { customResourceDefinitionFile } from './generate-crd.ts';

/** The chart's copy of the CRD. Helm leaves it where it is when a release goes: with it would go every pipeline. */
export const chartCustomResourceDefinition = (): string =>
  customResourceDefinitionFile().replace(
    /^metadata:\n/m,
    'metadata:\n  annotations:\n    helm.sh/resource-policy: keep\n',
  );

/** What the values of the chart may be; Helm refuses others by it. */
export function chartValuesSchema(): string {
  const schema = {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Values of the chart ses-lambda-pipeline',
    ...closed({
      global: { type: 'object', description: 'What Helm hands to charts within charts; not used here.' },
      replicaCount: { type: 'integer', minimum: 0, maximum: 10 },
      image: closed({
        repository: { type: 'string', minLength: 1 },
        tag: text,
        digest: { type: 'string', pattern: '^(sha256:[0-9a-f]{64})?$' },
        pullPolicy: { enum: ['Always', 'IfNotPresent', 'Never'] },
      }),
      imagePullSecrets: { type: 'array', items: closed({ name: text }) },
      aws: closed({
        credentials: { enum: ['ambient', 'irsa', 'podIdentity', 'secret'] },
        roleArn: { type: 'string', pattern: '^(arn:aws[a-z-]*:iam::[0-9]{12}:role/.+)?$' },
        secretName: text,
      }),
      namespaces: { type: 'array', uniqueItems: true, items: { type: 'string', pattern: DNS_LABEL } },
      tenants: { type: 'array', items: tenantSchema() },
      settings: closed(
        Object.fromEntries(
          configOptions()
            .filter(isFree)
            .map((option) => [option.name, valueOf(option)]),
        ),
      ),
      openTelemetry: {
        type: 'object',
        additionalProperties: false,
        patternProperties: { '^OTEL_[A-Z_]+$': { type: ['string', 'number', 'boolean'] } },
      },
      crds: closed({ install: flag }),
      serviceAccount: closed({ create: flag, name: text, annotations: texts }),
      rbac: closed({ create: flag }),
      metricsService: closed({ enabled: flag }),
      networkPolicy: closed({ enabled: flag, metricsFrom: texts, extraEgress: { type: 'array' } }),
      podDisruptionBudget: closed({ enabled: flag }),
      resources: { type: 'object' },
      podAnnotations: texts,
      podLabels: texts,
      priorityClassName: text,
      nodeSelector: texts,
      tolerations: { type: 'array' },
      affinity: { type: 'object' },
    }),
  };
  return `${JSON.stringify(schema, null, 2)}\n`;
}

/** An entry of the tenants file, by the schema that the controller reads the file with. */
function tenantSchema(): object {
  const { properties } = tenancySchema.toJSONSchema({ io: 'input', target: 'draft-07' });
  const tenants = properties?.['tenants'];
  if (typeof tenants !== 'object' || typeof tenants.items !== 'object') throw new Error('the file has tenants');
  return tenants.items;
}

const DNS_LABEL = '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$';

const text = { type: 'string' } as const;
const flag = { type: 'boolean' } as const;
const texts = { type: 'object', additionalProperties: text } as const;

const closed = (properties: Readonly<Record<string, unknown>>) =>
  ({ type: 'object', additionalProperties: false, properties }) as const;

/** The chart has a value of its own for these, or relies on what they are. */
const TAKEN = new Set(['manifests', 'namespaces', 'tenants', 'lease-namespace', 'metrics-address', 'health-address']);

const isFree = ({ name }: ConfigOption): boolean => !TAKEN.has(name);

/** The controller checks the value itself; here are only mistakes caught that YAML invites. */
function valueOf({ flags, isSwitch, description }: ConfigOption): object {
  if (isSwitch) return { ...flag, description };
  const [, placeholder = ''] = /<(.*)>$/.exec(flags) ?? [];
  // A fraction that comes by --set is a text.
  if (placeholder === 'number') return { type: ['number', 'string'], pattern: '^[0-9]+([.][0-9]+)?$', description };
  if (placeholder === 'duration') return { type: 'string', pattern: '^([0-9]+(ms|s|m|h))+$', description };
  return placeholder.includes('|')
    ? { enum: placeholder.split('|'), description }
    : { ...text, minLength: 1, description };
}
