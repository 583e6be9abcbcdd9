import type { ReceiptAction } from '@aws-sdk/client-ses';
import { describe, expect, it } from 'vitest';
import { fromSdkRule, toSdkRule } from '../../src/aws/receipt-rule-mapping.ts';
import type { ReceiptRule } from '../../src/core/receipt-rule.ts';

const FUNCTION_ARN = 'arn:aws:lambda:us-west-2:123456789012:function:echo';
const ORGANIZATION_ARN = 'arn:aws:workmail:us-west-2:123456789012:organization/m-1';
const TOPIC_ARN = 'arn:aws:sns:us-west-2:123456789012:mail';

const FULL: ReceiptRule = {
  name: 'full',
  enabled: true,
  tlsPolicy: 'Require',
  scanEnabled: true,
  recipients: ['a@example.com', '.example.com'],
  actions: [
    {
      kind: 's3',
      bucketName: 'mail',
      objectKeyPrefix: 'in/',
      kmsKeyArn: 'arn:k',
      topicArn: TOPIC_ARN,
      iamRoleArn: 'arn:r',
    },
    { kind: 'addHeader', name: 'X-Spam', value: 'no' },
    {
      kind: 'bounce',
      smtpReplyCode: '550',
      statusCode: '5.1.1',
      message: 'No such user',
      sender: 'a@example.com',
      topicArn: TOPIC_ARN,
    },
    { kind: 'sns', topicArn: TOPIC_ARN, encoding: 'Base64' },
    { kind: 'workmail', organizationArn: ORGANIZATION_ARN, topicArn: TOPIC_ARN },
    { kind: 'lambda', functionArn: FUNCTION_ARN, invocationType: 'RequestResponse', topicArn: TOPIC_ARN },
    { kind: 'stop', topicArn: TOPIC_ARN },
  ],
};

describe('receipt rule mapping', () => {
  it('keeps a rule with every member over a round trip', () => {
    expect(fromSdkRule(toSdkRule(FULL))).toEqual(FULL);
  });

  it('keeps a rule with few members over a round trip', () => {
    const bare: ReceiptRule = {
      name: 'bare',
      enabled: false,
      tlsPolicy: 'Optional',
      scanEnabled: false,
      recipients: [],
      actions: [
        { kind: 's3', bucketName: 'mail' },
        { kind: 'bounce', smtpReplyCode: '450', message: 'Later', sender: 'a@example.com' },
        { kind: 'workmail', organizationArn: ORGANIZATION_ARN },
        { kind: 'lambda', functionArn: FUNCTION_ARN, invocationType: 'Event' },
        { kind: 'stop' },
      ],
    };

    expect(fromSdkRule(toSdkRule(bare))).toEqual(bare);
  });

  it('always sends what an update would otherwise reset', () => {
    const sent = toSdkRule({ ...FULL, enabled: false, tlsPolicy: 'Optional', scanEnabled: false });

    expect(sent).toMatchObject({ Enabled: false, TlsPolicy: 'Optional', ScanEnabled: false });
  });

  it('leaves out recipients and strings that are empty', () => {
    const sent = toSdkRule({
      ...FULL,
      recipients: [],
      actions: [{ kind: 's3', bucketName: 'mail', objectKeyPrefix: '' }],
    });

    expect(sent.Recipients).toBeUndefined();
    expect(sent.Actions).toEqual([{ S3Action: { BucketName: 'mail' } }]);
  });

  it('fills in the defaults of what is absent', () => {
    const rule = fromSdkRule({
      Name: 'r',
      Actions: [{ SNSAction: { TopicArn: TOPIC_ARN } }, { LambdaAction: { FunctionArn: FUNCTION_ARN } }],
    });

    expect(rule).toEqual({
      name: 'r',
      enabled: false,
      tlsPolicy: 'Optional',
      scanEnabled: false,
      recipients: [],
      actions: [
        { kind: 'sns', topicArn: TOPIC_ARN, encoding: 'UTF-8' },
        { kind: 'lambda', functionArn: FUNCTION_ARN, invocationType: 'Event' },
      ],
    });
  });

  it.each<{ name: string; action: ReceiptAction; type: string; detail: string }>([
    {
      name: 'Connect',
      action: { ConnectAction: { InstanceARN: 'arn:i', IAMRoleARN: 'arn:r' } },
      type: 'connect',
      detail: 'arn:i arn:r',
    },
    { name: 'future', action: {}, type: 'unknown', detail: 'an action that this version does not know' },
  ])('shows a foreign $name action in words', ({ action, type, detail }) => {
    expect(fromSdkRule({ Name: 'theirs', Actions: [action] }).actions).toEqual([{ kind: 'other', type, detail }]);
  });

  it('refuses to write a rule with an action that it could not write whole', () => {
    const theirs: ReceiptRule = { ...FULL, actions: [{ kind: 'other', type: 'connect', detail: 'arn:i' }] };

    expect(() => toSdkRule(theirs)).toThrow(
      expect.objectContaining({ fault: expect.objectContaining({ class: 'bug' }) }),
    );
  });
});
