import { z } from 'zod';
import { cel } from './cel.ts';
import { arn, refuseRepeated } from './schema-parts.ts';

/** `spec.role`. */
export const role = z
  .strictObject({
    privileges: z
      .array(
        z.strictObject({
          actions: z
            .array(
              z
                .string()
                .max(128)
                .regex(/^[a-z0-9-]+:[A-Za-z0-9*]+$/, 'must be an IAM action such as s3:GetObject'),
            )
            .min(1)
            .max(64)
            .superRefine(refuseRepeated)
            .meta({ description: 'IAM actions.', 'x-kubernetes-list-type': 'set' }),
          resource: z
            .string()
            .min(1)
            .max(2048)
            .describe(
              'An ARN. Tokens: ${bucket.arn}, ${bucket.arnAllKeys}, ${bucket.name}, ${account}, ${region}, ${partition}.',
            ),
        }),
      )
      .max(50)
      .default([])
      .meta({
        description: 'What the function may do beyond writing its own log.',
        'x-kubernetes-list-type': 'atomic',
      }),
    managedPolicyArns: z
      .array(arn('iam', 'a managed policy'))
      .max(20)
      .superRefine(refuseRepeated)
      .default([])
      .meta({ description: 'Managed policies attached to the role.', 'x-kubernetes-list-type': 'set' }),
    permissionsBoundaryArn: arn('iam', 'a managed policy').optional().describe('Permissions boundary of the role.'),
    existingArn: arn('iam', 'a role').optional().describe('An existing role instead of our own; it is never changed.'),
  })
  .refine(
    (role) =>
      role.existingArn === undefined ||
      (role.privileges.length === 0 &&
        role.managedPolicyArns.length === 0 &&
        role.permissionsBoundaryArn === undefined),
    { message: 'existingArn stands alone: an existing role is never changed' },
  )
  .meta({
    description: 'The role the function runs as.',
    ...cel({
      rule: '!has(self.existingArn) || ((!has(self.privileges) || size(self.privileges) == 0) && (!has(self.managedPolicyArns) || size(self.managedPolicyArns) == 0) && !has(self.permissionsBoundaryArn))',
      message: 'existingArn stands alone: an existing role is never changed',
    }),
  });
