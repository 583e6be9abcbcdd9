import { invalidParameter, sesError } from './ses-error.ts';
import { objectKey, SETUP_NOTIFICATION } from './ses-object-key.ts';
import { ruleArn, type ReceiptAction, type ReceiptRule, type RuleHome, type S3Action } from './ses-types.ts';
import type { IamDoor, LambdaDoor, Principal, S3Door } from './service.ts';

/** The neighbours a receipt rule reaches. */
export type Targets = {
  readonly s3: S3Door;
  readonly iam: IamDoor;
  readonly lambda: LambdaDoor;
  readonly isVerified: (home: RuleHome, address: string) => boolean;
};

const SERVICE = 'ses.amazonaws.com';

/**
 * Tries every target of a rule as SES does on create and on update: it really writes the set-up object. Propagation
 * makes "wrong" and "not visible yet" look alike, here as on AWS.
 * https://docs.aws.amazon.com/ses/latest/dg/receiving-email-permissions.html
 */
export function checkTargets(targets: Targets, home: RuleHome, ruleSet: string, rule: ReceiptRule): void {
  for (const action of rule.actions) checkAction(targets, home, actingFor(home, ruleSet, rule.name), action);
}

/** SES acting for one rule: the caller that bucket policies and function permissions judge. */
export function actingFor(home: RuleHome, ruleSet: string, rule: string): Principal {
  return {
    kind: 'service',
    service: SERVICE,
    sourceAccount: home.account,
    sourceArn: ruleArn(home, ruleSet, rule),
  };
}

/** Who writes for an S3 action: its role when it has one, and then only the role. */
export function writerOf(action: S3Action, home: RuleHome, ses: Principal): Principal {
  return action.IamRoleArn === undefined
    ? ses
    : { kind: 'role', account: home.account, roleArn: action.IamRoleArn, sessionName: 'ses' };
}

function checkAction(targets: Targets, home: RuleHome, ses: Principal, { kind, action }: ReceiptAction): void {
  switch (kind) {
    case 'S3Action':
      checkBucket(targets, home, ses, action);
      return;
    case 'LambdaAction':
      checkFunction(targets, home, ses, action.FunctionArn);
      return;
    case 'SNSAction':
      checkTopic(home, action.TopicArn);
      return;
    case 'BounceAction':
      if (!targets.isVerified(home, action.Sender)) {
        throw invalidParameter(`Identity is not verified: ${action.Sender}`);
      }
      return;
    case 'AddHeaderAction':
    case 'StopAction':
    case 'WorkmailAction':
    case 'ConnectAction':
      return;
  }
}

function checkBucket({ s3, iam }: Targets, home: RuleHome, ses: Principal, action: S3Action): void {
  const { BucketName: bucket, IamRoleArn: roleArn, KmsKeyArn: keyArn } = action;
  const refuse = (message: string) => sesError('InvalidS3Configuration', message, { Bucket: bucket });
  if (keyArn !== undefined && !keyArn.startsWith('arn:')) throw refuse(`Invalid KMS encryption key ARN: ${keyArn}`);
  if (roleArn !== undefined && !iam.assumableBy(roleArn, SERVICE)) {
    throw invalidParameter('Could not assume the provided IAM Role');
  }
  const key = objectKey(action.ObjectKeyPrefix, SETUP_NOTIFICATION);
  const written = s3.putAs(writerOf(action, home, ses), bucket, key, setupMail(bucket));
  if (written.ok) return;
  throw refuse(
    written.reason === 'NoSuchBucket' ? `No such bucket: ${bucket}` : `Could not write to bucket: ${bucket}`,
  );
}

function checkFunction({ lambda }: Targets, home: RuleHome, ses: Principal, functionArn: string): void {
  const refuse = (message: string) => sesError('InvalidLambdaFunction', message, { FunctionArn: functionArn });
  const region = /^arn:[a-z-]+:lambda:([a-z0-9-]+):\d{12}:function:[a-zA-Z0-9-_]+(?::[a-zA-Z0-9$_-]+)?$/.exec(
    functionArn,
  )?.[1];
  if (region !== home.region) throw refuse(`Invalid Lambda function: ${functionArn}`);
  if (!lambda.functionExists(functionArn) || !lambda.invokableBy(ses, functionArn)) {
    throw refuse(`Could not invoke Lambda function: ${functionArn}`);
  }
}

function checkTopic(home: RuleHome, topicArn: string): void {
  const wellFormed = new RegExp(`^arn:[a-z-]+:sns:${home.region}:\\d{12}:[a-zA-Z0-9_-]{1,256}$`).test(topicArn);
  if (!wellFormed) throw sesError('InvalidSnsTopic', `Invalid SNS topic: ${topicArn}`, { Topic: topicArn });
}

function setupMail(bucket: string): Uint8Array {
  return Buffer.from(
    [
      'From: Amazon Web Services <no-reply-aws@amazon.com>',
      'Subject: Amazon SES Setup Notification',
      'MIME-Version: 1.0',
      'Content-Type: text/plain; charset=UTF-8',
      '',
      `You received this message because you created a receipt rule that stores mail in the bucket ${bucket}.`,
      'It only proves that the rule can write there. You may delete it.',
      '',
    ].join('\r\n'),
  );
}
