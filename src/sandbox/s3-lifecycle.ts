import { AwsError } from './aws-error.ts';
import { malformedXml } from './s3-reply.ts';
import { element, elements, textAt, type XmlNode } from './wire/xml.ts';

/**
 * A lifecycle configuration, checked and kept as sent. The sandbox does not carry it out: nothing expires here.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketLifecycleConfiguration.html
 */
export function lifecycleOf(configuration: XmlNode): XmlNode {
  const rules = elements(configuration, 'Rule');
  if (rules.length === 0) throw malformedXml('at least one Rule is expected');
  if (rules.length > 1000) throw invalid('A lifecycle configuration can have up to 1000 rules.');
  const ids = rules.map((rule) => textAt(rule, 'ID')).filter((id) => id !== undefined && id !== '');
  if (new Set(ids).size !== ids.length) throw invalid('Rule ID must be unique. Found same ID for more than one rule');
  for (const rule of rules) check(rule);
  return configuration;
}

const ACTIONS = [
  'Expiration',
  'NoncurrentVersionExpiration',
  'Transition',
  'NoncurrentVersionTransition',
  'AbortIncompleteMultipartUpload',
];

function check(rule: XmlNode): void {
  if ((textAt(rule, 'ID') ?? '').length > 255) throw invalid('ID length should not exceed allowed limit of 255');
  if (!['Enabled', 'Disabled'].includes(textAt(rule, 'Status') ?? ''))
    throw malformedXml('Status is Enabled or Disabled');
  if (element(rule, 'Filter') === undefined && element(rule, 'Prefix') === undefined) {
    throw malformedXml('a rule needs a Filter');
  }
  if (!ACTIONS.some((name) => element(rule, name) !== undefined)) {
    throw new AwsError(400, 'InvalidRequest', 'At least one action needs to be specified in a rule.');
  }
  checkExpiration(rule);
}

function checkExpiration(rule: XmlNode): void {
  const days = textAt(rule, 'Expiration', 'Days');
  const marker = textAt(rule, 'Expiration', 'ExpiredObjectDeleteMarker');
  if (marker !== undefined && (days !== undefined || textAt(rule, 'Expiration', 'Date') !== undefined)) {
    throw malformedXml('ExpiredObjectDeleteMarker stands without Days and Date');
  }
  const counts = [
    days,
    textAt(rule, 'NoncurrentVersionExpiration', 'NoncurrentDays'),
    textAt(rule, 'AbortIncompleteMultipartUpload', 'DaysAfterInitiation'),
  ];
  if (counts.some((count) => count !== undefined && !/^[1-9]\d{0,8}$/.test(count))) {
    throw invalid("'Days' for Expiration action must be a positive integer");
  }
}

function invalid(message: string): AwsError {
  return new AwsError(400, 'InvalidArgument', message);
}
