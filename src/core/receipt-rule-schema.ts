import { z } from 'zod';
import { cel } from './cel.ts';
import { MAX_ACTIONS } from './receipt-rule.ts';
import {
  arn,
  ARN,
  DOMAIN,
  exactlyOneOf,
  LOCAL_PART,
  objectKeyPrefix,
  refuseRepeated,
  topicArn,
} from './schema-parts.ts';

const recipient = z
  .string()
  .max(320)
  .regex(
    new RegExp(`^(${LOCAL_PART}@${DOMAIN}|\\.?${DOMAIN})$`),
    'must be an address (user@example.com), a domain (example.com) or all subdomains of one (.example.com); write an international domain in its xn-- form',
  )
  .describe('An address, a domain, or a domain with a leading dot for all its subdomains.');

/** Base name of the rule that stores for all others under `placement: HeadRule`. */
export const STORAGE_RULE = 'MessageBodyStorage';

const ruleStorage = z
  .strictObject({
    objectKeyPrefix: objectKeyPrefix.optional(),
    kmsKeyArn: arn('kms', 'a KMS key')
      .optional()
      .describe('SES encrypts on its side with this key before it stores; readers need the S3 encryption client.'),
    topicArn: topicArn.optional().describe('Topic of the same region that is told when a body was stored.'),
    disabled: z.boolean().default(false).describe('Do not store what this rule matches.'),
  })
  .describe('Storage of this rule alone; the rule then carries its own S3 action.');

/** How SES invokes the function. */
export const invocationType = z.enum(['Event', 'RequestResponse']);

const ONE_ACTION = exactlyOneOf('addHeader', 'bounce', 'sns', 'workmail');
/** With those of ours, which store, invoke and stop, as many as SES allows. */
const MOST_ACTIONS = MAX_ACTIONS - 3;

/** @see https://docs.aws.amazon.com/ses/latest/dg/receiving-email-action.html */
const ruleAction = z
  .strictObject({
    addHeader: z
      .strictObject({
        name: z
          .string()
          .min(1)
          .max(50)
          .regex(/^[A-Za-z0-9-]*$/, 'must be made of letters, digits and dashes')
          .describe('Name of the header.'),
        value: z
          .string()
          .min(1)
          .max(2048)
          .regex(/^[^\r\n]*$/, 'must be one line')
          .describe('Value of the header.'),
      })
      .optional()
      .describe('Adds a header for the function and for later rules; the stored body is without it.'),
    bounce: z
      .strictObject({
        smtpReplyCode: z
          .string()
          .max(3)
          .regex(/^[45][0-9]{2}$/, 'must be an SMTP reply code of a refusal: 4xx or 5xx')
          .describe('SMTP reply code (RFC 5321), such as "550".'),
        statusCode: z
          .string()
          .max(9)
          .regex(/^[45][.][0-9]{1,3}[.][0-9]{1,3}$/, 'must be an enhanced status code of a refusal, such as 5.1.1')
          .optional()
          .describe('Enhanced status code (RFC 3463), such as "5.1.1".'),
        message: z
          .string()
          .min(1)
          .max(1024)
          .regex(/^[^\r\n]*$/, 'must be one line')
          .describe('What the sender is told.'),
        sender: z
          .string()
          .max(320)
          .regex(new RegExp(`^${LOCAL_PART}@${DOMAIN}$`), 'must be an address (postmaster@example.com)')
          .describe('Address the bounce comes from; SES demands that it is verified.'),
        topicArn: topicArn.optional().describe('Topic of the same region that is told of the bounce.'),
      })
      .optional()
      .describe('Refuses the mail by a bounce. Whether later rules still see it AWS does not say; stop makes sure.'),
    sns: z
      .strictObject({
        topicArn: topicArn.describe('Topic of the same region.'),
        encoding: z.enum(['UTF-8', 'Base64']).default('UTF-8').describe('Base64 keeps bytes that are not UTF-8.'),
      })
      .optional()
      .describe('Publishes the whole mail to a topic; SES bounces what is larger than 150 KB.'),
    workmail: z
      .strictObject({
        organizationArn: z
          .string()
          .max(200)
          .regex(
            new RegExp(`${ARN}workmail:[a-z0-9-]+:[0-9]{12}:organization/m-[a-z0-9]{1,64}$`),
            'must be the ARN of a WorkMail organization, such as arn:aws:workmail:us-west-2:123456789012:organization/m-…',
          )
          .describe('Organization of the same region.'),
        topicArn: topicArn.optional().describe('Topic of the same region that is told of it.'),
      })
      .optional()
      .describe('Hands the mail over to Amazon WorkMail.'),
  })
  .refine(ONE_ACTION.check, ONE_ACTION.message)
  .meta({
    description: 'Exactly one action.',
    ...cel(ONE_ACTION),
  });

