import { z } from 'zod';

const text = (description: string) => z.string().describe(description);

const condition = z
  .strictObject({
    type: text('Ready is the summary; one for each part follows.'),
    status: z.enum(['True', 'False', 'Unknown']),
    reason: text('One word from a closed list; the page of reasons says what to do about each.'),
    message: z.string().max(32_768).describe('The same for people.'),
    lastTransitionTime: z.string().meta({ format: 'date-time', description: 'When the status last changed.' }),
    observedGeneration: z.int().describe('Generation that this is about.'),
  })
  .meta({ description: 'One thing that is so, is not so, or is not known.', required: ['type', 'status'] });

/**
 * What a resource says about itself, for the CRD and for `kubectl explain`: the API server drops what is not in here,
 * so every status that tests write is held against it.
 */
export const statusSchema = z
  .strictObject({
    observedGeneration: z
      .int()
      .optional()
      .describe('Generation that the rest of the status is about; -1 before the first look.'),
    conditions: z
      .array(condition)
      .optional()
      .meta({
        description: 'What is so, part by part.',
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['type'],
      }),
    lastHandledReconcileAt: z
      .string()
      .optional()
      .describe('The value of the annotation reconcile-requested-at that was followed last.'),
    bucket: z
      .strictObject({
        logicalName: z.string().optional().describe('As in the spec; absent for an existing bucket.'),
        logicalId: z.string().optional().describe('Under which discovery lists it.'),
        name: text('Name on S3.'),
        arn: text('ARN of the bucket.'),
        domainName: text('Host name of the bucket in its region.'),
        websiteURL: text('Where a website of the bucket would be.'),
      })
      .optional()
      .describe('The bucket of the message bodies, once it exists.'),
    role: z
      .strictObject({ name: text('Name on IAM.'), arn: text('ARN of the role.') })
      .optional()
      .describe('The role of the function, once it exists.'),
    function: z
      .strictObject({
        name: text('Name on Lambda.'),
        arn: text('ARN of the function.'),
        codeSha256: text('Hash of its newest code, as Lambda gives it; the digest of an image.'),
        version: z
          .string()
          .optional()
          .describe('The version that the rules call, through the alias live; only with function.publish.'),
        logGroup: z.string().optional().describe('Log group of CloudWatch Logs that it writes into.'),
      })
      .optional()
      .describe('The function, once it exists.'),
    ruleSet: z
      .strictObject({
        name: text('Name on SES.'),
        active: z.boolean().describe('Whether it is the one rule set that receives mail.'),
        rules: z
          .array(
            z.strictObject({
              name: text('As in the spec.'),
              ruleName: text('Name on SES.'),
              position: z.int().describe('Counted from 1 among all rules of the set.'),
            }),
          )
          .meta({ description: 'Our rules, in the order of evaluation.', 'x-kubernetes-list-type': 'atomic' }),
      })
      .optional()
      .describe('The rule set and our rules in it.'),
    discovery: z.looseObject({}).optional().meta({
      description: 'What the function discovers at run time.',
      'x-kubernetes-preserve-unknown-fields': true,
    }),
  })
  .meta({ description: 'What the controller found out.', default: { observedGeneration: -1 } });
