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
  return fromSdkExtra(action);
}

/** What stands beside storing, invoking and stopping. */
function fromSdkExtra({
  AddHeaderAction,
  BounceAction,
  SNSAction,
  WorkmailAction,
  ConnectAction,
}: SdkAction): RuleAction {
  if (AddHeaderAction !== undefined) {
    return { kind: 'addHeader', name: AddHeaderAction.HeaderName ?? '', value: AddHeaderAction.HeaderValue ?? '' };
  }
  if (BounceAction !== undefined) {
    return {
      kind: 'bounce',
      smtpReplyCode: BounceAction.SmtpReplyCode ?? '',
      ...given('statusCode', BounceAction.StatusCode),
      message: BounceAction.Message ?? '',
      sender: BounceAction.Sender ?? '',
      ...given('topicArn', BounceAction.TopicArn),
    };
  }
  if (SNSAction !== undefined) {
    const encoding = SNSAction.Encoding === 'Base64' ? 'Base64' : 'UTF-8';
    return { kind: 'sns', topicArn: SNSAction.TopicArn ?? '', encoding };
  }
  if (WorkmailAction !== undefined) {
    return {
      kind: 'workmail',
      organizationArn: WorkmailAction.OrganizationArn ?? '',
      ...given('topicArn', WorkmailAction.TopicArn),
    };
  }
  if (ConnectAction !== undefined) {
    return { kind: 'other', type: 'connect', detail: `${ConnectAction.InstanceARN} ${ConnectAction.IAMRoleARN}` };
  }
  return { kind: 'other', type: 'unknown', detail: 'an action that this version does not know' };
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
    case 'addHeader':
      return { AddHeaderAction: { HeaderName: action.name, HeaderValue: action.value } };
    case 'bounce':
      return {
        BounceAction: {
          SmtpReplyCode: action.smtpReplyCode,
          ...given('StatusCode', action.statusCode),
          Message: action.message,
          Sender: action.sender,
          ...given('TopicArn', action.topicArn),
        },
      };
    case 'sns':
      return { SNSAction: { TopicArn: action.topicArn, Encoding: action.encoding } };
    case 'workmail':
      return {
        WorkmailAction: { OrganizationArn: action.organizationArn, ...given('TopicArn', action.topicArn) },
      };
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
