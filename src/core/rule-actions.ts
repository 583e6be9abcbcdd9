import type { ManifestSpec, ReceiptRuleSpec, RuleActionSpec } from './manifest.ts';
import { normalisePrefix } from './object-key-prefix.ts';
import type { RuleAction } from './receipt-rule.ts';

/**
 * The actions of one rule in the order SES runs them: store the body, what the manifest lists, invoke, stop.
 *
 * @param stores whether the rule stores the body itself; otherwise a rule in front of it does, or nobody
 */
export function actionsOf(
  rule: ReceiptRuleSpec,
  spec: ManifestSpec,
  { bucketName, functionArn, stores }: { bucketName: string; functionArn: string; stores: boolean },
): readonly RuleAction[] {
  return [
    ...(stores ? [storeAction(rule.storage, spec, bucketName)] : []),
    ...rule.actions.flatMap(listedAction),
    { kind: 'lambda', functionArn, invocationType: rule.invocationType ?? spec.invocationType },
    ...(rule.stop ? [{ kind: 'stop' } as const] : []),
  ];
}

/** Stores the body, as the rule says or else as the pipeline does. */
export function storeAction(own: ReceiptRuleSpec['storage'], spec: ManifestSpec, bucketName: string): RuleAction {
  const prefix = normalisePrefix(own?.objectKeyPrefix ?? spec.messageBodyStorage.objectKeyPrefix);
  return {
    kind: 's3',
    bucketName,
    ...(prefix === '' ? {} : { objectKeyPrefix: prefix }),
    ...given('kmsKeyArn', own?.kmsKeyArn),
    ...given('topicArn', own?.topicArn),
  };
}

/** The schema lets exactly one member through. */
function listedAction({ addHeader, bounce, sns, workmail }: RuleActionSpec): RuleAction[] {
  if (addHeader !== undefined) return [{ kind: 'addHeader', ...addHeader }];
  if (sns !== undefined) return [{ kind: 'sns', ...sns }];
  if (workmail !== undefined)
    return [{ kind: 'workmail', organizationArn: workmail.organizationArn, ...given('topicArn', workmail.topicArn) }];
  if (bounce === undefined) return [];
  const { smtpReplyCode, statusCode, message, sender, topicArn } = bounce;
  return [
    {
      kind: 'bounce',
      smtpReplyCode,
      ...given('statusCode', statusCode),
      message,
      sender,
      ...given('topicArn', topicArn),
    },
  ];
}

function given<Name extends string>(name: Name, value: string | undefined): { readonly [key in Name]?: string } {
  return value === undefined ? {} : ({ [name]: value } as { readonly [key in Name]: string });
}

/**
 * What SES refuses because it is elsewhere: topics, keys and WorkMail organizations must be in the region of the rules.
 * The API server cannot say it: comparing every ARN of 199 rules with the region is beyond its budget.
 * @see https://docs.aws.amazon.com/ses/latest/dg/regions.html
 *
 * @returns one sentence for each, with the field's path
 */
export function arnsElsewhere(spec: ManifestSpec): readonly string[] {
  return spec.receiptRules.flatMap((rule, index) =>
    arnsIn(rule, `spec.receiptRules[${index}]`).flatMap(({ path, arn }) => {
      const region = arn.split(':')[3];
      return region === spec.region
        ? []
        : [`${path}: ${arn} is in region ${region}; SES takes only what is in the region of the rules, ${spec.region}`];
    }),
  );
}

type FoundArn = { readonly path: string; readonly arn: string };

function arnsIn(value: object, path: string): FoundArn[] {
  return Object.entries(value).flatMap(([key, member]): FoundArn[] => {
    const at = Array.isArray(value) ? `${path}[${key}]` : `${path}.${key}`;
    if (typeof member === 'object' && member !== null) return arnsIn(member as object, at);
    return typeof member === 'string' && key.endsWith('Arn') ? [{ path: at, arn: member }] : [];
  });
}
