import { limitExceeded, sesError, invalidParameter } from './ses-error.ts';
import { requireNames, requireWellFormed } from './ses-names.ts';
import type { ReceiptAction, ReceiptRule } from './ses-types.ts';
import { listParam, stringParam, structParam, type QueryParams, type QueryValue } from './wire/query-protocol.ts';
import type { XmlValue } from './wire/xml.ts';

const MAX_ACTIONS = 10;
const MAX_RECIPIENTS = 500;
const MAX_HEADER_VALUE = 2048;
const HEADER_NAME = /^[A-Za-z0-9-]{1,50}$/;

/**
 * The rule of a create or update call. Whatever is left out has its default: a rule is off and unscanned unless it says
 * otherwise. https://docs.aws.amazon.com/ses/latest/APIReference/API_ReceiptRule.html
 */
export function readRule(params: QueryParams): ReceiptRule {
  const rule = structParam(params, 'Rule');
  requireNames({ at: 'rule.name', value: stringParam(rule, 'Name') });
  const name = requireWellFormed('ruleName', stringParam(rule, 'Name') ?? '');
  const recipients = stringList(listParam(rule, 'Recipients'));
  const actions = listParam(rule, 'Actions') ?? [];
  if (actions.length > MAX_ACTIONS) throw limitExceeded('Too many actions');
  if (recipients.length > MAX_RECIPIENTS) throw limitExceeded('Too many recipients');
  return {
    name,
    enabled: flag(rule, 'Enabled'),
    scanEnabled: flag(rule, 'ScanEnabled'),
    tlsPolicy: oneOf(stringParam(rule, 'TlsPolicy') ?? 'Optional', ['Optional', 'Require'], 'rule.tlsPolicy'),
    recipients,
    actions: actions.map(readAction),
  };
}

/** A rule as Describe returns it: no Recipients when there are none, defaults spelled out, actions in their order. */
export function describeRule(rule: ReceiptRule): { readonly [member: string]: XmlValue } {
  return {
    Name: rule.name,
    Enabled: rule.enabled,
    TlsPolicy: rule.tlsPolicy,
    ScanEnabled: rule.scanEnabled,
    Recipients: rule.recipients.length === 0 ? undefined : rule.recipients,
    Actions: rule.actions.map(({ kind, action }) => ({ [kind]: { ...action } })),
  };
}

export function stringList(values: readonly QueryValue[] | undefined): string[] {
  return (values ?? []).filter((value) => typeof value === 'string');
}

function readAction(value: QueryValue, index: number): ReceiptAction {
  const at = `rule.actions.${index + 1}.member`;
  const kinds = typeof value === 'string' ? [] : Object.keys(value);
  const [kind] = kinds;
  if (kind === undefined || kinds.length > 1) {
    throw invalidParameter(`An action must have exactly one kind, action ${index + 1} has ${kinds.length}`);
  }
  const action = structParam(value, kind);
  const need = (member: string): string => required(action, member, `${at}.${lowerFirst(kind)}.${lowerFirst(member)}`);
  const may = <Name extends string>(...members: readonly Name[]): { readonly [N in Name]?: string } =>
    optional(action, members);

  switch (kind) {
    case 'S3Action':
      return {
        kind,
        action: {
          BucketName: need('BucketName'),
          ...may('ObjectKeyPrefix', 'KmsKeyArn', 'TopicArn', 'IamRoleArn'),
        },
      };
    case 'LambdaAction': {
      const type = stringParam(action, 'InvocationType') ?? 'Event';
      const InvocationType = oneOf(type, ['Event', 'RequestResponse'], `${at}.lambdaAction.invocationType`);
      return { kind, action: { FunctionArn: need('FunctionArn'), InvocationType, ...may('TopicArn') } };
    }
    case 'BounceAction':
      return {
        kind,
        action: {
          SmtpReplyCode: need('SmtpReplyCode'),
          Message: need('Message'),
          Sender: need('Sender'),
          ...may('StatusCode', 'TopicArn'),
        },
      };
    case 'SNSAction': {
      const Encoding = oneOf(
        stringParam(action, 'Encoding') ?? 'UTF-8',
        ['UTF-8', 'Base64'],
        `${at}.sNSAction.encoding`,
      );
      return { kind, action: { TopicArn: need('TopicArn'), Encoding } };
    }
    case 'AddHeaderAction':
      return { kind, action: header(need('HeaderName'), need('HeaderValue')) };
    case 'StopAction':
      return {
        kind,
        action: { Scope: oneOf(need('Scope'), ['RuleSet'], `${at}.stopAction.scope`), ...may('TopicArn') },
      };
    case 'WorkmailAction':
      return { kind, action: { OrganizationArn: need('OrganizationArn'), ...may('TopicArn') } };
    case 'ConnectAction':
      return { kind, action: { InstanceARN: need('InstanceARN'), IAMRoleARN: need('IAMRoleARN') } };
    default:
      throw invalidParameter(`Unknown action: ${kind}`);
  }
}

function header(HeaderName: string, HeaderValue: string): { HeaderName: string; HeaderValue: string } {
  if (!HEADER_NAME.test(HeaderName)) throw invalidParameter(`Invalid header name: ${HeaderName}`);
  if (HeaderValue.length > MAX_HEADER_VALUE || /[\r\n]/.test(HeaderValue)) {
    throw invalidParameter(`Invalid header value: ${HeaderValue}`);
  }
  return { HeaderName, HeaderValue };
}

function required(action: QueryParams | undefined, member: string, at: string): string {
  const value = stringParam(action, member);
  if (value !== undefined) return value;
  throw sesError(
    'ValidationError',
    `1 validation error detected: Value null at '${at}' failed to satisfy constraint: Member must not be null`,
  );
}

function optional<Name extends string>(
  action: QueryParams | undefined,
  members: readonly Name[],
): { readonly [N in Name]?: string } {
  const found: { [N in Name]?: string } = {};
  for (const member of members) {
    const value = stringParam(action, member);
    if (value !== undefined) found[member] = value;
  }
  return found;
}

function flag(rule: QueryParams | undefined, member: string): boolean {
  return stringParam(rule, member)?.toLowerCase() === 'true';
}

function oneOf<Value extends string>(value: string, allowed: readonly Value[], at: string): Value {
  const found = allowed.find((candidate) => candidate === value);
  if (found !== undefined) return found;
  throw sesError(
    'ValidationError',
    `1 validation error detected: Value '${value}' at '${at}' failed to satisfy constraint: ` +
      `Member must satisfy enum value set: [${allowed.join(', ')}]`,
  );
}

function lowerFirst(text: string): string {
  return text.slice(0, 1).toLowerCase() + text.slice(1);
}
