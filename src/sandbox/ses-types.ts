/** Receiving types with the member names of the SES API, version 2010-12-01, so that what goes in is what comes out. */

export type S3Action = {
  readonly BucketName: string;
  readonly ObjectKeyPrefix?: string;
  readonly KmsKeyArn?: string;
  readonly TopicArn?: string;
  readonly IamRoleArn?: string;
};

export type LambdaAction = {
  readonly FunctionArn: string;
  readonly InvocationType: 'Event' | 'RequestResponse';
  readonly TopicArn?: string;
};

export type BounceAction = {
  readonly SmtpReplyCode: string;
  readonly Message: string;
  readonly Sender: string;
  readonly StatusCode?: string;
  readonly TopicArn?: string;
};

/** Exactly one kind of action; `action` holds the members as SES describes them. */
export type ReceiptAction =
  | { readonly kind: 'S3Action'; readonly action: S3Action }
  | { readonly kind: 'LambdaAction'; readonly action: LambdaAction }
  | { readonly kind: 'BounceAction'; readonly action: BounceAction }
  | {
      readonly kind: 'SNSAction';
      readonly action: { readonly TopicArn: string; readonly Encoding: 'UTF-8' | 'Base64' };
    }
  | { readonly kind: 'AddHeaderAction'; readonly action: { readonly HeaderName: string; readonly HeaderValue: string } }
  | { readonly kind: 'StopAction'; readonly action: { readonly Scope: 'RuleSet'; readonly TopicArn?: string } }
  | {
      readonly kind: 'WorkmailAction';
      readonly action: { readonly OrganizationArn: string; readonly TopicArn?: string };
    }
  | { readonly kind: 'ConnectAction'; readonly action: { readonly InstanceARN: string; readonly IAMRoleARN: string } };

/** A rule with every default filled in. */
export type ReceiptRule = {
  readonly name: string;
  readonly enabled: boolean;
  readonly scanEnabled: boolean;
  readonly tlsPolicy: 'Optional' | 'Require';
  /** Empty: every recipient on every verified domain. */
  readonly recipients: readonly string[];
  readonly actions: readonly ReceiptAction[];
};

export type RuleSet = {
  readonly name: string;
  readonly createdAtMs: number;
  /** In evaluation order. */
  readonly rules: readonly ReceiptRule[];
};

export type ReceiptFilter = { readonly name: string; readonly policy: 'Block' | 'Allow'; readonly cidr: string };

/** Where a rule lives: a region of the account. Rule sets never meet across regions. */
export type RuleHome = { readonly partition: string; readonly account: string; readonly region: string };

/** The ARN SES sends as `aws:SourceArn`. https://docs.aws.amazon.com/ses/latest/dg/receiving-email-permissions.html */
export function ruleArn(home: RuleHome, ruleSet: string, rule: string): string {
  return `arn:${home.partition}:ses:${home.region}:${home.account}:receipt-rule-set/${ruleSet}:receipt-rule/${rule}`;
}
