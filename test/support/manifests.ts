import type { z } from 'zod';
import type { manifestSchema } from '../../src/core/manifest.ts';

/** A document as a person writes it: defaults left out. */
export type Document = z.input<typeof manifestSchema>;
type Spec = Document['spec'];

/** What a test says about a pipeline; everything else has a default that works in a fresh sandbox. */
export type PipelineParts = {
  readonly name?: string;
  readonly namespace?: string;
  readonly region?: string;
  readonly storage?: Partial<Spec['messageBodyStorage']>;
  readonly role?: Spec['role'];
  readonly function?: Partial<Spec['function']>;
  readonly invocationType?: Spec['invocationType'];
  readonly ruleSet?: Spec['ruleSet'];
  readonly rules?: Spec['receiptRules'];
  readonly annotations?: Document['metadata']['annotations'];
} & Pick<Partial<Spec>, 'interval' | 'suspend' | 'managementPolicy'>;

/** A handler that logs each mail as one line of JSON. */
export const ECHO = `export const handler = async (event) => {
  for (const { ses } of event.Records)
    console.log(JSON.stringify({ messageId: ses.mail.messageId, recipients: ses.receipt.recipients }));
};`;

/** Two rules, a bucket of its own, a role that may read it, and a function that logs. */
export function pipeline(parts: PipelineParts = {}): Document {
  return {
    apiVersion: 'ses-lambda-pipeline.dev/v1alpha1',
    kind: 'SesLambdaPipeline',
    metadata: {
      name: parts.name ?? 'app',
      namespace: parts.namespace ?? 'mail',
      ...(parts.annotations === undefined ? {} : { annotations: parts.annotations }),
    },
    spec: {
      region: parts.region ?? 'us-west-2',
      messageBodyStorage:
        parts.storage?.bucketName === undefined ? { logicalName: 'Special', ...parts.storage } : parts.storage,
      role: parts.role ?? { privileges: [{ actions: ['s3:GetObject'], resource: '${bucket.arnAllKeys}' }] },
      function: { code: { inline: { 'index.mjs': ECHO } }, ...parts.function },
      ...(parts.invocationType === undefined ? {} : { invocationType: parts.invocationType }),
      ...(parts.ruleSet === undefined ? {} : { ruleSet: parts.ruleSet }),
      receiptRules: parts.rules ?? [rule('First', 'first@example.com'), rule('Second', 'second@example.com')],
      ...(parts.interval === undefined ? {} : { interval: parts.interval }),
      ...(parts.suspend === undefined ? {} : { suspend: parts.suspend }),
      ...(parts.managementPolicy === undefined ? {} : { managementPolicy: parts.managementPolicy }),
    },
  };
}

type Rule = Spec['receiptRules'][number];

/** A rule for some recipients; `{ name, recipients, …}` may be written out where a test needs more. */
export const rule = (name: string, ...recipients: readonly string[]): Rule => ({ name, recipients: [...recipients] });

/** Several documents as one file. JSON is YAML. */
export const fileOf = (documents: readonly unknown[]): string =>
  documents.map((one) => JSON.stringify(one)).join('\n---\n');
