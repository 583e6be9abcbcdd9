import { describe, expect, test } from 'vitest';
import { DISCOVERY_VARIABLE, discoveryOf, encodeDiscovery } from '../../src/core/discovery.ts';
import { bucketOf, discover, objectKeys, type DiscoveredBucket } from '../../src/lambda/index.ts';

const bucketName = 'spartaapplication-sesmessagestorebucketa622fdfda5-1rhh9ckj38gt4';
const logicalId = 'SESMessageStoreBucketa622fdfda5789d596c08c79124f12b978b3da772';
const bucket: DiscoveredBucket = {
  DomainName: `${bucketName}.s3.amazonaws.com`,
  Ref: bucketName,
  Tags: [{ Key: 'sparta:logicalBucketName', Value: 'Special' }],
  Type: 'AWS::S3::Bucket',
  WebsiteURL: `http://${bucketName}.s3-website-us-west-2.amazonaws.com`,
};
const configuration = { [logicalId]: bucket, handlerFunc: 'index.handler' };

const envOf = (value: unknown) => ({
  SES_LAMBDA_PIPELINE_DISCOVERY: Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString(
    'base64',
  ),
});

describe('discover', () => {
  test('gives back the whole map, key for key', () => {
    expect(discover(envOf(configuration))).toEqual(configuration);
  });

  test('reads what the engine writes, the previous prefix included', () => {
    const input = {
      identity: {
        partition: 'aws',
        account: '123456789012',
        region: 'us-west-2',
        installation: 'slp',
        namespace: 'mail',
        name: 'spartaapplication',
      },
      bucketName,
      logicalName: 'Special',
      handler: 'index.handler',
      live: undefined,
    };
    const before = discoveryOf({ ...input, objectKeyPrefixes: ['old/'] });
    const now = discoveryOf({ ...input, objectKeyPrefixes: ['new/'], live: before });

    const discovery = discover({ [DISCOVERY_VARIABLE]: encodeDiscovery(now) });

    const found = bucketOf(discovery);
    expect(discovery['handlerFunc']).toBe('index.handler');
    expect(found).toMatchObject({ ...bucket, Ref: bucketName });
    expect(found && objectKeys(found, 'm1')).toEqual(['new/m1', 'old/m1']);
  });

  test('reads the environment of the process when none is given', () => {
    process.env['SES_LAMBDA_PIPELINE_DISCOVERY'] = envOf({ handlerFunc: 'own' }).SES_LAMBDA_PIPELINE_DISCOVERY;
    try {
      expect(discover()).toEqual({ handlerFunc: 'own' });
    } finally {
      delete process.env['SES_LAMBDA_PIPELINE_DISCOVERY'];
    }
  });

  test('gives a map of scalars only when there is no resource', () => {
    expect(discover(envOf({ handlerFunc: 'index.handler', region: 'us-west-2' }))).toEqual({
      handlerFunc: 'index.handler',
      region: 'us-west-2',
    });
  });

  test('parses once and remembers the result', () => {
    const env = envOf(configuration);

    expect(discover(env)).toBe(discover({ ...env }));
  });

  test('reads anew when the variable has changed', () => {
    discover(envOf(configuration));

    expect(discover(envOf({ handlerFunc: 'other.handler' }))).toEqual({ handlerFunc: 'other.handler' });
  });

  test('remembers no failure: it throws each time and recovers', () => {
    const bad = envOf('{');

    expect(() => discover(bad)).toThrow('not JSON in base64');
    expect(() => discover(bad)).toThrow('not JSON in base64');
    expect(discover(envOf(configuration))).toEqual(configuration);
  });

  test.each([
    ['outside a pipeline', {}, 'is not set'],
    ['when the variable is empty', { SES_LAMBDA_PIPELINE_DISCOVERY: '' }, 'is not set'],
    ['when it is not JSON', envOf('nonsense'), 'not JSON in base64'],
    ['when it is a list', envOf([]), 'does not hold a JSON object'],
    ['when it is null', envOf('null'), 'does not hold a JSON object'],
    ['when an entry is null', envOf({ [logicalId]: null }), 'neither a resource nor a scalar'],
    ['when a resource has no name', envOf({ [logicalId]: { Type: 'AWS::S3::Bucket' } }), `${logicalId}.Ref`],
    ['when a resource has no type', envOf({ [logicalId]: { Ref: bucketName } }), `${logicalId}.Type`],
    ['when prefixes are no list', envOf({ [logicalId]: { ...bucket, ObjectKeyPrefixes: 'a/' } }), 'ObjectKeyPrefixes'],
    ['when a prefix is no string', envOf({ [logicalId]: { ...bucket, ObjectKeyPrefixes: [1] } }), 'ObjectKeyPrefixes'],
  ])('throws %s', (_name, env, message) => {
    expect(() => discover(env)).toThrow(message);
  });
});

describe('bucketOf', () => {
  test('finds the bucket by the prefix of its logical id', () => {
    expect(bucketOf({ Other: { Ref: 'o', Type: 'AWS::S3::Bucket' }, ...configuration })).toEqual(bucket);
  });

  test('gives nothing when no bucket is listed, and does not take a scalar for one', () => {
    expect(bucketOf({ handlerFunc: 'index.handler', SESMessageStoreBucketName: 'text' })).toBeUndefined();
  });
});

describe('objectKeys', () => {
  test.each([
    ['at the root without prefixes', undefined, ['m1']],
    ['at the root with an empty list', [], ['m1']],
    ['under each prefix in its order', ['new/', 'old/', ''], ['new/m1', 'old/m1', 'm1']],
  ])('looks %s', (_name, prefixes, keys) => {
    expect(objectKeys(prefixes === undefined ? bucket : { ...bucket, ObjectKeyPrefixes: prefixes }, 'm1')).toEqual(
      keys,
    );
  });
});