const receiptRule = z.strictObject({
  name: z
    .string()
    .max(31)
    .regex(
      /^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/,
      'must be made of letters, digits, dots and dashes, and begin and end with a letter or digit',
    )
    .refine((name) => name !== STORAGE_RULE, { message: 'MessageBodyStorage is the name of our own storage rule' })
    .meta({
      description: 'Unique in this pipeline; at most 31 characters.',
      ...cel({
        rule: "self != 'MessageBodyStorage'",
        message: 'MessageBodyStorage is the name of our own storage rule',
      }),
    }),
  recipients: z.array(recipient).max(500).superRefine(refuseRepeated).meta({
    description: 'Whom the rule is for. An empty list must be written: every recipient of every verified domain.',
    'x-kubernetes-list-type': 'set',
  }),
  tlsPolicy: z.enum(['Optional', 'Require']).default('Optional').describe('Require: mail without TLS is bounced.'),
  scanEnabled: z.boolean().default(true).describe('Scan for spam and viruses; sets verdicts, never blocks.'),
  enabled: z.boolean().default(true).describe('A rule that is not enabled is skipped.'),
  stop: z.boolean().default(false).describe('End the evaluation of the whole rule set after this rule.'),
  invocationType: invocationType.optional().describe('Overrides spec.invocationType for this rule.'),
  ruleName: z
    .string()
    .max(64)
    .regex(
      /^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$/,
      'must be the name of a receipt rule: letters, digits, _ . and -, beginning and ending with a letter or digit',
    )
    .optional()
    .describe('Name of a rule that exists in the set, to take it over. It is ours exactly while it is listed.'),
  actions: z.array(ruleAction).max(MOST_ACTIONS).default([]).meta({
    description: 'What SES does before it invokes the function, in this order; the body is stored first.',
    'x-kubernetes-list-type': 'atomic',
  }),
  storage: ruleStorage.optional(),
});

/** `spec.receiptRules`. */
export const receiptRules = z
  .array(receiptRule)
  .max(199)
  .superRefine(refuseRepeatedNames)
  .meta({
    description: 'The rules in the order in which SES evaluates them.',
    'x-kubernetes-list-type': 'atomic',
    ...cel(
      // The list in a list only names the names; comparing rule with rule took the API server seconds for 199 rules.
      {
        rule: '[self.map(rule, rule.name)].all(names, names.all(name, names.indexOf(name) == names.lastIndexOf(name)))',
        message: 'the name of each rule must be unique',
      },
      {
        rule: '[self.filter(rule, has(rule.ruleName)).map(rule, rule.ruleName)].all(names, names.all(name, names.indexOf(name) == names.lastIndexOf(name)))',
        message: 'the ruleName of each rule must be unique',
      },
    ),
  });

type NamedRule = { readonly name: string; readonly ruleName?: string | undefined };

function refuseRepeatedNames(rules: readonly NamedRule[], context: z.RefinementCtx): void {
  for (const field of ['name', 'ruleName'] as const) {
    const first = new Map<string, number>();
    for (const [index, { [field]: name }] of rules.entries()) {
      if (name === undefined) continue;
      const earlier = first.get(name);
      if (earlier === undefined) first.set(name, index);
      else
        context.addIssue({
          code: 'custom',
          path: [index, field],
          message: `rule ${earlier + 1} of the list is called ${JSON.stringify(name)} too; the ${field} of each rule must be unique`,
        });
    }
  }
}
