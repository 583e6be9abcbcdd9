import type { ReceiptAction as SdkAction, ReceiptRule as SdkRule } from '@aws-sdk/client-ses';
import { PipelineError } from '../core/fault.ts';
import type { ReceiptRule, RuleAction } from '../core/receipt-rule.ts';

/**
 * A rule as SES describes it. What is absent has the default of the API: disabled, TLS optional, not scanned.
 * @see https://docs.aws.amazon.com/ses/latest/APIReference/API_ReceiptRule.html
 */
export function fromSdkRule(rule: SdkRule): ReceiptRule {
  return {
    name: rule.Name ?? '',
    enabled: rule.Enabled ?? false,
    tlsPolicy: rule.TlsPolicy === 'Require' ? 'Require' : 'Optional',
    scanEnabled: rule.ScanEnabled ?? false,
    recipients: rule.Recipients ?? [],
    actions: (rule.Actions ?? []).map(fromSdkAction),
  };
}

/**
 * A rule as SES takes it, whole: an update resets whatever it leaves out.
 * @throws {PipelineError} `bug` for an action that we never write
 */
export function toSdkRule(rule: ReceiptRule): SdkRule {
  return {
    Name: rule.name,
    Enabled: rule.enabled,
    TlsPolicy: rule.tlsPolicy,
    ScanEnabled: rule.scanEnabled,
    // An empty list is sent as one empty recipient, which SES refuses.
    Recipients: rule.recipients.length === 0 ? undefined : [...rule.recipients],
    Actions: rule.actions.map((action) => toSdkAction(action, rule.name)),
  };
}

function fromSdkAction(action: SdkAction): RuleAction {
  const { S3Action, LambdaAction, StopAction } = action;
  if (S3Action !== undefined) {
    return {
      kind: 's3',
      bucketName: S3Action.BucketName ?? '',
      ...given('objectKeyPrefix', S3Action.ObjectKeyPrefix),
      ...given('kmsKeyArn', S3Action.KmsKeyArn),
      ...given('topicArn', S3Action.TopicArn),
      ...given('iamRoleArn', S3Action.IamRoleArn),
    };
  }
  if (LambdaAction !== undefined) {
    return {
      kind: 'lambda',
      functionArn: LambdaAction.FunctionArn ?? '',
      invocationType: LambdaAction.InvocationType === 'RequestResponse' ? 'RequestResponse' : 'Event',
      ...given('topicArn', LambdaAction.TopicArn),
    };
  }
  if (StopAction !== undefined) return { kind: 'stop', ...given('topicArn', StopAction.TopicArn) };
  return { kind: 'other', ...otherAction(action) };
}

function otherAction(action: SdkAction): Pick<Extract<RuleAction, { kind: 'other' }>, 'type' | 'detail'> {
  const { AddHeaderAction, BounceAction, SNSAction, WorkmailAction, ConnectAction } = action;
  if (AddHeaderAction !== undefined) {
    return { type: 'addHeader', detail: `${AddHeaderAction.HeaderName}: ${AddHeaderAction.HeaderValue}` };
  }
  if (BounceAction !== undefined) {
    const { SmtpReplyCode, StatusCode, Message, Sender, TopicArn } = BounceAction;
    return { type: 'bounce', detail: words(SmtpReplyCode, StatusCode, `"${Message}"`, `from ${Sender}`, TopicArn) };
  }
  if (SNSAction !== undefined) return { type: 'sns', detail: words(SNSAction.TopicArn, SNSAction.Encoding ?? 'UTF-8') };
  if (WorkmailAction !== undefined) {
    return { type: 'workmail', detail: words(WorkmailAction.OrganizationArn, WorkmailAction.TopicArn) };
  }
  if (ConnectAction !== undefined) {
    return { type: 'connect', detail: words(ConnectAction.InstanceARN, ConnectAction.IAMRoleARN) };
  }
  return { type: 'unknown', detail: 'an action that this version does not know' };
}

function toSdkAction(action: RuleAction, ruleName: string): SdkAction {
  switch (action.kind) {
    case 's3':
      return {
        S3Action: {
          BucketName: action.bucketName,
          // SES refuses empty strings: what is not set is left out.
          ...given('ObjectKeyPrefix', action.objectKeyPrefix),
          ...given('KmsKeyArn', action.kmsKeyArn),
          ...given('TopicArn', action.topicArn),
          ...given('IamRoleArn', action.iamRoleArn),
        },
      };
    case 'lambda':
      return {
        LambdaAction: {
          FunctionArn: action.functionArn,
          InvocationType: action.invocationType,
          ...given('TopicArn', action.topicArn),
        },
      };
    case 'stop':
      return { StopAction: { Scope: 'RuleSet', ...given('TopicArn', action.topicArn) } };
    case 'other':
      throw new PipelineError({
        class: 'bug',
        reason: 'InternalError',
        message:
          `Rule "${ruleName}" has a ${action.type} action, which would be lost if the rule were written. ` +
          'Please report it.',
      });
  }
}

function given<K extends string>(name: K, value: string | undefined): { readonly [key in K]?: string } {
  return value === undefined || value === '' ? {} : ({ [name]: value } as { readonly [key in K]: string });
}

function words(...parts: readonly (string | undefined)[]): string {
  return parts.filter((part) => part !== undefined && part !== '').join(' ');
}
