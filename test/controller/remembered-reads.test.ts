import { describe, expect, it } from 'vitest';
import { createFullLooks } from '../../src/controller/full-looks.ts';
import { createRememberedReads } from '../../src/controller/remembered-reads.ts';
import { observePipeline } from '../../src/core/observe.ts';
import { fakeAws } from '../core/support/fake-aws.ts';
import { BUCKET_NAME, IDENTITY, manifest } from '../core/support/pipeline.ts';
import { ready } from './support/reconciling.ts';

const PUBLISHED = {
  function: { publish: true, async: { maximumRetryAttempts: 1 }, code: { inline: { 'index.mjs': '' } } },
};

async function looking(spec: object = {}) {
  const { aws } = await ready(spec);
  const reads = createRememberedReads(aws.ports);
  const look = async (depth: 'full' | 'light') => {
    const before = aws.calls.length;
    const { observed } = await observePipeline(manifest(spec), IDENTITY, { ...aws.ports, ...reads.planning(depth) });
    return { observed, calls: aws.calls.slice(before) };
  };
  return { aws, reads, look };
}

describe('createRememberedReads', () => {
  it('makes a light look of at most 8 calls that sees the same', async () => {
    const { look } = await looking();
    const full = await look('full');

    const light = await look('light');

    expect(light.observed).toEqual(full.observed);
    expect(light.calls.length).toBeLessThanOrEqual(8);
    expect(light.calls.length).toBeLessThan(full.calls.length);
  });

  it('sees the same of a published version, for two calls more', async () => {
    const { look } = await looking(PUBLISHED);
    const full = await look('full');

    const light = await look('light');

    expect(full.observed.function?.alias?.async?.maximumRetryAttempts).toBe(1);
    expect(light.observed).toEqual(full.observed);
    expect(light.calls.length).toBeLessThanOrEqual(10);
  });

  it('sees in a light look what others change in policies, in the function and in who may read the bucket', async () => {
    const { look } = await looking();
    await look('full');

    const { calls } = await look('light');

    expect(calls.map((call) => call.split(' ')[0])).toEqual(
      expect.arrayContaining([
        'buckets.policy',
        'buckets.publicAccessBlock',
        'functions.get',
        'functions.policy',
        'roles.get',
        'roles.inlinePolicy',
      ]),
    );
  });

  it('reads anew what was written to, although the write failed', async () => {
    const { aws, reads, look } = await looking();
    await look('full');
    aws.before = (call) =>
      call.startsWith('buckets.putVersioning')
        ? { class: 'transient', reason: 'AwsUnavailable', message: 'the answer was lost' }
        : undefined;

    await expect(reads.acting.buckets.putVersioning(BUCKET_NAME, 'Enabled')).rejects.toThrow('the answer was lost');

    expect((await look('light')).calls).toContain(`buckets.versioning ${BUCKET_NAME}`);
  });

  it('asks for everything at first, light or not', async () => {
    const aws = fakeAws();
    await aws.ports.buckets.create('bodies', {});
    const before = aws.calls.length;

    await createRememberedReads(aws.ports).planning('light').buckets.tags('bodies');

    expect(aws.calls.slice(before)).toEqual(['buckets.tags bodies']);
  });
});

describe('createFullLooks', () => {
  it('makes the first look and every sixth one full', () => {
    const looks = createFullLooks();
    const depths = Array.from({ length: 13 }, () => {
      const full = looks.due('mail/app');
      looks.looked('mail/app', full);
      return full ? 'full' : 'light';
    });

    expect(depths.flatMap((depth, index) => (depth === 'full' ? [index] : []))).toEqual([0, 6, 12]);
  });
});
