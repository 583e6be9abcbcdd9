import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { neededActions } from '../../src/core/needed-actions.ts';
import { IDENTITY } from './support/pipeline.ts';

const actions = new Set(neededActions(IDENTITY).flatMap((question) => question.actions));

/** How IAM calls what an operation needs, where that has another name. */
const IAM_NAMES: Readonly<Record<string, readonly string[]>> = {
  HeadBucket: ['ListBucket'],
  ListObjectVersions: ['ListBucketVersions'],
  DeleteObjects: ['DeleteObject', 'DeleteObjectVersion'],
  GetPublicAccessBlock: ['GetBucketPublicAccessBlock'],
  PutPublicAccessBlock: ['PutBucketPublicAccessBlock'],
  GetBucketEncryption: ['GetEncryptionConfiguration'],
  PutBucketEncryption: ['PutEncryptionConfiguration'],
  GetBucketLifecycleConfiguration: ['GetLifecycleConfiguration'],
  PutBucketLifecycleConfiguration: ['PutLifecycleConfiguration'],
  DeleteBucketLifecycle: ['PutLifecycleConfiguration'],
};

/** Adapters, and the service that each calls. */
const ADAPTERS: Readonly<Record<string, string>> = {
  'buckets.ts': 's3',
  'bucket-settings.ts': 's3',
  'bucket-objects.ts': 's3',
  'roles.ts': 'iam',
  'functions.ts': 'lambda',
  'log-groups.ts': 'logs',
  'receipt-rules.ts': 'ses',
  'mail-identities.ts': 'ses',
};

test('every operation that an adapter calls is asked for', () => {
  const folder = new URL('../../src/aws/', import.meta.url);
  const lacking = readdirSync(folder).flatMap((file) => {
    const service = ADAPTERS[file];
    if (service === undefined) return [];
    const called = [...readFileSync(new URL(file, folder), 'utf8').matchAll(/\(\s*'([A-Z][A-Za-z]+)'/g)].map(
      ([, name = '']) => name,
    );
    expect(called.length).toBeGreaterThan(1);
    return called
      .flatMap((name) => (IAM_NAMES[name] ?? [name]).map((each) => `${service}:${each}`))
      .filter((each) => !actions.has(each));
  });

  expect(lacking).toEqual([]);
});

test('each is asked for once', () => {
  expect(neededActions(IDENTITY).flatMap((question) => question.actions)).toHaveLength(actions.size);
});
