import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  decodeDiscovery,
  discoveryOf,
  DISCOVERY_VARIABLE,
  encodeDiscovery,
  websiteUrl,
  bucketDomainName,
  type DiscoveredBucket,
  type Discovery,
} from '../../src/core/discovery.ts';
import { IDENTITY } from './support/pipeline.ts';

const BUCKET = 'spartaapplication-sesmessagestorebucketa622fdfda5-1rhh9ckj38gt4';
const KEY = 'SESMessageStoreBucketa622fdfda5789d596c08c79124f12b978b3da772';

const discover = (objectKeyPrefixes: readonly string[], live?: Discovery, over: object = {}): Discovery =>
  discoveryOf({
    identity: IDENTITY,
    bucketName: BUCKET,
    logicalName: 'Special',
    handler: 'index.handler',
    objectKeyPrefixes,
    live,
    ...over,
  });

const bucketIn = (discovery: Discovery) => discovery[KEY] as DiscoveredBucket;

test('a function discovers what the seed shows, key for key', () => {
  expect(discover([''])).toEqual({
    [KEY]: {
      DomainName: `${BUCKET}.s3.amazonaws.com`,
      Ref: BUCKET,
      Tags: [{ Key: 'sparta:logicalBucketName', Value: 'Special' }],
      Type: 'AWS::S3::Bucket',
      WebsiteURL: `http://${BUCKET}.s3-website-us-west-2.amazonaws.com`,
    },
    handlerFunc: 'index.handler',
  });
});

test('an existing bucket is listed under its own name, without a logical name', () => {
  const discovery = discover([''], undefined, { bucketName: 'theirs', logicalName: undefined });

  expect(Object.values(discovery)[0]).toMatchObject({ Ref: 'theirs', Tags: [] });
});

describe('prefixes', () => {
  test('are listed, the current one first, each once', () => {
    expect(bucketIn(discover(['in/', 'x/', 'in/'])).ObjectKeyPrefixes).toEqual(['in/', 'x/']);
  });

  test('are listed when a rule has one and the pipeline has none', () => {
    expect(bucketIn(discover(['', 'x/'])).ObjectKeyPrefixes).toEqual(['', 'x/']);
  });

  test('keep the one before the last change, until the next change', () => {
    const first = discover(['']);
    const second = discover(['a/'], first);
    const again = discover(['a/'], second);
    const third = discover(['b/'], again);
    const back = discover([''], third);

    expect(bucketIn(second)).toMatchObject({ ObjectKeyPrefixes: ['a/', ''], PreviousObjectKeyPrefix: '' });
    expect(again).toEqual(second);
    expect(bucketIn(third)).toMatchObject({ ObjectKeyPrefixes: ['b/', 'a/'], PreviousObjectKeyPrefix: 'a/' });
    expect(bucketIn(back)).toMatchObject({ ObjectKeyPrefixes: ['', 'b/'], PreviousObjectKeyPrefix: 'b/' });
  });

  test('under which a rule still stores stay, whatever the manifest has said since', () => {
    const second = discover(['a/'], discover(['']));
    const third = discover(['b/'], second, { storedUnder: [''] });
    const later = discover(['b/'], third, { storedUnder: ['b/'] });

    expect(bucketIn(third).ObjectKeyPrefixes).toEqual(['b/', 'a/', '']);
    expect(later).toEqual(third);
    expect(bucketIn(discover(['c/'], later, { storedUnder: ['b/'] })).ObjectKeyPrefixes).toEqual(['c/', 'b/']);
  });

  test('of a rule that has none of its own any more stay until the next change', () => {
    const own = discover(['', 'x/']);

    expect(discover([''], own)).toEqual(own);
  });

  test('of a bucket that the function did not use before are not its previous ones', () => {
    const live = discover(['old/'], undefined, { logicalName: 'Another' });

    expect(bucketIn(discover(['new/'], live))).not.toHaveProperty('PreviousObjectKeyPrefix');
  });
});

test('what is encoded is decoded again, and the same manifest settles after one more look', () => {
  const prefix = fc.stringMatching(/^([a-zA-Z0-9]{1,9}\/)?$/);
  fc.assert(
    fc.property(fc.array(prefix, { minLength: 1, maxLength: 4 }), prefix, (prefixes, before) => {
      const discovery = discover(prefixes, discover([before]));
      const decoded = decodeDiscovery({ [DISCOVERY_VARIABLE]: encodeDiscovery(discovery) });

      expect(decoded).toEqual(discovery);
      expect(discover(prefixes, decoded)).toEqual(discovery);
    }),
  );
});

test.each<[string, Record<string, string>]>([
  ['nothing', {}],
  ['no base64', { [DISCOVERY_VARIABLE]: '%%%' }],
  ['no JSON', { [DISCOVERY_VARIABLE]: Buffer.from('{').toString('base64') }],
  ['no map', { [DISCOVERY_VARIABLE]: Buffer.from('[1]').toString('base64') }],
  ['null', { [DISCOVERY_VARIABLE]: Buffer.from('null').toString('base64') }],
])('an environment that holds %s discovers nothing', (_, environment) => {
  expect(decodeDiscovery(environment)).toBeUndefined();
});

test.each([
  ['us-west-2', 'aws', 'http://b.s3-website-us-west-2.amazonaws.com', 'b.s3.amazonaws.com'],
  ['eu-central-1', 'aws', 'http://b.s3-website.eu-central-1.amazonaws.com', 'b.s3.amazonaws.com'],
  ['cn-north-1', 'aws-cn', 'http://b.s3-website.cn-north-1.amazonaws.com.cn', 'b.s3.amazonaws.com.cn'],
])('a bucket in %s has its addresses', (region, partition, website, domain) => {
  const identity = { ...IDENTITY, region, partition };

  expect(websiteUrl(identity, 'b')).toBe(website);
  expect(bucketDomainName(identity, 'b')).toBe(domain);
});
