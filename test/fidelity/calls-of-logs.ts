import * as logsClient from '@aws-sdk/client-cloudwatch-logs';
import { ACCOUNT, REGION } from '../sandbox/support/running-sandbox.ts';
import { callsOf } from './script.ts';

const logs = callsOf('logs', logsClient);
const logGroupName = '/fidelity/group';
const missing = { logGroupName: '/fidelity/missing' };
const resourceArn = `arn:aws:logs:${REGION}:${ACCOUNT}:log-group:${logGroupName}`;

const groups = [
  logs('CreateLogGroup', 'with a tag', { logGroupName, tags: { a: '1' } }),
  logs('CreateLogGroup', 'that is there', { logGroupName }),
  logs('DescribeLogGroups', 'by prefix', { logGroupNamePrefix: '/fidelity/' }),
  logs('DescribeLogGroups', 'of another prefix', { logGroupNamePrefix: '/other/' }),
  logs('PutRetentionPolicy', 'of a week', { logGroupName, retentionInDays: 7 }),
  logs('PutRetentionPolicy', 'of a missing group', { ...missing, retentionInDays: 7 }),
  logs('DescribeLogGroups', 'with a retention', { logGroupNamePrefix: logGroupName }),
  logs('DeleteRetentionPolicy', 'of a group', { logGroupName }),
  logs('DeleteRetentionPolicy', 'of a missing group', missing),
  logs('DescribeLogGroups', 'without a retention', { logGroupNamePrefix: logGroupName }),
];

const tags = [
  logs('TagResource', 'one more', { resourceArn, tags: { b: '2' } }),
  logs('ListTagsForResource', 'of a group', { resourceArn }),
  logs('UntagResource', 'one', { resourceArn, tagKeys: ['a'] }),
  logs('ListTagsForResource', 'as they were left', { resourceArn }),
  logs('ListTagsForResource', 'of a missing group', { resourceArn: `${resourceArn}-missing` }),
];

const reads = [
  logs('DescribeLogStreams', 'of a group without', { logGroupName }),
  logs('DescribeLogStreams', 'of a missing group', missing),
  logs('FilterLogEvents', 'of a group without', { logGroupName }),
  logs('FilterLogEvents', 'of a missing group', missing),
  logs('GetLogEvents', 'of a missing stream', { logGroupName, logStreamName: 'missing' }),
];

const end = [
  logs('DeleteLogGroup', 'that is there', { logGroupName }),
  logs('DeleteLogGroup', 'that is missing', { logGroupName }),
];

// What one of the two takes and the other refuses comes last, so that nothing later stands on it.
const refusals = [
  logs('CreateLogGroup', 'with a bad name', { logGroupName: 'no name' }),
  logs('CreateLogGroup', 'to keep for two days', { logGroupName: '/fidelity/other' }),
  logs('PutRetentionPolicy', 'of two days', { logGroupName: '/fidelity/other', retentionInDays: 2 }),
];

/** A group of logs from its creation to its end. Nobody but functions writes into one, and moto runs none here. */
export const LOGS_CALLS = [...groups, ...tags, ...reads, ...end, ...refusals];
