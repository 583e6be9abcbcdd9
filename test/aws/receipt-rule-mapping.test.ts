import type { ReceiptAction } from '@aws-sdk/client-ses';
import { describe, expect, it } from 'vitest';
import { fromSdkRule, toSdkRule } from '../../src/aws/receipt-rule-mapping.ts';
import type { ReceiptRule } from '../../src/core/receipt-rule.ts';

const FUNCTION_ARN = 'arn:aws:lambda:us-west-2:123456789012:function:echo';
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
    const rule = fromSdkRule({ Name: 'r', Actions: [{ LambdaAction: { FunctionArn: FUNCTION_ARN } }] });

    expect(rule).toEqual({
      name: 'r',
      enabled: false,
      tlsPolicy: 'Optional',
      scanEnabled: false,
      recipients: [],
      actions: [{ kind: 'lambda', functionArn: FUNCTION_ARN, invocationType: 'Event' }],
    });
  });

  it.each<{ name: string; action: ReceiptAction; type: string; detail: string }>([
    {
      name: 'header',
      action: { AddHeaderAction: { HeaderName: 'X-Spam', HeaderValue: 'no' } },
      type: 'addHeader',
      detail: 'X-Spam: no',
    },
    {
      name: 'bounce',
      action: { BounceAction: { SmtpReplyCode: '550', StatusCode: '5.1.1', Message: 'No such user', Sender: 'a@b.c' } },
      type: 'bounce',
      detail: '550 5.1.1 "No such user" from a@b.c',
    },
    { name: 'topic', action: { SNSAction: { TopicArn: TOPIC_ARN } }, type: 'sns', detail: `${TOPIC_ARN} UTF-8` },
    {
      name: 'WorkMail',
      action: { WorkmailAction: { OrganizationArn: 'arn:aws:workmail:us-west-2:1:organization/m-1' } },
      type: 'workmail',
      detail: 'arn:aws:workmail:us-west-2:1:organization/m-1',
    },
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
    const theirs: ReceiptRule = { ...FULL, actions: [{ kind: 'other', type: 'sns', detail: TOPIC_ARN }] };

    expect(() => toSdkRule(theirs)).toThrow(
      expect.objectContaining({ fault: expect.objectContaining({ class: 'bug' }) }),
    );
  });
});
