import { z } from 'zod';
import { cel } from './cel.ts';
import { arn, exactlyOneOf, objectKeyPrefix } from './schema-parts.ts';

const ONE_BUCKET = exactlyOneOf('logicalName', 'bucketName');

/** `spec.messageBodyStorage`: the bucket. */
export const messageBodyStorage = z
  .strictObject({
    logicalName: z
      .string()
      .min(1)
      .max(128)
      .regex(/^[A-Za-z0-9 _.:/=+@-]+$/, 'may hold letters, digits, spaces and _ . : / = + - @ (it becomes a tag)')
      .optional()
      .describe('Stable identity of the bucket: the same name always means the same bucket. Immutable.'),
    bucketName: z
      .string()
      .max(63)
      .regex(
        /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/,
        'must be the name of an S3 bucket: 3 to 63 of a-z, 0-9, dot and dash',
      )
      .optional()
      .describe('An existing bucket instead of our own: its policy is merged, and it is never deleted. Immutable.'),
    placement: z
      .enum(['HeadRule', 'PerRule'])
      .default('HeadRule')
      .describe(
        'HeadRule: one storage rule stands before all others. PerRule: an S3 action stands first in every rule.',
      ),
    objectKeyPrefix: objectKeyPrefix.default(''),
    deletionPolicy: z
      .enum(['Retain', 'Delete', 'DeleteWithContents'])
      .default('Retain')
      .describe(
        'What deleting the pipeline does to the bucket. Delete: only when nothing but the set-up objects of SES is in it.',
      ),
    encryption: z
      .strictObject({ kmsKeyArn: arn('kms', 'a KMS key').describe('Customer managed key; its policy must admit SES.') })
      .optional()
      .describe('Default encryption by a KMS key. Without it: AES256.'),
    expireAfterDays: z.int().min(1).max(36500).optional().describe('Days after which a stored body is removed.'),
    versioned: z.boolean().default(false).describe('Keep old versions of objects.'),
  })
  .refine(ONE_BUCKET.check, ONE_BUCKET.message)
  .refine(
    (storage) =>
      storage.bucketName === undefined ||
      (storage.encryption === undefined && storage.expireAfterDays === undefined && !storage.versioned),
    { message: 'encryption, expireAfterDays and versioned are for our own bucket, not for an existing bucketName' },
  )
  .refine((storage) => storage.bucketName === undefined || storage.deletionPolicy === 'Retain', {
    message: 'an existing bucket is never deleted: deletionPolicy must be Retain with bucketName',
  })
  .meta({
    description: 'Where SES stores the raw messages.',
    ...cel(
      ONE_BUCKET,
      {
        rule: '!has(self.bucketName) || (!has(self.encryption) && !has(self.expireAfterDays) && (!has(self.versioned) || !self.versioned))',
        message: 'encryption, expireAfterDays and versioned are for our own bucket, not for an existing bucketName',
      },
      {
        rule: "!has(self.bucketName) || !has(self.deletionPolicy) || self.deletionPolicy == 'Retain'",
        message: 'an existing bucket is never deleted: deletionPolicy must be Retain with bucketName',
      },
      {
        rule: 'has(self.logicalName) == has(oldSelf.logicalName) && (!has(self.logicalName) || self.logicalName == oldSelf.logicalName)',
        message: 'logicalName is immutable: it is the identity of the bucket',
      },
      {
        rule: 'has(self.bucketName) == has(oldSelf.bucketName) && (!has(self.bucketName) || self.bucketName == oldSelf.bucketName)',
        message: 'bucketName is immutable',
      },
    ),
  });
